"""Sources on the command line -> what they are called -> documents, read one at a time.

A source is a file, a folder, a glob, an http(s) address, or - for stdin. What a document is called: the source's own
id; else the path relative to what was named, without suffix; row n of a file of many: stem#n; stdin: the id that was
given, or the first 12 hex digits of its content hash; an address: itself.
"""

import contextlib
import hashlib
import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO

from nightdesk.tasks.errors import DocumentError, InputError
from nightdesk.tasks.reading.documents import Document, Unreadable, make_document, shown
from nightdesk.tasks.reading.encodings import decode
from nightdesk.tasks.reading.formats.content import Content, Row
from nightdesk.tasks.reading.formats.registry import FEED, FORMS, HTML, JSONL, LISTED, PROSE, Form
from nightdesk.tasks.reading.guard import refusing_what_breaks_readers
from nightdesk.tasks.reading.http import MOST_BYTES, Fetched, fetch, is_url, public, stdin

STDIN = "-"
_LONGEST_ID = 200  # characters
MOST_UNPACKED = (
    10 * MOST_BYTES
)  # characters in all rows of a file from an address: compressed, they are next to nothing
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
class Reading:
    """What a run reads: its sources, checked, and the ids of all documents in them. missing: sources that are not."""

    sources: tuple[Source, ...]
    doc_ids: frozenset[str]
    missing: tuple[str, ...] = ()

    def documents(self) -> Iterator[Document | Unreadable]:
        """Yield the documents in order, each read as it is asked for.

        Raises:
            InputError: a file has changed since it was checked, and two documents now have one id.
        """
        for found in _distinct(self.sources):
            try:
                yield found.document()
            except DocumentError as e:
                yield Unreadable(found.doc_id, found.source, str(e))


@dataclass(frozen=True, slots=True)
class _Found:
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


def check_sources(arguments: list[str], run_date: date, text_id: str = "", lenient: bool = False) -> Reading:
    """Find what a run will read, and see that at least one document of it can be read. Writes nothing.

    Files of many documents are gone through for the ids of these, others are not opened before one has been read.

    text_id: what the text on stdin is called. lenient: sources that are missing are noted, if others are there.

    Raises:
        InputError: nothing there, two documents of one name, or none readable.
    """
    missing: list[str] = []
    sources = find_sources(arguments, run_date, text_id, missing if lenient else None)
    doc_ids: set[str] = set()
    readable, unreadable, first_reason = False, 0, ""
    for found in _distinct(sources):
        doc_ids.add(found.doc_id)
        if not readable:
            try:
                found.checked()
                readable = True
            except DocumentError as e:
                unreadable += 1
                first_reason = first_reason or str(e)
    if not readable:
        raise InputError(nothing_readable(first_reason, unreadable))
    return Reading(tuple(sources), frozenset(doc_ids), tuple(missing))


def there_by(reading: Reading, arguments: list[str], run_date: date, by: datetime) -> Reading:
    """Leave out what may have come after a moment: files changed since, addresses. What names its date stays."""
    undated = [a for a in arguments if "{run_date}" not in a]
    found: list[Source] = []
    with contextlib.suppress(InputError):  # all of these are missing, which the reading says already
        found = find_sources(undated, run_date, missing=[])
    later = {s.where for s in found if not isinstance(s.where, Path) or s.where.stat().st_mtime > by.timestamp()}
    return replace(reading, sources=tuple(s for s in reading.sources if s.where not in later))


def nothing_readable(first_reason: str, unreadable: int) -> str:
    """Return the one line for a run of which not one document can be read."""
    more = f" (and {unreadable - 1} more documents that cannot be read)" if unreadable > 1 else ""
    return f"{first_reason}{more}"


def find_sources(
    arguments: list[str], run_date: date, text_id: str = "", missing: list[str] | None = None
) -> list[Source]:
    """Expand files, folders, globs and addresses, {run_date} filled in, to what they name, in a stable order.

    missing: gets a line for each argument that names nothing there, if others do; None: one such is an error.

    Raises:
        InputError: nothing there, or a form that is not read.
    """
    found: dict[Path | str, Source] = {}
    for argument in arguments:
        try:
            sources = _expand(argument.replace("{run_date}", run_date.isoformat()), text_id)
        except (OSError, ValueError) as e:  # a name that no file system takes, or no glob
            raise InputError(f"{shown(argument)[:80]}: cannot be a path or a glob ({e}); check it") from None
        except InputError as e:
            if missing is None:
                raise
            missing.append(str(e))
            continue
        for source in sources:
            found.setdefault(source.where.resolve() if isinstance(source.where, Path) else source.where, source)
    if not found:
        raise InputError(
            missing[0] if missing else "no source was named; name files, folders, globs or addresses, or - for stdin"
        )
    return list(found.values())


