"""The search for what is left of a forgotten document, in every file below OUT."""

import html
import json
import mmap
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from markupsafe import escape

from nightdesk.tasks.tables import parts

SHORTEST = 12  # characters: a shorter sentence ("Yes.") stands in other texts as well
_LEDGER = "calls"  # a table that keeps the ids of forgotten documents, and no text


def left_of(out: Path, doc_id: str, texts: Collection[str]) -> list[tuple[Path, str]]:
    """Return the files below OUT that hold a document still, and why that is said of them.

    texts: its sentences, as far as they are known. One that another document has as well is no proof.
    """
    needles = {t: _spellings(t) for t in texts if len(t) >= SHORTEST}

    @cache
    def others() -> str:
        tables = [parts.read(out, "passages", parts.dates(out, "passages"), ["text"])["text"]]
        tables.append(parts.read(out, "topics", parts.dates(out, "topics"), ["title"])["title"])
        return "\n".join(t or "" for column in tables for t in column.to_pylist())

    found = []
    for path in sorted(p for p in out.rglob("*") if p.is_file() and not p.is_symlink()):
        try:
            why = _rows_left(path, doc_id) if _is_parquet(path) else ""
            if not why and (hits := [t for t in _texts_in(path, needles) if t not in others()]):
                why = f"{len(hits)} of its sentences"
        except (OSError, pa.ArrowException) as e:
            if not path.exists():
                continue  # moved or removed meanwhile
            why = f"it cannot be read ({' '.join(str(e).split())}), so this is not known; restore or remove it"
        if why:
            found.append((path, why))
    return found


def _rows_left(path: Path, doc_id: str) -> str:
    file = pq.ParquetFile(path)
    if "doc_id" not in file.schema_arrow.names or path.parent.parent.name == _LEDGER:
        return ""
    if path.name.startswith(f"{_LEDGER}-") and "call_id" in file.schema_arrow.names:
        return ""  # staged
    rows = pc.sum(pc.equal(file.read(columns=["doc_id"])["doc_id"], pa.scalar(doc_id))).as_py()
    return f"{rows} of its rows" if rows else ""


def _is_parquet(path: Path) -> bool:
    if path.suffix == ".parquet":
        return True
    with path.open("rb") as f:
        return f.read(4) == b"PAR1"


def _texts_in(path: Path, needles: dict[str, list[bytes]]) -> Iterator[str]:
    if path.suffix == ".parquet" or not path.stat().st_size:
        return  # its text is compressed, and its rows were looked at
    with path.open("rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for text, spellings in needles.items():
            if any(data.find(s) >= 0 for s in spellings):
                yield text


def _spellings(text: str) -> list[bytes]:
    """Return how a sentence may stand in a file: as it is, in HTML, in JSON with and without escapes."""
    ways = (
        text,
        str(escape(text)),
        html.escape(text),
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
    )
    return [w.encode("utf-8", "surrogatepass") for w in dict.fromkeys(ways)]
