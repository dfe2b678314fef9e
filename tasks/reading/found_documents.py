"""What a source holds: its documents, and what each is called."""

import hashlib
import logging
import math
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

from nightdesk.tasks.errors import DocumentError, InputError
from nightdesk.tasks.reading.documents import Document, shown
from nightdesk.tasks.reading.fetching.addresses import is_url, public
from nightdesk.tasks.reading.fetching.feed_entries import first_entries
from nightdesk.tasks.reading.fetching.fetch import fetch
from nightdesk.tasks.reading.fetching.terms import Fetching
from nightdesk.tasks.reading.formats import registry
from nightdesk.tasks.reading.formats.content import SourceRecord
from nightdesk.tasks.reading.formats.metadata import shortened
from nightdesk.tasks.reading.formats.packed import beginning, is_packed
from nightdesk.tasks.reading.isolation import processes
from nightdesk.tasks.reading.isolation.jobs import Bytes, Job, Result
from nightdesk.tasks.reading.isolation.kept_records import Records
from nightdesk.tasks.safety.links import leads_out

STDIN = "-"
# Characters in all rows of a file from an address: compressed, they are next to nothing
MOST_UNPACKED = 200_000_000
_TAIL = 4_096  # bytes of its end that are looked at
log = logging.getLogger("nightdesk.readers")


@dataclass(frozen=True, slots=True)
class Source:
    """Something that was named, not yet read. doc_id: of its document; of its rows without ids, with #n after it.

    where: the path, the address, or - for stdin. within: the folder that was named, if it was not the file itself.
    """

    doc_id: str
    where: Path | str
    within: Path | None = None

    @property
    def name(self) -> str:
        """What it is called in messages and tables."""
        if isinstance(self.where, Path):
            return shown(self.where)
        return "stdin" if self.where == STDIN else public(self.where)


@dataclass(frozen=True, slots=True)
class Found:
    """A document that was found. origin: the source in which; digest: tells it from others of its id.

    letters: of its text, if it is an entry of a feed, else None. wrong: why nothing of its source can be read.
    """

    job: Job
    origin: Source
    digest: bytes
    letters: int | None = None
    wrong: DocumentError | None = None

    @property
    def doc_id(self) -> str:
        """What the document is called."""
        return self.job.doc_id

    def check(self, cpu_s: float) -> None:
        """See that it can be read.

        Raises:
            DocumentError: it cannot be; names the place.
        """
        ((_, result),) = parsed([replace(self, job=replace(self.job, only_seen=True))], cpu_s)
        if isinstance(result, DocumentError):
            raise result


class _Seen(NamedTuple):
    """What tells a document from others of its id; not its text, so that what was read does not stay in memory."""

    place: str
    digest: bytes
    letters: int | None
    wrong: DocumentError | None


Longest = Mapping[str, tuple[Source, int]]
"""doc_id of an entry that several feeds have -> the feed in which its text is longest, and its letters."""


def parsed(found: Iterable[Found], cpu_s: float) -> Iterator[tuple[Found, Result]]:
    """Read documents, and yield each with what came of it. cpu_s: seconds of CPU that one may take."""
    waiting: list[Found] = []  # handed to the parsers, and not yet back

    def jobs() -> Iterator[Job]:
        for one in found:
            waiting.append(one)
            if one.wrong is None:
                yield one.job

    for job, result in processes.documents(jobs(), cpu_s):
        while waiting[0].wrong is not None or waiting[0].job is not job:
            yield _refused(waiting.pop(0))
        yield waiting.pop(0), result
    for one in waiting:
        yield _refused(one)


def _refused(found: Found) -> tuple[Found, DocumentError]:
    assert found.wrong is not None
    return found, DocumentError(f"{found.job.place}: {found.wrong}")


def distinct_documents(
    sources: Iterable[Source],
    cpu_s: float = processes.CPU_S,
    longest: Longest | None = None,
    warn: Callable[..., None] = log.debug,
    terms: Fetching | None = None,
    records: Records = processes.records,
) -> Iterator[Found]:
    """Yield the documents of all sources, each id once.

    Of the entries of one feed that share an id the second is called id#2. Of an entry that several feeds have, the one
    is yielded that `longest` names, or the first; without `longest`, each that is longer than those before. A record
    that comes again unchanged counts once. terms: how addresses are fetched; None: as by a profile without [fetch].
    records: how the records of a file of many are come by.

    Raises:
        InputError: two different documents have one id.
    """
    seen: dict[str, _Seen] = {}
    there = list(sources)
    terms = terms or Fetching()
    for source in there:
        for one in _apart(_documents_in(source, cpu_s, terms, records), warn):
            # What cannot be read is no document, and its name is not to stop others.
            found = _renamed(one, 2) if one.wrong is not None and one.doc_id in seen else one
            if _is_elsewhere(found, longest, there):
                log.info("%s: %r is in another feed, too, with more of its text", found.job.place, found.doc_id)
                continue
            before, now = seen.get(found.doc_id), _Seen(found.job.place, found.digest, found.letters, found.wrong)
            is_new = before is None
            if before is not None:
                is_broken = before.wrong is not None
                if not is_broken and (found.letters is None or before.letters is None):
                    if found.digest != before.digest:
                        raise InputError(
                            f"{before.place} and {found.job.place} would both be document {found.doc_id!r}; "
                            "rename one, or name the folder above both"
                        )
                else:
                    is_new = is_broken or (longest is None and (found.letters or 0) > (before.letters or 0))
            if is_new:
                seen[found.doc_id] = now
                yield found