def _expand(argument: str, text_id: str) -> list[Source]:
    if not argument.strip():
        raise InputError("an empty source was named; name files, folders, globs or addresses, or - for stdin")
    if argument == STDIN:
        return [Source(text_id, STDIN)]
    if is_url(argument):
        return [Source(public(argument), argument)]
    path = Path(argument)
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if _is_document(p, path))
        if not files:
            raise InputError(f"{shown(argument)}: no document in this folder; {_forms()}")
        return [Source(_named(p.relative_to(path)), p) for p in files]
    if path.exists():
        if not path.is_file():  # a pipe or a device: it may never end, and is read more than once
            raise InputError(f"{shown(argument)}: no regular file; name a file, or - for stdin")
        if path.suffix.lower() not in FORMS:
            raise InputError(f"{shown(argument)}: this form is not read; {_forms()}")
        return [Source(shown(path.stem), path)]
    if any(c in argument for c in "*?["):
        anchor = Path(path.anchor) if path.anchor else Path()
        fixed = _fixed_folder(path)
        files = sorted(p for p in anchor.glob(str(path.relative_to(path.anchor))) if _is_document(p, fixed))
        if not files:
            raise InputError(f"{shown(argument)}: no document matches; {_forms()}")
        return [Source(_named(p.relative_to(fixed)), p) for p in files]
    raise InputError(f"{shown(argument)}: no such file or folder; check the path")


def _named(path: Path) -> str:
    return shown(path.with_suffix("").as_posix())


def _forms() -> str:
    return f"nightdesk reads {' '.join(FORMS)}"


def _is_document(path: Path, below: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(below).parts)
    return path.suffix.lower() in FORMS and not hidden and path.is_file()


def _fixed_folder(pattern: Path) -> Path:
    """Return the part of a glob before its first wildcard, to which doc_ids are relative."""
    fixed = []
    for part in pattern.parts[:-1]:
        if any(c in part for c in "*?["):
            break
        fixed.append(part)
    return Path(*fixed)


def _distinct(sources: tuple[Source, ...] | list[Source]) -> Iterator[_Found]:
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


def _documents_in(source: Source) -> Iterator[_Found]:
    """Yield what a source holds; a source that cannot be read at all is one document that cannot."""
    try:
        if isinstance(source.where, Path):
            form = FORMS[source.where.suffix.lower()]
            if not form.many:
                yield _alone(source, lambda: form.read(decode(_bytes(source))))
                return
            with source.where.open("rb") as file:
                yield from _rows(source, form, file)
        elif source.where == STDIN:
            yield _from_stdin(source)
        else:
            answer = fetch(source.where)
            form = _form_of(source.where, answer)
            if form.many:
                yield from _rows(source, form, io.BytesIO(answer.content), MOST_UNPACKED)
            else:
                yield _alone(source, lambda: form.read(decode(answer.content)))
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


def _alone(source: Source, content: Callable[[], Content]) -> _Found:
    digest = str(source.where).encode("utf-8", "surrogatepass")  # there is but one document of this file
    return _Found(source.doc_id, source.name, source.name, digest, content)


def _from_stdin(source: Source) -> _Found:
    found = _alone(source, lambda: PROSE.read(decode(stdin())))
    if source.doc_id:
        return found
    try:
        doc_id = found.document().content_hash[:12]
    except DocumentError:
        doc_id = source.name  # it will say why when it is read
    return _Found(doc_id, found.place, found.source, found.digest, found.content)


def _rows(source: Source, form: Form, file: BinaryIO, most: float = math.inf) -> Iterator[_Found]:
    """Yield the documents of a file of many; most: characters in all of them.

    Raises:
        DocumentError: it cannot be read, or has more than that.
    """
    size = 0
    with refusing_what_breaks_readers():  # whoever takes the rows raises its errors elsewhere
        for row in form.read(file):
            size += len(row.body)
            if size > most:
                raise DocumentError(f"more than {most:,} characters, unpacked; fetch it yourself and name the file")
            yield _of_row(source, row)


def _of_row(source: Source, row: Row) -> _Found:
    place, doc_id, wrong = f"{source.name}: {row.place}", f"{source.doc_id}#{row.number}", row.wrong
    if row.doc_id is not None and wrong is None:
        own = shown(row.doc_id).strip()
        if own and own.isprintable() and len(own) <= _LONGEST_ID:
            doc_id = own
        else:
            wrong = f"its id is blank, longer than {_LONGEST_ID} characters or has control characters; mend it there"
    digest = hashlib.blake2b(row.body.encode("utf-8", "surrogatepass"), digest_size=8).digest()

    def content() -> Content:
        if wrong is not None:
            raise DocumentError(wrong)
        return row.form(row.body)

    return _Found(doc_id, place, row.source or source.name, digest, content, row.title)


def _form_of(url: str, answer: Fetched) -> Form:
    """Return the form of what an address gave: as its suffix says, as the server says, or as it begins."""
    suffix = Path(public(url).partition("?")[0]).suffix.lower()
    if suffix in FORMS and FORMS[suffix] not in (HTML, FEED):
        return FORMS[suffix]
    head = answer.content[:1_000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<?xml", b"<rss", b"<feed", b"<rdf")) and b"<html" not in head:
        return FEED
    return HTML if head.startswith(b"<") else _MEDIA.get(answer.media, PROSE)
