"""The auditor of a process that lives for a day: asked by several threads in turn, and begun anew if it has ended."""

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

import pyarrow as pa

from nightdesk.tasks.errors import PublishError
from nightdesk.tasks.following.publishing.open_table import TABLE as OPEN_TABLE
from nightdesk.tasks.following.publishing.screening import holds
from nightdesk.tasks.tables.audit import Auditor, AuditReport, Gone, auditor, slimmed
from nightdesk.tasks.tables.contracts import contract

log = logging.getLogger("nightdesk")


class SteadyAuditor:
    """Audits one table at a time, in another process. open_auditor: opens that process (a context manager)."""

    def __init__(self, open_auditor: Callable[[], Any] = auditor) -> None:
        self._open, self._lock, self._held = open_auditor, threading.Lock(), ExitStack()
        self._auditor: Auditor = self._held.enter_context(open_auditor())

    def audit(
        self, name: str, table: pa.Table, extra: Mapping[str, pa.Array], values: Mapping[str, Any]
    ) -> AuditReport:
        """Check a table against its contract (see tables.audit.audit).

        Great Expectations decides about every table that is published. Provisional rows are written at each tick, so
        that it is asked about them only where screening finds something.

        Raises:
            PublishError: the process could not check, or has ended again as soon as it was begun anew.
        """
        with self._lock:
            if name == OPEN_TABLE and self._holds(name, table, extra, values):
                return AuditReport(name, len(contract(name).rows) + len(contract(name).whole))
            try:
                return self._auditor.audit(name, table, extra, values)
            except PublishError:
                if self._is_there():
                    raise
            self._held.close()
            self._auditor = self._held.enter_context(self._open())
            return self._auditor.audit(name, table, extra, values)

    def _holds(self, name: str, table: pa.Table, extra: Mapping[str, pa.Array], values: Mapping[str, Any]) -> bool:
        try:
            return bool(self._auditor.do(holds, name, slimmed(name, table), extra, values))
        except Exception as e:  # noqa: BLE001  (whatever it is, the audit itself has the say)
            log.debug("table %s is not screened: %s: %s", name, type(e).__name__, e)
            return False

    def do(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Return function(*arguments), called in the other process, or here if that has ended."""
        with self._lock:
            try:
                return self._auditor.do(function, *arguments)
            except Gone:
                return function(*arguments)

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._held.close()

    def _is_there(self) -> bool:
        try:
            self._auditor.do(bool)
        except Gone:
            return False
        return True
