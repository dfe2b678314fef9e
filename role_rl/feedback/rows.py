"""Published rows of `calls` as the learner reads them: checked, chosen, as arrays.

Only paid rows say something of an arm: what came from the answers' store was said when it was paid for.
"""

import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nightdesk.role_rl.arms import Settings, arm_name
from nightdesk.role_rl.errors import TableError
from nightdesk.role_rl.feedback.columns import (
    Coded,
    Flags,
    Floats,
    Ints,
    coded,
    coded_ids,
    combined,
    flags,
    floats,
    texts,
)
from nightdesk.role_rl.sufficient_stats import Key

CALLS = (
    "run_id", "call_id", "parent_call_id", "decision_id", "profile", "role", "language", "model", "family", "lane",
    "purpose", "propensity", "judge_propensity", "from_cache", "valid", "cost_usd", "latency_s", "started_at",
)  # fmt: skip
JUDGEMENTS = ("call_id", "judge", "judge_family", "accuracy", "weight", "cost_usd", "control")
OPTIONAL = ("usage", "doc_id")  # read where the table has it
MOST_OF_DOCUMENT = 25
"""Answers about one document that teach a night's full weight of an arm; more of them share this weight.

The answers of one document are alike, and whoever writes a document can write a long one.
"""
_KEPT = ("call_id", "parent_call_id", "decision_id", "cost_usd", "usage", "started_at")
UNKNOWN = "und"
"""Stands for a language, or another column of the context, that a row does not name."""


@dataclass(slots=True)
class PaidCalls:
    """Paid calls, each once; all arrays have an element for each.

    rows: the columns that are text. keys: whose tally a call is of, by the number in `key`. decision: the number of
    its decision. half: of the evidence, 0 or 1. run: the number of its run. ran, judged: the probabilities that it was
    run and judged, 0 where they are not known. weight: of an answer, in (0, 1]; 1 for other calls.
    """

    rows: pa.Table
    keys: list[Key]
    key: Ints
    decision: Ints
    half: Ints
    run: Ints
    purpose: Coded
    model: Coded
    family: Coded
    is_batch: Flags
    valid: Flags
    ran: Floats
    judged: Floats
    seconds: Floats
    weight: Floats

    def __len__(self) -> int:
        return len(self.key)

    @property
    def is_answer(self) -> Flags:
        """Whether a call is an arm's own first answer."""
        return self.purpose.where("serve", "duel")

    @property
    def ids(self) -> pa.Array:
        """The ids of the calls."""
        return self.rows["call_id"].combine_chunks()


def columns_of(calls: pa.Table, settings: Settings) -> list[str]:
    """Return the columns of `calls` that are read."""
    optional = (c for c in OPTIONAL if c in calls.column_names)
    return [*CALLS, *optional, *(c for c in settings.context if c not in (*CALLS, *OPTIONAL))]


def rows_of_profile(calls: pa.Table, columns: Sequence[str], settings: Settings) -> pa.Table:
    """Return the profile's rows.

    Raises:
        TableError: a column is missing.
    """
    check_columns(calls, columns, "calls")
    return calls.select(list(columns)).filter(pc.equal(calls["profile"], settings.profile))


def without_runs(calls: pa.Table, learned: Collection[str]) -> pa.Table:
    """Return the rows of other runs than these."""
    if not learned:
        return calls
    run = coded(calls["run_id"])
    return calls.filter(pa.array(~run.where(*learned)))


def check_columns(table: pa.Table, columns: Sequence[str], name: str) -> None:
    """See that a table has columns.

    Raises:
        TableError: it lacks one.
    """
    missing = [column for column in columns if column not in table.column_names]
    if missing:
        raise TableError(f"table {name} lacks {', '.join(missing)}; read it with its declared schema")


