"""Answers that servers gave, kept below OUT: asked again, a server may say that one still holds (304).

No answer is used without its server's word, so every request is made, and checked, as if nothing were kept. A kept
answer has an ETag or a Last-Modified of its server. What is private is not kept: no-store, and what needs a password.
The file of an address is called by a hash of it, so that a key in the address cannot be read there.

Its own few lines, because hishel's cache answers by itself as long as an answer is fresh, by-passing the checks, and
keeps addresses readable in a database that has the umask's mode.
"""

import contextlib
import hashlib
import json
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from nightdesk.tasks.reading.fetching.terms import Fetching

FOLDER = "fetched"  # below OUT
_LONGEST_HEAD = 20_000  # bytes of what stands before the text
log = logging.getLogger("nightdesk")


@dataclass(frozen=True, slots=True)
class Answer:
    """What an address gave: its text, and the media type and the charset that its server names ("" if none).

    address: that which gave it, after redirects; etag, modified: as its server says; may_keep: whether it may be kept.
    """

    content: bytes
    media: str
    charset: str
    address: str = ""
    etag: str = ""
    modified: str = ""
    may_keep: bool = False

    @property
    def conditions(self) -> dict[str, str]:
        """The headers that ask a server whether this still holds."""
        named = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in named.items() if value}


def find(terms: Fetching, address: str) -> Answer | None:
    """Return what is kept of an address, if anything is and it is not too old."""
    if (folder := _folder(terms)) is None:
        return None
    path = _path(folder, address)
    try:
        if time.time() - path.stat().st_mtime > terms.settings.kept_days * 86_400:
            return None
        with path.open("rb") as file:
            head = json.loads(file.readline(_LONGEST_HEAD))
            content = file.read()
        if hashlib.sha256(content).hexdigest() != head.pop("sha256"):
            return None
        return Answer(content, address=address, may_keep=True, **head)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def keep(terms: Fetching, answer: Answer) -> None:
    """Keep an answer, or remove what is kept of its address if it may not be; that it cannot be written is logged."""
    if (folder := _folder(terms)) is None or not terms.may_keep or not answer.address:
        return
    path = _path(folder, answer.address)
    try:
        if not answer.may_keep:
            path.unlink(missing_ok=True)
            return
        head: dict[str, Any] = {"media": answer.media, "charset": answer.charset, "etag": answer.etag}
        head |= {"modified": answer.modified, "sha256": hashlib.sha256(answer.content).hexdigest()}
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, suffix=".draft", delete=False) as draft:  # of mode 0600
            try:
                draft.write(json.dumps(head).encode() + b"\n" + answer.content)
                draft.flush()
                Path(draft.name).replace(path)
            except BaseException:
                Path(draft.name).unlink(missing_ok=True)
                raise
        _sweep(path.parent, terms.settings.kept_mb * 1e6, terms.settings.kept_days * 86_400)
    except OSError as e:
        log.warning("answers of addresses cannot be kept in %s (%s); they are asked for whole", folder, e.strerror)


def forget_all(out: Path) -> int:
    """Remove all that is kept below OUT; return how many files that were.

    Raises:
        OSError: one cannot be removed.
    """
    files = [path for path in (out / FOLDER).glob("*") if path.is_file()]
    for path in files:
        path.unlink(missing_ok=True)
    return len(files)


def _folder(terms: Fetching) -> Path | None:
    return terms.out / FOLDER if terms.out is not None and terms.settings.kept_mb else None


def _path(folder: Path, address: str) -> Path:
    return folder / hashlib.sha256(address.partition("#")[0].encode("utf-8", "surrogatepass")).hexdigest()


def _sweep(folder: Path, most_bytes: float, most_s: float) -> None:
    """Remove what was not used for too long, and then the oldest, until the rest is small enough."""
    there = []
    for path in folder.iterdir():
        with contextlib.suppress(OSError):
            there.append((path.stat().st_mtime, path.stat().st_size, path))
    size = sum(s for _, s, _ in there)
    for at, bytes_, path in sorted(there):
        if size <= most_bytes and time.time() - at <= most_s:
            return
        path.unlink(missing_ok=True)
        size -= bytes_
