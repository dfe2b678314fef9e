"""What a process that parses does: it answers its stdin's questions on its stdout, within its limits."""

import os
import pickle
import resource
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from typing import IO, Any

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.formats.content import SourceRecord
from nightdesk.tasks.reading.formats.html import read_fragment
from nightdesk.tasks.reading.isolation.jobs import Bytes, Job, attempted, rows, seconds
from nightdesk.tasks.reading.language import detect_language
from nightdesk.tasks.reading.sentences import split_prose

MOST_MEMORY, _TIMES_ITS_SIZE = 2 * 2**30, 24  # bytes of addresses, and so many times a document's size
_IDLE_S = 60.0  # after so many seconds without a question it ends
_ROWS, _CHARACTERS_OF_ROWS = 256, 1_000_000  # rows handed back together
_LIBRARIES = {
    "feed": "feedparser", "html": "trafilatura", "markdown": "markdown_it", "parquet": "pyarrow.parquet",
    "ttml": "lxml.etree",
}  # fmt: skip
_SAMPLE = "It rains in the harbour, and the ferries that sail to the islands stay where they are until tomorrow."


def serve() -> None:
    """Parse what stdin asks for until it ends, or nothing is asked for a while: the process that parses."""
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    _limit_memory(0)
    seen: set[tuple[str, bool]] = set()
    while select.select([questions], [], [], _IDLE_S)[0]:
        try:
            kind, what, cpu_s = pickle.load(questions)
        except EOFError:
            return
        if kind == "documents":
            results = []
            for job in what:
                _arm(cpu_s, job, seen)
                results.append(attempted(job))
            _disarm()
            _answer(answers, results)
        else:
            for some in _some_rows(what, cpu_s, seen):
                _answer(answers, some)
                if not some[1] and pickle.load(questions) != "more":
                    return


def _some_rows(
    what: Bytes, cpu_s: float, seen: set[tuple[str, bool]]
) -> Iterator[tuple[list[SourceRecord], bool, DocumentError | None]]:
    """Yield (some records, whether these are the last, why no more can be read)."""
    some: list[SourceRecord] = []
    size = 0
    _arm(cpu_s, what, seen)
    try:
        for record in rows(what):
            some.append(record)
            size += len(record.body)
            if len(some) >= _ROWS or size >= _CHARACTERS_OF_ROWS:
                _disarm()
                yield some, False, None
                some, size = [], 0
                _arm(cpu_s, what, seen)
    except DocumentError as e:
        yield some, True, e
    else:
        yield some, True, None
    finally:
        _disarm()


def _answer(answers: IO[bytes], message: Any) -> None:
    pickle.dump(message, answers, protocol=5)
    answers.flush()


def _arm(cpu_s: float, what: Job | Bytes, seen: set[tuple[str, bool]]) -> None:
    """Have this process end itself if what comes next takes more CPU time than it may."""
    bytes_ = what.what if isinstance(what, Job) else what
    kind = bytes_.format_.module if isinstance(bytes_, Bytes) else "html" if bytes_.is_html else "prose"
    cut = isinstance(what, Job) and not what.only_seen
    if (kind, cut) not in seen:
        _warm(kind, cut)
        seen.add((kind, cut))
    _limit_memory(what.length)
    signal.setitimer(signal.ITIMER_PROF, seconds(cpu_s, what.length))


def _warm(kind: str, cut: bool) -> None:
    """Load what a form needs: that is not the fault of the first document of it. cut: to sentences in a language."""
    _disarm()
    if kind in _LIBRARIES:
        import_module(_LIBRARIES[kind])
    if kind == "html":
        read_fragment(f"<p>{_SAMPLE}</p>")
    if cut:
        detect_language([_SAMPLE])
    if cut and kind != "json_pairs":
        split_prose(_SAMPLE)


def _disarm() -> None:
    signal.setitimer(signal.ITIMER_PROF, 0)


def _limit_memory(size: int) -> None:
    most = MOST_MEMORY + _TIMES_ITS_SIZE * size
    with suppress(ValueError, OSError):  # a system without the limit, or with a lower one of its own
        resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))
