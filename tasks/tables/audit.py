"""The audit: Great Expectations decides whether tables may be published. The one module that knows it.

Its import takes seconds and its memory hundreds of MB, so a run keeps it in a process of its own (auditor()), which is
started while the role stages run. It gives way to them while it gets ready, until the run waits for it. What else is
made of published tables on this machine can be made there as well (Auditor.do), because that frees the run's process.
"""

import gc
import logging
import multiprocessing
import os
import pickle
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from nightdesk.tasks.config.lean_imports import HollowImports, LeanImports
from nightdesk.tasks.errors import PublishError
from nightdesk.tasks.safety.child_processes import deaf_children, leave_the_terminal
from nightdesk.tasks.safety.printable import guard_output
from nightdesk.tasks.tables.contracts import TABLES, contract
from nightdesk.tasks.tables.patient_import import PatientImport

_ROW = "__row"
_KNOWN_VERSION = "1.24."  # of Great Expectations, of which it is known what an audit does without
_NAMING_ROWS = {"result_format": "COMPLETE", "unexpected_index_column_names": [_ROW]}
_SOURCES = ("pandas_datasource", "invalid_datasource")
_GARBAGE = (700, 10, 10)  # Python's own thresholds of its collector
CLOSE_TIMEOUT_S = 5
log = logging.getLogger("nightdesk")


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What failed. rows: row number of the table that was given -> the expectation; whole: a line per expectation."""

    table: str
    checked: int
    rows: Mapping[int, str] = field(default_factory=dict)
    whole: tuple[str, ...] = ()


class _Done(NamedTuple):
    """What came of a function that was called in the other process, and what it logged: (level, line) each."""

    result: Any
    error: Exception | None
    logged: list[tuple[int, str]]


class Gone(Exception):
    """The process has ended."""


class Auditor:
    """A process that audits one table at a time. It gets ready beside the roles.

    A plain process and a pipe: when this process ends, however it does, the pipe closes and the other one ends too.
    """

    def __init__(self) -> None:
        spawn = multiprocessing.get_context("spawn")  # a fork of a process with threads may hang
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_serve, args=(theirs,), name="nightdesk-audit", daemon=True)
        with deaf_children():
            self._process.start()
        theirs.close()

    def audit(
        self, name: str, table: pa.Table, extra: Mapping[str, pa.Array], values: Mapping[str, Any]
    ) -> AuditReport:
        """Check a table against its contract in the other process (see audit).

        Raises:
            PublishError: the process is gone, or could not check.
        """
        try:
            done = self._ask(audit, (name, slimmed(name, table), extra, values))
        except Gone:
            raise PublishError(f"table {name}: the process that audits has ended; see its messages above") from None
        if isinstance(done.result, AuditReport):
            return done.result
        raise PublishError(f"table {name}: the audit failed: {type(done.error).__name__}: {done.error}")

    def do(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Return function(*arguments), called in the other process; what it logs is logged here.

        Raises:
            Gone: the process is gone, so that it may be done in this one.
        """
        done = self._ask(function, arguments)
        for level, line in done.logged:
            log.log(level, "%s", line)
        if done.error is not None:
            raise done.error
        return done.result

    def _ask(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> _Done:
        try:
            self._pipe.send((function, arguments))
            done: _Done = self._pipe.recv()
        except (OSError, EOFError):
            raise Gone from None
        return done

    def hang_up(self) -> None:
        """Say that there is nothing more to audit: the process begins to end, while others go on."""
        self._pipe.close()

    def close(self) -> None:
        """End the process: by itself if it is idle, for it has locks to give back."""
        self.hang_up()
        self._process.join(CLOSE_TIMEOUT_S)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()


_warm: Auditor | None = None


def warm() -> None:
    """Start the process that the next auditor() of this program will use, and return at once."""
    global _warm  # noqa: PLW0603  (one hand-over between the command line and the flow it runs)
    _warm = Auditor()


@contextmanager
def auditor() -> Iterator[Auditor]:
    """Open an auditor for one run."""
    global _warm
    opened, _warm = _warm or Auditor(), None
    try:
        yield opened
    finally:
        opened.close()


def _serve(pipe: Connection) -> None:
    leave_the_terminal()  # a Ctrl-C there is the flow's to answer
    guard_output()
    LeanImports(put_off=("altair", "scipy.special", "scipy.stats"), absent=("sqlalchemy",))
    if version("great-expectations").startswith(_KNOWN_VERSION):
        HollowImports(_unused(TABLES))
    ready = PatientImport("great_expectations")  # seconds, paid while the roles are at work
    while True:
        try:
            question = pipe.recv()
        except (EOFError, OSError):
            if not ready.done:  # nothing was audited, so nothing is to be given back
                os._exit(0)
            return
        function, arguments = question
        if function is audit:
            _await(ready)
        pipe.send_bytes(_done(function, arguments))


def _unused(tables: Sequence[str]) -> Callable[[str], bool]:
    """Return what tells the modules that no audit needs: kinds of data source, and expectations that no contract names.

    Great Expectations imports them all by name, which takes two fifths of the CPU of its import.
    """
    named = {e["expect"] for table in tables for e in (*contract(table).rows, *contract(table).whole)}

    def is_unused(module: str) -> bool:
        package, _, name = module.rpartition(".")
        if package == "great_expectations.expectations.core":
            return name.startswith("expect_") and name not in named
        return package == "great_expectations.datasource.fluent" and (
            name == "fabric" or (name.endswith("_datasource") and name not in _SOURCES)
        )

    return is_unused


def _await(ready: PatientImport) -> None:
    """Wait until the library is there. Its objects stay, so the collector of garbage need not go through them again.

    From then on it looks as often as by default, because a few objects of an audit hold much memory.
    """
    if not gc.get_freeze_count():
        ready.finish()
        gc.freeze()
        gc.set_threshold(*_GARBAGE)


def _done(function: Callable[..., Any], arguments: tuple[Any, ...]) -> bytes:
    """Call a function; return what came of it, pickled."""
    logged: list[tuple[int, str]] = []
    handler = logging.Handler()
    handler.emit = lambda record: logged.append((record.levelno, record.getMessage()))  # type: ignore[method-assign]
    log.addHandler(handler)
    try:
        done = _Done(function(*arguments), None, logged)
    except Exception as e:  # noqa: BLE001  (whatever it is, the run must hear of it)
        done = _Done(None, e, logged)
    finally:
        log.removeHandler(handler)
    try:
        return pickle.dumps(done)
    except Exception:  # noqa: BLE001  (an error that does not pickle is told in words)
        return pickle.dumps(_Done(None, PublishError(f"{type(done.error).__name__}: {done.error}"), logged))


def slimmed(name: str, table: pa.Table) -> pa.Table:
    """Send true or null for the values of columns of which only that much is checked: text is most of a table."""
    rules = contract(name)
    looked_at = set(re.findall(r"\w+", " ".join(rules.derived.values())))
    for expectation in (*rules.rows, *rules.whole):
        if expectation["expect"] != "expect_column_values_to_not_be_null":
            looked_at |= {str(expectation.get("column")), *expectation.get("column_list", ())}
    for k, column in enumerate(table.schema.names):
        if column not in looked_at:
            there = pc.if_else(table[column].is_valid(), True, pa.scalar(None, pa.bool_()))
            table = table.set_column(k, column, there)
    return table


def audit(name: str, table: pa.Table, extra: Mapping[str, pa.Array], values: Mapping[str, Any]) -> AuditReport:
    """Check a table against its contract.

    extra: columns that only the audit sees, as long as the table. values: what stands for "$name" in the expectations.
    """
    import great_expectations as gx  # seconds, paid in the auditor's process alone

    rules = contract(name)
    for column, array in extra.items():
        table = table.append_column(column, array)
    frame = table.to_pandas()
    for column, expression in rules.derived.items():
        frame[column] = frame.eval(expression, engine="python")
    frame[_ROW] = range(len(frame))

    batch = _batch_definition(name).get_batch({"dataframe": frame})
    expected = []
    for level, expectations in (("rows", rules.rows), ("whole", rules.whole)):
        for expectation in expectations:
            arguments = {k: _filled(v, values) for k, v in expectation.items() if k != "expect"}
            kind = getattr(gx.expectations, _class_name(expectation["expect"]))
            expected.append(kind(**arguments, meta={"level": level, "line": _line(expectation)}))
    suite = gx.ExpectationSuite(name=name, expectations=expected)
    result = batch.validate(suite, result_format="BOOLEAN_ONLY")  # half the CPU of naming rows, of which few ever fail
    if not result.success:
        result = batch.validate(suite, result_format=_NAMING_ROWS)
    rows: dict[int, str] = {}
    whole: list[str] = []
    for r in result.results:
        if r.success:
            continue
        meta = (r.expectation_config.meta if r.expectation_config else None) or {}
        indices = [x[_ROW] for x in r.result.get("unexpected_index_list") or []]
        if meta["level"] == "rows" and indices and not r.exception_info.get("raised_exception"):
            for index in indices:
                rows.setdefault(int(index), meta["line"])
        else:
            whole.append(meta["line"])
    return AuditReport(name, len(result.results), rows, tuple(whole))


@cache
def _batch_definition(name: str) -> Any:
    """Return how frames of a table are taken in; made once in a process, because what is made is written as YAML."""
    return _source().add_dataframe_asset(name).add_batch_definition_whole_dataframe("all")


@cache
def _source() -> Any:
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return context.data_sources.add_pandas("tables")


def _filled(value: Any, values: Mapping[str, Any]) -> Any:
    return values[value[1:]] if isinstance(value, str) and value.startswith("$") else value


def _class_name(expectation: str) -> str:
    return "".join(word.capitalize() for word in expectation.split("_"))


def _line(expectation: Mapping[str, Any]) -> str:
    where = expectation.get("column") or ", ".join(expectation.get("column_list", ()))
    return f"{expectation['expect']}({where})" if where else str(expectation["expect"])
