"""The ledger: what is written down of every call, and the keys under which it is found again."""

import json
import uuid
from collections.abc import Set
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from nightdesk.role_rl.feedback.reserves import RESERVED
from nightdesk.role_rl.sampling import Decision
from nightdesk.tasks.calling.answers.answer_keys import Record, answer_to_json, rounded
from nightdesk.tasks.config.model_spec import ModelSpec
from nightdesk.tasks.config.pricing import TokenPrices, dollars_of
from nightdesk.tasks.errors import BadReply, Refused
from nightdesk.tasks.messages import Answer, RoleRequest, Usage
from nightdesk.tasks.models.worker import CallResult
from nightdesk.tasks.roles import format_checker
from nightdesk.tasks.roles.registry import MODULES

LONGEST_FAILED = 50_000  # characters of a failed answer that its repair is shown, with what was wrong with it
LONGEST_REPLY = 2_000  # characters of a reply that cannot be read, kept for its repair
MOST_GROUPS = 1_000  # of an answer that was read and did not pass the format checker, kept for the same


@dataclass(frozen=True, slots=True)
class Unit:
    """One question about one piece of one document (`unit`: a chunk's id, or that of a set of topics)."""

    doc_id: str
    unit: str
    weights_version: int
    request: RoleRequest


@dataclass(slots=True)
class Tally:
    """The calls that are made, and their dollars, within one stage of one batch."""

    calls: int = 0
    cost_usd: float = 0.0


_TALLY: ContextVar[Tally | None] = ContextVar("nightdesk_tally", default=None)


def tally() -> Tally:
    """Begin to count the calls of this task and of those that it starts: other stages may be under way beside it."""
    begun = Tally()
    _TALLY.set(begun)
    return begun


@dataclass(slots=True)
class Ledger:
    """What a run's calls left to be published, beside the records in the store."""

    cached: list[Record] = field(default_factory=list)  # uses of answers that were there
    notes: dict[str, dict[str, Any]] = field(default_factory=dict)  # call_id -> columns known later
    judgements: list[dict[str, Any]] = field(default_factory=list)
    made: int = 0  # calls made now
    cost_usd: float = 0.0  # of these, as are the tokens
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    refused: int = 0  # calls that the run's dollars did not reach for

    def count_made(self, made: bool) -> None:
        """Count a call, if it is made now."""
        self.made += made
        if (here := _TALLY.get()) is not None:
            here.calls += made

    def book(self, usage: Usage, cost_usd: float) -> None:
        """Add what a call took."""
        self.cost_usd += cost_usd
        if (here := _TALLY.get()) is not None:
            here.cost_usd += cost_usd
        self.input_tokens += usage.input_tokens
        self.cached_tokens += usage.cached_tokens
        self.output_tokens += usage.output_tokens

    def note(self, record: Record, **columns: Any) -> None:
        """Add what became known of a call after it was written down."""
        self.notes.setdefault(record["call_id"], {"doc_id": record["doc_id"]}).update(columns)

    def rows(
        self, own: list[Record], run_id: str, besides: Set[str] = frozenset()
    ) -> tuple[list[Record], list[Record]]:
        """Return the rows of `calls` and `judgements` since the last time; own: the store's unpublished records.

        besides: documents whose rows stay for another time, as those of batches that are still under way do.
        """
        cached = [r for r in self.cached if r["doc_id"] not in besides]
        calls = [{**r, **self.notes.pop(r["call_id"], {}), "run_id": run_id} for r in own + cached]
        for row in calls:
            row["started_at"] = datetime.fromtimestamp(row["started_at"], UTC)
        of = {r["call_id"] for r in calls}
        judgements = [{**j, "run_id": run_id} for j in self.judgements if not besides or j["call_id"] in of]
        self.cached = [r for r in self.cached if r["doc_id"] in besides] if besides else []
        self.judgements = [j for j in self.judgements if j["call_id"] not in of] if besides else []
        if not besides:
            self.notes = {}
        return calls, judgements


@dataclass(frozen=True, slots=True)
class CallContext:
    """The decision that a call belongs to."""

    profile: str
    unit: Unit
    decision: Decision
    decision_id: str
    teaches: bool = True

    def row(self, arm: str, spec: ModelSpec, purpose: str, key: str, parent: str | None) -> Record:
        """Start the record of a call: the table's columns and `reply` (a failed answer, for its repair)."""
        drawn = purpose in ("serve", "duel")
        return {
            "call_id": uuid.uuid4().hex,
            "parent_call_id": parent,
            "decision_id": self.decision_id,
            "profile": self.profile,
            "teaches": self.teaches,
            "doc_id": self.unit.doc_id,
            "unit": self.unit.unit,
            "role": self.unit.request.role,
            "language": self.unit.request.language,
            "model": spec.name,
            "family": spec.family,
            "lane": "batch" if arm.endswith("@batch") else "sync",
            "purpose": purpose,
            "served": False,
            "weights_version": self.unit.weights_version,
            "eligible": list(self.decision.eligible),
            "propensity": self.decision.propensity[arm] if drawn else None,
            "judge_propensity": self.decision.judge_propensity[arm] if drawn else None,
            "answer_key": key,
            "from_cache": False,
            "valid": False,
            "accuracy": None,
            "judges": 0,
            "input_tokens": 0,
            "cached_tokens": 0,
            "output_tokens": 0,
            "usage": None,
            "usage_estimated": False,
            "cost_usd": 0.0,
            "latency_s": 0.0,
            "attempts": 0,
            "error": None,
            "reply": None,
            "started_at": now(),
        }


def fill_in(record: Record, request: RoleRequest, reply: CallResult, prices: TokenPrices) -> Answer | None:
    """Complete the record of a call with what came of it; return its answer, also if it did not pass the checker."""
    answer = rounded(reply.answer) if reply.answer else None  # as a rerun will find it
    problems = format_checker.check(request, answer, MODULES[request.role].check) if answer else [str(reply.error)]
    record |= {"started_at": reply.started_at, "latency_s": reply.latency_s, "valid": not problems}
    record |= taken(reply.usage, dollars_of(reply.usage, prices, reply.lane), record.pop("reserved_usd", 0.0))
    record["error"] = "; ".join(problems)[:500] or None
    if answer is not None:
        record["reply"] = answer_to_json(answer)[:MOST_GROUPS] if problems else None
    elif isinstance(reply.error, BadReply):
        record["reply"] = None if isinstance(reply.error, Refused) else reply.error.text[:LONGEST_REPLY]
    return answer


def failed_answer(record: Record) -> str:
    """Return what a repair is shown of the answer that failed: what was said, and what was wrong with it."""
    return json.dumps([record["reply"], record["error"]])[:LONGEST_FAILED]


def taken(usage: Usage, cost_usd: float, reserved_usd: float) -> Record:
    """Return the columns of what a call took.

    cost_usd: of its answer. reserved_usd: the most that those of its attempts can have cost that were sent and never
    answered, because the provider may charge for them. It stands in `usage`, so that the learner can leave it out.
    """
    words = usage.raw
    if reserved_usd:
        said = json.loads(words or "{}")
        words = json.dumps((said if isinstance(said, dict) else {}) | {RESERVED: round(reserved_usd, 9)})
    return {
        "input_tokens": usage.input_tokens,
        "cached_tokens": usage.cached_tokens,
        "output_tokens": usage.output_tokens,
        "cost_usd": cost_usd + reserved_usd,
        "usage": words or None,
        "usage_estimated": usage.estimated or reserved_usd > 0,
    }


def now() -> float:
    return datetime.now(UTC).timestamp()
