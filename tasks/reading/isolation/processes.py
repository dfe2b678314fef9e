"""Documents are parsed in processes of their own, so that a document that ends its parser ends nothing else.

A process is started when the first document is to be parsed, and used for all that follow; there is a second one while
a file of many documents is open. It has limits of memory and, for each document, of CPU time. It ends when it has had
nothing to do for a while, and when its parent ends, since then nothing can be read from its stdin.

It is started as a command, because a fork would copy the threads' locks of its parent, and multiprocessing would import
the parent's main module once more.
"""

import atexit
import os
import pickle
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, ClassVar

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading import guard
from nightdesk.tasks.reading.documents import Document
from nightdesk.tasks.reading.formats.content import SourceRecord
from nightdesk.tasks.reading.isolation.jobs import Bytes, Job, Result, attempted, rows, seconds

CPU_S = 5.0  # seconds that a document may take, and as much again for each million bytes of it
_WAIT_S = 60.0  # for an answer, beside twenty times the CPU seconds: the machine may be busy
_AT_ONCE, _CHARACTERS_AT_ONCE = 32, 400_000  # documents handed over together
_LARGE = 8_000_000  # characters; a process that parsed so many keeps several times their bytes, so it is ended
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
_SERVES = "nightdesk.tasks.reading.isolation.serving"
ISOLATED = True  # False: in this process, for tests that watch what a parser does

_idle: list["_Parser"] = []
_lock = threading.Lock()


def documents(jobs: Iterable[Job], cpu_s: float = CPU_S) -> Iterator[tuple[Job, Result]]:
    """Parse documents, some at once, and yield each with what came of it, in their order; log what is odd in one."""
    for group in _groups(jobs):
        results = _parse(group, cpu_s)
        for job, (result, note) in zip(group, results, strict=True):
            if isinstance(result, DocumentError):
                _log(result)
            elif note:
                guard.log.warning("%s", note)
            yield job, result


def records(what: Bytes, cpu_s: float = CPU_S) -> Iterator[SourceRecord]:
    """Yield the records of a file of many.

    Raises:
        DocumentError: it cannot be read, from some record on.
    """
    if not ISOLATED:
        yield from rows(what)
        return
    parser = None
    try:
        parser, (some, done, error) = _ask(("rows", what, cpu_s), seconds(cpu_s, what.length))
        yield from some
        while not done:
            parser.send("more")
            some, done, error = parser.receive(seconds(cpu_s, what.length))
            yield from some
    except _Died as e:
        raise DocumentError(e.why(cpu_s)) from None
    except GeneratorExit:
        if parser is not None:
            parser.end()
        raise
    _take_back(parser)
    if error is not None:
        _log(error)
        raise error


def end_idle() -> None:
    """End the processes that wait for work."""
    with _lock:
        idle, _idle[:] = list(_idle), []
    for parser in idle:
        parser.end()


atexit.register(end_idle)


def _groups(jobs: Iterable[Job]) -> Iterator[list[Job]]:
    group: list[Job] = []
    size = 0
    for job in jobs:
        group.append(job)
        size += job.length
        if len(group) >= _AT_ONCE or size >= _CHARACTERS_AT_ONCE:
            yield group
            group, size = [], 0
    if group:
        yield group


def _parse(group: list[Job], cpu_s: float) -> list[tuple[Result, str]]:
    if not ISOLATED:
        return [attempted(job) for job in group]
    try:
        return _asked(group, cpu_s)
    except _Died as e:
        if len(group) == 1:
            return [(DocumentError(f"{group[0].place}: {e.why(cpu_s)}"), "")]
    return [r for job in group for r in _parse([job], cpu_s)]  # one of them ends its parser, and now alone


def _asked(group: list[Job], cpu_s: float) -> list[tuple[Result, str]]:
    results: list[tuple[Result, str]]
    parser, results = _ask(("documents", group, cpu_s), sum(seconds(cpu_s, job.length) for job in group))
    if sum(job.length for job in group) < _LARGE:
        _take_back(parser)
    else:
        parser.end()
    return results


