"""What a run has published so far, in numbers: what its verdict is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa


@dataclass(slots=True)
class Served:
    """What one model did in one role: calls, those of them that were to serve, that failed, and their dollars.

    lost: calls that were sent to serve or in a duel and got no answer that could be used, not even repaired.
    """

    calls: int = 0
    serving: int = 0
    failed: int = 0
    lost: int = 0
    dollars: float = 0.0


@dataclass(slots=True)
class Totals:
    """What a run has published so far. `topics` counts topics of documents; stages: seconds by name.

    models: what each model did, by (role, model); answers that were in the store do not count.
    failed, unpaid: sentences that are unplaced because models failed, or because dollars did not reach for them.
    unjoined: documents whose topics could not all be compared, so that one story may stand there as several.
    left_out: (role, model) -> questions that were longer than the model can be asked, so that others answered.
    given_up: documents that were taken up again on as many nights as they may be, and still have such sentences.
    waiting: documents that dollars did not reach for, so that nothing was asked about them.
    skipped_under: of those that were skipped, how many stand under which date, if the run was given its date.
    missing: why sources are not there. withheld: why batches were withheld by the audit, with the documents of each.
    """

    documents: int = 0
    unreadable: int = 0
    skipped: int = 0
    skipped_under: dict[str, int] = field(default_factory=dict)
    sentences: int = 0
    placed: int = 0
    unplaced: int = 0
    failed: int = 0
    unpaid: int = 0
    topics: int = 0
    quarantined: int = 0
    unjoined: int = 0
    left_out: dict[tuple[str, str], int] = field(default_factory=dict)
    given_up: int = 0
    waiting: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    withheld: list[str] = field(default_factory=list)
    stages: dict[str, float] = field(default_factory=dict)
    models: dict[tuple[str, str], Served] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)  # why documents could not be read
    rows: dict[str, int] = field(default_factory=dict)  # that were put into each table

    def count_rows(self, tables: Mapping[str, pa.Table]) -> None:
        """Add the rows that were put into tables."""
        for name, table in tables.items():
            if len(table):
                self.rows[name] = self.rows.get(name, 0) + len(table)

    def count_calls(self, calls: pa.Table) -> None:
        """Add published rows of `calls`."""
        columns = ["role", "model", "purpose", "error", "cost_usd", "from_cache", "call_id", "parent_call_id", "valid"]
        rows = calls.select([*columns, "attempts"]).to_pylist()
        repaired = {r["parent_call_id"] for r in rows if r["purpose"] == "repair" and r["valid"]}
        for row in rows:
            if row["from_cache"]:
                continue
            did = self.models.setdefault((row["role"], row["model"]), Served())
            did.calls += 1
            did.serving += row["purpose"] == "serve"
            did.failed += row["error"] is not None
            did.dollars += row["cost_usd"]
            if row["purpose"] in ("serve", "duel") and row["attempts"] and not row["valid"]:
                did.lost += row["call_id"] not in repaired
