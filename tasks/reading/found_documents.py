"""What a source holds: its documents, each read behind the guard, or why one cannot be read."""

import hashlib
import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from nightdesk.tasks.errors import DocumentError, InputError
from nightdesk.tasks.reading.documents import Document, make_document, shown
from nightdesk.tasks.reading.encodings import decode
from nightdesk.tasks.reading.formats.content import Content, SourceRecord
from nightdesk.tasks.reading.formats.registry import FEED, FORMATS, HTML, JSONL, LISTED, PROSE, Format
from nightdesk.tasks.reading.guard import refusing_what_breaks_readers
from nightdesk.tasks.reading.http import MOST_BYTES, Fetched, fetch, public, stdin

STDIN = "-"
LONGEST_ID = 200  # characters
# Characters in all rows of a file from an address: compressed, they are next to nothing
MOST_UNPACKED = 10 * MOST_BYTES
_MEDIA = {
    "text/html": HTML, "application/xhtml+xml": HTML, "text/plain": PROSE, "application/json": LISTED,
    "application/rss+xml": FEED, "application/atom+xml": FEED, "application/xml": FEED, "text/xml": FEED,
    "application/x-ndjson": JSONL, "application/jsonl": JSONL,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """Something that was named, not yet read. doc_id: of its document; of its rows without ids, with #n after it.

    where: the path, the address, or - for stdin.
    """

    doc_id: str
    where: Path | str

    @property
    def name(self) -> str:
        """What it is called in messages and tables."""
        if isinstance(self.where, Path):
            return shown(self.where)
        return "stdin" if self.where == STDIN else public(self.where)


@dataclass(frozen=True, slots=True)
class Found:
    """A document that was found. place: of which file, and where in it. digest: tells it from others of its id."""

    doc_id: str
    place: str
    source: str
    digest: bytes
    content: Callable[[], Content]  # raises DocumentError that does not say where
    title: str | None = None

    def checked(self) -> Content:
        """Return its content; raise DocumentError, which names the place, if there is nothing to read."""
        try:
            with refusing_what_breaks_readers():
                content = self.content()
        except DocumentError as e:
            raise DocumentError(f"{self.place}: {e}") from None
        if content.empty:
            raise DocumentError(f"{self.place}: no sentence in it; leave it out or fill it")
        return content

    def document(self) -> Document:
        """Read it; raise DocumentError, which names the place, if it cannot be."""
        content = self.checked()
        try:
            with refusing_what_breaks_readers():
                return make_document(self.doc_id, self.source, content.sentences(), self.title or content.title)
        except DocumentError as e:
            raise DocumentError(f"{self.place}: {e}") from None


def distinct_documents(sources: tuple[Source, ...] | list[Source]) -> Iterator[Found]:
    """Yield the documents of all sources; one that comes again unchanged (feeds share entries) counts once.

    Raises:
        InputError: two different documents have one id.
    """
    seen: dict[str, tuple[str, bytes]] = {}
    for source in sources:
        for found in _documents_in(source):
            place, digest = seen.setdefault(found.doc_id, (found.place, found.digest))
            if digest != found.digest:
                raise InputError(
                    f"{place} and {found.place} would both be document {found.doc_id!r}; "
                    "rename one, or name the folder above both"
                )
            if place == found.place:
                yield found


def _documents_in(source: Source) -> Iterator[Found]:
    """Yield what a source holds; a source that cannot be read at all is one document that cannot."""
    try:
        if isinstance(source.where, Path):
            reader = FORMATS[source.where.suffix.lower()]
            if not reader.many:
                yield _alone(source, lambda: reader.read(decode(_bytes(source))))
                return
            with source.where.open("rb") as file:
                yield from _rows(source, reader, file)
        elif source.where == STDIN:
            yield _from_stdin(source)
        else:
            answer = fetch(source.where)
            reader = _format_of(source.where, answer)
            if reader.many:
                yield from _rows(source, reader, io.BytesIO(answer.content), answer.charset, MOST_UNPACKED)
            else:
                yield _alone(source, lambda: reader.read(decode(answer.content, answer.charset)))
    except (DocumentError, OSError) as e:
        said = e if isinstance(e, DocumentError) else DocumentError(_cannot(e))
        yield _alone(source, lambda: _raise(said))


def _bytes(source: Source) -> bytes:
    assert isinstance(source.where, Path)  # the others have their bytes
    try:
        return source.where.read_bytes()
    except OSError as e:
        raise DocumentError(_cannot(e)) from None


def _cannot(e: OSError) -> str:
    return f"cannot be read ({e.strerror}); check the file and its rights"


def _raise(e: DocumentError) -> Content:
    raise e


def _alone(source: Source, content: Callable[[], Content]) -> Found:
    digest = str(source.where).encode("utf-8", "surrogatepass")  # there is but one document of this file
    return Found(source.doc_id, source.name, source.name, digest, content)


def _from_stdin(source: Source) -> Found:
    found = _alone(source, lambda: PROSE.read(decode(stdin())))
    if source.doc_id:
        return found
    try:
        doc_id = found.document().content_hash[:12]
    except DocumentError:
        doc_id = source.name  # it will say why when it is read
    return Found(doc_id, found.place, found.source, found.digest, found.content)


def _rows(source: Source, reader: Format, file: BinaryIO, charset: str = "", most: float = math.inf) -> Iterator[Found]:
    """Yield the documents of a file of many. charset: as its server says. most: characters in all of them.

    Raises:
        DocumentError: it cannot be read, or has more than that.
    """
    size = 0
    with refusing_what_breaks_readers():  # whoever takes the rows raises its errors elsewhere
        for row in reader.read(file, charset):
            size += len(row.body)
            if size > most:
                raise DocumentError(f"more than {most:,} characters, unpacked; fetch it yourself and name the file")
            yield _of_row(source, row)


def _of_row(source: Source, row: SourceRecord) -> Found:
    place, doc_id, wrong = f"{source.name}: {row.place}", f"{source.doc_id}#{row.number}", row.wrong
    if row.doc_id is not None and wrong is None:
        own = shown(row.doc_id).strip()
        if own and own.isprintable() and len(own) <= LONGEST_ID:
            doc_id = own
        else:
            wrong = f"its id is blank, longer than {LONGEST_ID} characters or has control characters; mend it there"
    digest = hashlib.blake2b(row.body.encode("utf-8", "surrogatepass"), digest_size=8).digest()

    def content() -> Content:
        if wrong is not None:
            raise DocumentError(wrong)
        return row.reader(row.body)

    return Found(doc_id, place, row.source or source.name, digest, content, row.title)


def _format_of(url: str, answer: Fetched) -> Format:
    """Return the format of what an address gave: as its suffix says, as the server says, or as it begins."""
    suffix = Path(public(url).partition("?")[0]).suffix.lower()
    if suffix in FORMATS and FORMATS[suffix] not in (HTML, FEED):
        return FORMATS[suffix]
    head = answer.content[:1_000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<?xml", b"<rss", b"<feed", b"<rdf")) and b"<html" not in head:
        return FEED
    return HTML if head.startswith(b"<") else _MEDIA.get(answer.media, PROSE)
