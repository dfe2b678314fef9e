"""Sources on the command line -> what they are called -> documents, read one at a time.

A source is a file, a folder, a glob, an http(s) address, or - for stdin. What a document is called: the source's own
id; else the path relative to what was named, without suffix; row n of a file of many: stem#n; stdin: the id that was
given, or the first 12 hex digits of its content hash; an address: itself.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path

from nightdesk.tasks.errors import DocumentError, InputError
from nightdesk.tasks.reading.documents import Document, Unreadable, shown
from nightdesk.tasks.reading.fetching.addresses import is_url, public
from nightdesk.tasks.reading.fetching.terms import Fetching
from nightdesk.tasks.reading.formats.metadata import shortened
from nightdesk.tasks.reading.formats.registry import is_read
from nightdesk.tasks.reading.found_documents import STDIN, Longest, Source, distinct_documents, log, parsed
from nightdesk.tasks.reading.isolation import processes
from nightdesk.tasks.reading.isolation.kept_records import KeptRecords
from nightdesk.tasks.reading.source_files import formats, in_folder, named, of_glob


@dataclass(frozen=True, slots=True)
class Reading:
    """What a run reads: its sources, checked, and the ids of all documents in them. missing: sources that are not.

    leads_out: a line for each folder with links that lead out of it, which are not followed.
    longest: of entries that several feeds have, which feed has most of it. cpu_s: seconds of CPU a document may take.
    fetching: how addresses are fetched. kept: records that the check has parsed already.
    """

    sources: tuple[Source, ...]
    doc_ids: frozenset[str]
    missing: tuple[str, ...] = ()
    leads_out: tuple[str, ...] = ()
    longest: Longest = field(default_factory=dict)
    cpu_s: float = processes.CPU_S
    fetching: Fetching = field(default_factory=Fetching)
    kept: KeptRecords = field(default_factory=KeptRecords, repr=False, compare=False)

    def documents(self) -> Iterator[Document | Unreadable]:
        """Yield the documents in order, some of them read ahead.

        Raises:
            InputError: a file has changed since it was checked, and two documents now have one id.
        """
        for line in self.leads_out:
            log.warning("%s", line)
        longest, records = self.longest, self.kept.taking
        all_found = distinct_documents(self.sources, self.cpu_s, longest, log.warning, self.fetching, records)
        for found, result in parsed(all_found, self.cpu_s):
            if isinstance(result, Document):
                yield result
            else:
                yield Unreadable(found.doc_id, found.job.source, str(result))


def check_sources(
    arguments: list[str],
    run_date: date,
    text_id: str = "",
    lenient: bool = False,
    cpu_s: float = processes.CPU_S,
    fetching: Fetching | None = None,
    fail_on_missing: bool = False,
    left_out: Callable[[Path | str], bool] | None = None,
) -> Reading:
    """Find what a run will read, and see that at least one document of it can be read. Writes nothing.

    Files of many documents are gone through for the ids of these; of others only the beginning is looked at, until one
    has been read.

    text_id: what the text on stdin is called. lenient: sources that are missing are noted, if others are there. cpu_s:
    seconds of CPU that a document may take. fetching: how addresses are fetched. fail_on_missing: a source that is
    missing, or of which nothing can be read, is an error. left_out: tells of a file or an address that it is not to be
    read; if that is so of all of them, there is nothing to read, and that is no error.

    Raises:
        InputError: nothing there, two documents of one name, none readable, or a source is missing that must not be.
    """
    terms, kept = fetching or Fetching(), KeptRecords()
    missing: list[str] = []
    leads_out: list[str] = []
    sources = find_sources(arguments, run_date, text_id, missing if lenient else None, leads_out)
    if left_out is not None:
        sources = [source for source in sources if not left_out(source.where)]
    ids: set[str] = set()
    longest: dict[str, tuple[Source, int]] = {}
    readable, unreadable, first_reason = False, 0, ""
    dead: dict[Source, str] = {}  # sources of which nothing could be read yet, and why
    alive: set[Source] = set()
    for found in distinct_documents(sources, cpu_s, terms=terms.looking(), records=kept.keeping):
        if found.wrong is None:
            alive.add(found.origin)
        else:
            dead[found.origin] = f"{found.job.place}: {found.wrong}"
        if found.doc_id in ids and found.letters is not None:  # of several of one id, the one that says most comes last
            longest[found.doc_id] = (found.origin, found.letters)
        ids.add(found.doc_id)
        if not readable:
            try:
                found.check(cpu_s)
                readable = True
            except DocumentError as e:
                unreadable += 1
                first_reason = first_reason or str(e)
    if sources and not readable:
        raise InputError(nothing_readable(first_reason, unreadable))
    gone = [*missing, *(why for source, why in dead.items() if source not in alive)]
    if fail_on_missing and gone:
        raise InputError(_missing(gone, len(sources) + len(missing)))
    there = tuple(sources), frozenset(ids), tuple(missing), tuple(leads_out)
    return Reading(*there, longest, cpu_s, terms, kept)


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


def _missing(gone: list[str], of: int) -> str:
    """Return the one line for a run that was to fail if a source is missing."""
    some = "; ".join(gone[:3]) + (f"; and {len(gone) - 3} more" if len(gone) > 3 else "")
    return (
        f"{len(gone)} of {of} sources missing: {some} (the run was to fail in that case: --fail-on-missing, or "
        "fail_on_missing of the flow)"
    )


def find_sources(
    arguments: list[str],
    run_date: date,
    text_id: str = "",
    missing: list[str] | None = None,
    leads_out: list[str] | None = None,
) -> list[Source]:
    """Expand files, folders, globs and addresses, {run_date} filled in, to what they name, in a stable order.

    missing: gets a line for each argument that names nothing there, if others do; None: one such is an error.
    leads_out: gets a line for each folder with links that lead out of it.

    Raises:
        InputError: nothing there, or a format that is not read.
    """
    found: dict[Path | str, Source] = {}
    out = leads_out if leads_out is not None else []
    for argument in arguments:
        try:
            sources = _expand(argument.replace("{run_date}", run_date.isoformat()), text_id, out)
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


def _expand(argument: str, text_id: str, leads_out: list[str]) -> list[Source]:
    if not argument.strip():
        raise InputError("an empty source was named; name files, folders, globs or addresses, or - for stdin")
    if argument == STDIN:
        return [Source(shortened(text_id), STDIN)]
    if is_url(argument):
        return [Source(shortened(public(argument)), argument)]
    path = Path(argument)
    if path.is_dir():
        return [Source(*found) for found in in_folder(path, leads_out)]
    if path.exists():
        if not path.is_file():  # a pipe or a device: it may never end, and is read more than once
            raise InputError(f"{shown(argument)}: no regular file; name a file, or - for stdin")
        if not is_read(path.name):
            raise InputError(f"{shown(argument)}: this format is not read; {formats()}")
        return [Source(named(Path(path.name)), path)]
    if any(c in argument for c in "*?["):
        return [Source(*found) for found in of_glob(argument, leads_out)]
    raise InputError(f"{shown(argument)}: no such file or folder; check the path")
