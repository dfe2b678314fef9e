"""What a run has published so far, in numbers: what its verdict is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from nightdesk.tasks.reorganizing.document_state import Batch
from nightdesk.tasks.reorganizing.filing import TAKEN_UP


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

    def count(self, tables: Mapping[str, pa.Table], batch: Batch) -> None:
        """Add a batch that was published, and the rows that were put into tables for it."""
        documents = tables["documents"]
        unreadable = pc.sum(pc.equal(documents["status"], "unreadable")).as_py() or 0
        self.unreadable += unreadable
        self.documents += len(documents) - unreadable
        for column in ("sentences", "placed", "unplaced", "failed", "unpaid", "topics"):
            setattr(self, column, getattr(self, column) + (pc.sum(documents[column]).as_py() or 0))
        self.quarantined += len(tables["quarantine"])
        self.unjoined += sum(w.unjoined for w in batch.works)
        is_given_up = pc.greater_equal(pc.list_value_length(documents["taken_up"]), TAKEN_UP)
        has_lost = pc.greater(pc.add(documents["failed"], documents["unpaid"]), 0)
        self.given_up += pc.sum(pc.and_(is_given_up, has_lost)).as_py() or 0
        self.waiting += [w.document.doc_id for w in batch.works if w.waits is not None]
        self.reasons += [u.reason for u in batch.unreadable]
        self.count_calls(tables["calls"])
        self.count_rows(tables)

    def count_rows(self, tables: Mapping[str, pa.Table]) -> None:
        """Add the rows that were put into tables."""
        for name, table in tables.items():
            if len(table):
                self.rows[name] = self.rows.get(name, 0) + len(table)

    def count_calls(self, calls: pa.Table) -> None:
        """Add published rows of `calls`."""
        made = calls.filter(pc.invert(calls["from_cache"]))
        drawn = pc.is_in(made["purpose"], pa.array(["serve", "duel"]))
        invalid = pc.invert(made["valid"])
        unusable = pc.and_(pc.and_(drawn, pc.greater(made["attempts"], 0)), invalid)
        repairs = calls.filter(pc.and_(pc.equal(calls["purpose"], "repair"), calls["valid"]))
        repaired = pc.is_in(made["call_id"], repairs["parent_call_id"].combine_chunks())
        figures = {
            "serving": pc.equal(made["purpose"], "serve"),
            "failed": pc.is_valid(made["error"]),
            "lost": pc.and_(unusable, pc.invert(repaired)),
        }
        by_model = pa.table(
            {"role": made["role"], "model": made["model"], "dollars": made["cost_usd"]}
            | {name: pc.cast(flag, pa.int64()) for name, flag in figures.items()}
        ).group_by(["role", "model"], use_threads=False)
        summed = [(name, "sum") for name in ("dollars", *figures)]
        for row in by_model.aggregate([([], "count_all"), *summed]).to_pylist():
            did = self.models.setdefault((row["role"], row["model"]), Served())
            did.calls += row["count_all"]
            did.serving += row["serving_sum"]
            did.failed += row["failed_sum"]
            did.lost += row["lost_sum"]
            did.dollars += row["dollars_sum"]
