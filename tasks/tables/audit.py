"""The audit: Great Expectations decides whether tables may be published. The one module that knows it.

Its import takes seconds and its memory hundreds of MB, so a run keeps it in a process of its own (auditor()), which is
started while the role stages run. It gives way to them while it gets ready, until the run waits for it.
"""

import multiprocessing
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nightdesk.tasks.config.lean_imports import LeanImports
from nightdesk.tasks.errors import PublishError
from nightdesk.tasks.safety.child_processes import deaf_children, leave_the_terminal
from nightdesk.tasks.safety.printable import guard_output
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.patient_import import PatientImport

_ROW = "__row"
CLOSE_TIMEOUT_S = 5


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What failed. rows: row number of the table that was given -> the expectation; whole: a line per expectation."""

    table: str
    checked: int
    rows: Mapping[int, str] = field(default_factory=dict)
    whole: tuple[str, ...] = ()


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
            self._pipe.send((name, _slim(name, table), extra, values))
            answer = self._pipe.recv()
        except (OSError, EOFError):
            raise PublishError(f"table {name}: the process that audits has ended; see its messages above") from None
        if isinstance(answer, AuditReport):
            return answer
        raise PublishError(f"table {name}: the audit failed: {answer}")

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
    ready = PatientImport("great_expectations")  # seconds, paid while the roles are at work
    while True:
        try:
            question = pipe.recv()
        except (EOFError, OSError):
            if not ready.done:  # nothing was audited, so nothing is to be given back
                os._exit(0)
            return
        ready.finish()
        try:
            answer: AuditReport | str = audit(*question)
        except Exception as e:  # noqa: BLE001  (whatever it is, the run must hear of it)
            answer = f"{type(e).__name__}: {e}"
        pipe.send(answer)


def _slim(name: str, table: pa.Table) -> pa.Table:
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

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("tables").add_dataframe_asset(name)
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    suite = gx.ExpectationSuite(name=name)
    for level, expectations in (("rows", rules.rows), ("whole", rules.whole)):
        for expectation in expectations:
            arguments = {k: _filled(v, values) for k, v in expectation.items() if k != "expect"}
            kind = getattr(gx.expectations, _class_name(expectation["expect"]))
            suite.add_expectation(kind(**arguments, meta={"level": level, "line": _line(expectation)}))
    result = batch.validate(suite, result_format={"result_format": "COMPLETE", "unexpected_index_column_names": [_ROW]})
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


def _filled(value: Any, values: Mapping[str, Any]) -> Any:
    return values[value[1:]] if isinstance(value, str) and value.startswith("$") else value


def _class_name(expectation: str) -> str:
    return "".join(word.capitalize() for word in expectation.split("_"))


def _line(expectation: Mapping[str, Any]) -> str:
    where = expectation.get("column") or ", ".join(expectation.get("column_list", ()))
    return f"{expectation['expect']}({where})" if where else str(expectation["expect"])
