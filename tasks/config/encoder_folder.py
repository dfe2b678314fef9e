"""A folder that holds a sentence encoder: whether it can be loaded, and what tells it from another; a light import."""

from functools import cache
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path

PROBE = 65_536  # bytes of each end of a file by which two models are told apart, besides their sizes


def problem(path: str) -> str:
    """Return why no model can be loaded from a folder, or "" if one can."""
    if not path:
        return 'kind = "sentence-transformers" needs path = "FOLDER", where the model lies'
    if not (Path(path) / "modules.json").is_file():
        return f"{path}: no sentence-transformers model is there (no modules.json); nothing is downloaded"
    if find_spec("sentence_transformers") is None:
        return "kind = \"sentence-transformers\" needs an extra: pip install 'nightdesk[local]'"
    return ""


@cache
def fingerprint(path: str) -> str:
    """Return what tells two models apart that may lie in one folder, one after the other."""
    found = blake2b(digest_size=8)
    for file in sorted(p for p in Path(path).rglob("*") if p.is_file()):
        found.update(f"{file.relative_to(path)}\0{file.stat().st_size}\0".encode())
        with file.open("rb") as opened:
            found.update(opened.read(PROBE))
            opened.seek(max(file.stat().st_size - PROBE, 0))
            found.update(opened.read(PROBE))
    return found.hexdigest()