def paid_calls(ours: pa.Table, settings: Settings) -> PaidCalls:
    """Return the paid calls among the profile's rows. A call that stands there twice counts as its last run has it."""
    rows = _once(ours.filter(pc.invert(pc.fill_null(ours["from_cache"], False))))
    model, lane = coded(rows["model"]), coded(rows["lane"])
    keys, key = _keys(rows, model, lane, settings)
    decision, named = coded_ids(rows["decision_id"])
    run, purpose = coded(rows["run_id"]), coded(rows["purpose"])
    is_answer = purpose.where("serve", "duel")
    found = PaidCalls(
        rows=rows.select([c for c in _KEPT if c in rows.column_names]),
        keys=keys,
        key=key,
        decision=decision,
        half=_halves(rows, decision, named),
        run=run.codes,
        purpose=purpose,
        model=model,
        family=coded(rows["family"]),
        is_batch=lane.where("batch"),
        valid=flags(rows["valid"]),
        ran=floats(rows["propensity"], 0.0),
        judged=floats(rows["judge_propensity"], 0.0),
        seconds=floats(rows["latency_s"]),
        weight=_weights(rows, key, run, is_answer),
    )
    return found


def _once(rows: pa.Table) -> pa.Table:
    """Return every call once."""
    codes, different = coded_ids(rows["call_id"])
    if len(different) == len(rows):
        return rows
    run = coded(rows["run_id"])
    rank = np.argsort(np.argsort(run.mapped(lambda name: name or "")))
    order = np.lexsort((np.arange(len(rows)), rank[run.codes], codes))
    is_last = np.append(np.diff(codes[order]) != 0, True)
    return rows.take(pa.array(np.sort(order[is_last])))


def _keys(rows: pa.Table, model: Coded, lane: Coded, settings: Settings) -> tuple[list[Key], Ints]:
    """Return the different keys, sorted, and the number of each row's."""
    role = coded(rows["role"])
    context = [coded(rows[column]) for column in settings.context]
    columns = (role, *context, model, lane)
    number, examples = combined(*((column.codes, len(column.values)) for column in columns))

    def key(row: int) -> Key:
        language = "/".join(str(column.values[column.codes[row]] or UNKNOWN) for column in context)
        arm = arm_name(model.values[model.codes[row]], lane.values[lane.codes[row]] or "sync")
        return Key(role.values[role.codes[row]], language, arm)

    named = [key(row) for row in examples.tolist()]
    keys = sorted(set(named))  # a lane that is not named is sync, so two combinations may be one key
    place = {one: k for k, one in enumerate(keys)}
    return keys, np.array([place[one] for one in named], np.int64)[number] if named else number


def _halves(rows: pa.Table, decision: Ints, named: pa.Array) -> Ints:
    """Return the half of the evidence that each row is of, by a hash of its decision, or of the call without one."""
    halves = np.fromiter((zlib.crc32(text.encode()) & 1 if text else -1 for text in texts(named)), np.int64, len(named))
    half = np.append(halves, -1)[decision]
    alone = np.flatnonzero(half < 0)
    if len(alone):
        ids = rows["call_id"].take(pa.array(alone)).combine_chunks()
        half[alone] = [zlib.crc32((text or "").encode()) & 1 for text in texts(ids)]
    return np.asarray(half, np.int64)


def _weights(rows: pa.Table, key: Ints, run: Coded, is_answer: Flags) -> Floats:
    """Return what each answer weighs: 1, but less for many answers of one arm about one document."""
    weight = np.ones(len(rows))
    if "doc_id" not in rows.column_names or not is_answer.any():
        return weight
    documents, named = coded_ids(rows["doc_id"])
    counted = np.flatnonzero(is_answer & (documents < len(named)))
    codes = ((key, int(key.max()) + 1), (run.codes, len(run.values)), (documents, len(named)))
    about, _ = combined(*((own[counted], different) for own, different in codes))
    weight[counted] = np.minimum(1.0, MOST_OF_DOCUMENT / np.bincount(about)[about])
    return weight