def _ask(question: Any, cpu_s: float) -> tuple["_Parser", Any]:
    """Ask a process; return it and its answer."""
    for tries_left in (1, 0):
        parser = _lend()
        try:
            parser.send(question)
            return parser, parser.receive(cpu_s)
        except _Died as e:
            if not tries_left or e.code not in (0, -signal.SIGKILL):
                raise  # else it went because it had nothing to do for a while, or may have been killed as it waited
        except BaseException:
            parser.end()
            raise
    raise AssertionError("not reached: the last try returns or raises")


def _log(error: DocumentError) -> None:
    if ISOLATED and (trace := getattr(error, "trace", "")):
        guard.log.debug("a reader failed\n%s", trace)


class _Died(Exception):
    """A parser is no more. code: as it ended, None if it was ended because it gave no answer."""

    def __init__(self, code: int | None) -> None:
        super().__init__(code)
        self.code = code

    def why(self, cpu_s: float) -> str:
        """Return what is to be said of the document that it had."""
        if self.code == -signal.SIGPROF:
            return (
                f"it takes more than {cpu_s:g} s of CPU to read; leave it out, or raise [reading] cpu_s in the profile"
            )
        if self.code is None:
            return "its reader does not come to an end; leave it out, or try again"
        if self.code == -signal.SIGKILL:
            return "its reader was killed (by the system, if memory was short); split it, or try again"
        name = signal.Signals(-self.code).name if -self.code in set(signal.Signals) else f"exit code {self.code}"
        return f"its reader crashes on it ({name}); mend it, or leave it out"


class _Parser:
    """A process that parses, seen from its parent."""

    def __init__(self) -> None:
        command = f"import sys; sys.path[:] = {sys.path!r}; from {_SERVES} import serve; serve()"
        # Its environment has no keys of models. More arenas would each reserve 64 MB of its addresses.
        environment = {k: v for k, v in os.environ.items() if k in _KEPT}
        environment |= {"MALLOC_ARENA_MAX": "2", "ARROW_DEFAULT_MEMORY_POOL": "system", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-c", command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,  # a Ctrl-C on the terminal is its parent's to answer
        )
        self.pid = os.getpid()  # whose it is: after a fork it is not the child's

    @property
    def alive(self) -> bool:
        """Tell whether it can be asked."""
        return self._process.poll() is None

    def send(self, message: Any) -> None:
        """Give it work."""
        assert self._process.stdin is not None
        try:
            pickle.dump(message, self._process.stdin, protocol=5)
            self._process.stdin.flush()
        except OSError:
            raise self._died() from None

    def receive(self, cpu_s: float) -> Any:
        """Return its answer, waiting for as long as this takes within its limits."""
        assert self._process.stdout is not None
        if not select.select([self._process.stdout], [], [], _WAIT_S + 20 * cpu_s)[0]:
            self.end()
            raise _Died(None)
        try:
            return _Answers(self._process.stdout).load()
        except (EOFError, pickle.UnpicklingError, OSError):
            raise self._died() from None

    def end(self) -> None:
        """End it, whatever it does."""
        with suppress(OSError):
            self._process.kill()
        self._close()

    def _died(self) -> _Died:
        try:
            code = self._process.wait(10)
        except subprocess.TimeoutExpired:
            code = None
        self.end()
        return _Died(code)

    def _close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10)


class _Answers(pickle.Unpickler):
    """Makes of a parser's answer documents, records and reasons, and nothing else, whatever it was made to write."""

    _KNOWN: ClassVar = {(c.__module__, c.__name__): c for c in (Document, SourceRecord, DocumentError)}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in self._KNOWN:
            return self._KNOWN[module, name]
        raise pickle.UnpicklingError(f"{module}.{name} is no answer of a parser")


def _lend() -> _Parser:
    """Return a process that is idle, or a new one."""
    with _lock:
        while _idle:
            parser = _idle.pop()
            if parser.pid == os.getpid() and parser.alive:
                return parser
    return _Parser()


def _take_back(parser: _Parser) -> None:
    with _lock:
        _idle.append(parser)
