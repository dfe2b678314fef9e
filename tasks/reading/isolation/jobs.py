"""What is done with a document's bytes by whoever parses it: a process of its own (serving), or this one."""

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.documents import Document, make_document
from nightdesk.tasks.reading.encodings import decode
from nightdesk.tasks.reading.formats import refused
from nightdesk.tasks.reading.formats.content import Content, SourceRecord, prose
from nightdesk.tasks.reading.formats.packed import unpacked
from nightdesk.tasks.reading.formats.registry import REFUSED, Format
from nightdesk.tasks.reading.guard import refusing_what_breaks_readers

_PACKS_TO = 10  # characters in a byte of a packed text


@dataclass(frozen=True, slots=True)
class Bytes:
    """Where the bytes of a document or of a file of many are: a file, or what an address or stdin gave.

    charset: as a server says. most: characters that the rows of a file may have in all. size: bytes, 0 of a file that
    is not there; packed: whether they are packed.
    """

    format_: Format
    where: Path | bytes
    charset: str = ""
    most: float = math.inf
    size: int = 0
    packed: bool = False

    @property
    def length(self) -> int:
        """About how many characters it has."""
        return self.size * (_PACKS_TO if self.packed else 1)


@dataclass(frozen=True, slots=True)
class Job:
    """A document to parse: bytes, or a record whose text is there already. place: where it stands, for messages.

    only_seen: no document is made of it; it is only seen whether one can be.
    """

    doc_id: str
    source: str
    place: str
    what: Bytes | SourceRecord
    title: str | None = None
    only_seen: bool = False

    @property
    def length(self) -> int:
        """About how many characters it has."""
        return self.what.length if isinstance(self.what, Bytes) else len(self.what.body)


def checked(job: Job) -> Content:
    """Return a document's content.

    Raises:
        DocumentError: it cannot be read, or has no sentence; names the place.
    """
    with _at(job.place), refusing_what_breaks_readers():
        content = _content(job.what)
        if content.empty:
            raise DocumentError("no sentence in it; leave it out or fill it")
        return content


Result = Document | DocumentError | None
"""What comes of a job: a document, why there is none, or None if it was only seen that there can be one."""


def parsed(job: Job) -> tuple[Document | None, str]:
    """Return a document, and what was odd in it ("" if nothing).

    Raises:
        DocumentError: it cannot be read; names the place.
    """
    content = checked(job)
    if job.only_seen:
        return None, ""
    with _at(job.place), refusing_what_breaks_readers():
        document = make_document(job.doc_id, job.source, content.sentences(), job.title or content.title)
    return document, f"{job.place}: {content.note}" if content.note else ""


def attempted(job: Job) -> tuple[Result, str]:
    """Return a document and what was odd in it, or why it cannot be read."""
    try:
        return parsed(job)
    except DocumentError as e:
        return e, ""


def seconds(cpu_s: float, length: int) -> float:
    """Return how many seconds of CPU so many characters may take: an honest document is slow only by its length."""
    return cpu_s * (1 + length / 1e6)


def rows(what: Bytes) -> Iterator[SourceRecord]:
    """Yield the records of a file of many.

    Raises:
        DocumentError: it cannot be read, or has more than it may.
    """
    size = 0
    with refusing_what_breaks_readers(), _opened(what) as file:
        for row in what.format_.read(file, what.charset):
            size += len(row.body)
            if size > what.most:
                raise DocumentError(
                    f"more than {what.most:,.0f} characters, unpacked; fetch it yourself and name the file"
                )
            yield row


def _content(what: Bytes | SourceRecord) -> Content:
    if isinstance(what, SourceRecord):
        if what.wrong is not None:
            raise DocumentError(what.wrong)
        content = _of_record(what)
        return prose(what.title) if content.empty and what.headline_counts and what.title else content
    with _opened(what) as file:
        raw = file.read()
    if what.format_ == REFUSED:
        return refused.read_bytes(raw)
    content = what.format_.read(decode(raw, what.charset))
    assert isinstance(content, Content)
    return content


def _of_record(record: SourceRecord) -> Content:
    if not record.is_html:
        return prose(record.body)
    from nightdesk.tasks.reading.formats.html import read_fragment

    return read_fragment(record.body)


@contextmanager
def _opened(what: Bytes) -> Iterator[BinaryIO]:
    """Open a file of what is in the bytes, unpacked."""
    if isinstance(what.where, bytes):
        with io.BytesIO(what.where) as file:
            yield _plain(file, what)
    else:
        with what.where.open("rb") as opened:
            yield _plain(opened, what)


def _plain(file: BinaryIO, what: Bytes) -> BinaryIO:
    if not what.packed:
        return file
    plain = unpacked(file, what.size)
    if what.format_.module == "parquet":  # which is read from its end
        return io.BytesIO(plain.read())
    return plain


@contextmanager
def _at(place: str) -> Iterator[None]:
    """Put the place before what is said to be wrong."""
    try:
        yield
    except DocumentError as e:
        error = DocumentError(f"{place}: {e}")
        error.__dict__.update(e.__dict__)
        raise error from None