def _apart(found: Iterable[Found], warn: Callable[..., None]) -> Iterator[Found]:
    """Give each entry of a feed an id of its own; one that stands in it twice counts once."""
    used: set[str] = set()
    entries: set[tuple[str, bytes]] = set()
    for one in found:
        if one.letters is None:
            yield one
        elif (one.doc_id, one.digest) not in entries:
            entries.add((one.doc_id, one.digest))
            number, named = 1, one
            while named.doc_id in used:
                number += 1
                named = _renamed(one, number)
            used.add(named.doc_id)
            if number > 1:
                said = "%s: its id %r is that of another entry, too; it is read as %r"
                warn(said, one.job.place, one.doc_id, named.doc_id)
            yield named


def _is_elsewhere(found: Found, longest: Longest | None, there: list[Source]) -> bool:
    """Tell whether another feed that is there has more of the text of an entry."""
    if longest is None or found.letters is None or found.doc_id not in longest:
        return False
    source, _ = longest[found.doc_id]
    return source != found.origin and source in there


def _renamed(found: Found, number: int) -> Found:
    return replace(found, job=replace(found.job, doc_id=f"{found.doc_id}#{number}"))


def _documents_in(source: Source, cpu_s: float, terms: Fetching, records: Records) -> Iterator[Found]:
    """Yield what a source holds; a source that cannot be read at all is one document that cannot."""
    try:
        what = _bytes_of(source, terms)
        if not what.format_.many:
            yield _alone(source, what, cpu_s)
            return
        is_feed = what.format_ in (registry.FEED, registry.JSON_FEED)
        most = terms.settings.entries if is_feed and is_url(str(source.where)) else None
        for record in _records(what, cpu_s, most, records):
            yield _of_record(source, record, is_feed)
    except DocumentError as e:
        nothing = Job(source.doc_id, source.name, source.name, SourceRecord(0, ""))
        yield Found(nothing, source, b"", wrong=e)


def _records(what: Bytes, cpu_s: float, most: int | None, records: Records) -> Iterator[SourceRecord]:
    """Yield the records of a file of many; of a feed no more than `most`.

    Raises:
        DocumentError: it cannot be read, from some record on, or there are more.
    """
    is_cut = False
    if most is not None and isinstance(what.where, bytes) and what.format_ is registry.FEED:
        first = first_entries(what.where, most)
        is_cut = len(first) < len(what.where)
        what = replace(what, where=first)
    count = 0
    for record in records(what, cpu_s):
        if count == most:
            is_cut = True
            break
        count += 1
        yield record
    if is_cut:
        raise DocumentError(
            f"more than {count:,} entries: so many were read, and the rest is left out; raise [fetch] entries in the "
            "profile"
        )


def _bytes_of(source: Source, terms: Fetching) -> Bytes:
    """Return where a source's bytes are and what they are, as far as their beginning tells.

    Raises:
        DocumentError: there are none.
    """
    if isinstance(source.where, Path):
        if source.within is not None and leads_out(source.within, source.where):  # hours after it was found, maybe
            raise DocumentError(f"it has become a link that leads out of {shown(source.within)}, which is not followed")
        try:
            with source.where.open("rb") as file:
                head = file.read(registry.SEEN)
                size = file.seek(0, 2)
                file.seek(max(0, size - _TAIL))
                tail = file.read()
        except OSError as e:
            raise DocumentError(f"cannot be read ({e.strerror or e}); check the file and its rights") from None
        packed = is_packed(head)
        if packed:
            head, tail = beginning(head, registry.SEEN), b""
        return Bytes(registry.of_file(source.where.name, head, tail), source.where, size=size, packed=packed)
    if source.where == STDIN:
        raw = stdin()
        return Bytes(registry.REFUSED if registry.no_text(raw) else registry.PROSE, raw, size=len(raw))
    answer = fetch(source.where, terms)
    head, tail = answer.content[: registry.SEEN], answer.content[-_TAIL:]
    packed = is_packed(head)
    if packed:
        head, tail = beginning(head, registry.SEEN), b""
    path = public(source.where).partition("?")[0]
    format_ = registry.of_answer(path.rpartition("/")[2], head, tail, answer.media)
    most = MOST_UNPACKED if format_.many else math.inf
    return Bytes(format_, answer.content, answer.charset, most, len(answer.content), packed)


def _alone(source: Source, what: Bytes, cpu_s: float) -> Found:
    digest = str(source.where).encode("utf-8", "surrogatepass")  # there is but one document of this file
    job = Job(source.doc_id, source.name, source.name, what)
    if not source.doc_id:  # stdin's, which is called by its content
        ((_, result),) = processes.documents([job], cpu_s)
        # What cannot be read will say why when it is read.
        job = replace(job, doc_id=result.content_hash[:12] if isinstance(result, Document) else source.name)
    return Found(job, source, digest)


def _of_record(source: Source, record: SourceRecord, is_feed: bool) -> Found:
    place, doc_id = f"{source.name}: {record.place}", f"{source.doc_id}#{record.number}"
    own = shown(record.doc_id or "").strip()
    if own and own.isprintable():
        doc_id = shortened(own)
    said = f"{record.title or ''}\n{record.body}" if is_feed else record.body
    digest = hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    job = Job(doc_id, record.source or source.name, place, record, record.title)
    return Found(job, source, digest, record.letters if is_feed else None)


@cache
def stdin() -> bytes:
    """Return what stands on stdin, which can be read but once in a process."""
    return sys.stdin.buffer.read()
