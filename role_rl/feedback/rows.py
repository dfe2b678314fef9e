"""Published rows of `calls` as the learner reads them: checked, chosen, a few bytes for each.

Only paid rows say something of an arm: what came from the answers' store was said when it was paid for.
"""

import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nightdesk.role_rl.arms import Settings, arm_name
from nightdesk.role_rl.errors import TableError
from nightdesk.role_rl.feedback.columns import (
    Coded,
    Flags,
    Floats,
    Hashes,
    Ints,
    also_hashed,
    coded,
    combined,
    flags,
    floats,
    hashed,
)
from nightdesk.role_rl.feedback.reserves import measured
from nightdesk.role_rl.sufficient_stats import Key

CALLS = (
    "run_id", "call_id", "parent_call_id", "decision_id", "profile", "role", "language", "model", "family", "lane",
    "purpose", "propensity", "judge_propensity", "from_cache", "valid", "cost_usd", "latency_s", "started_at",
)  # fmt: skip
OPTIONAL = ("usage", "doc_id")  # read where the table has it
PURPOSES = ("serve", "duel", "repair", "judge")  # the others only cost
MOST_OF_DOCUMENT = 25
"""Answers about one document that teach a night's full weight of an arm; more of them share this weight.

The answers of one document are alike, and whoever writes a document can write a long one.
"""
UNKNOWN = "und"
"""Stands for a language, or another column of the context, that a row does not name."""
Narrow = np.ndarray[Any, np.dtype[np.int32]]


@dataclass(slots=True)
class _Rows:
    """Paid calls, column by column. Ids are hashes, 0 where there is none; what is not known is nan, or 0 if it is a
    probability; texts of few different values are numbers in the reader's lists."""

    call: Hashes
    parent: Hashes
    decision: Hashes
    document: Hashes
    key: Narrow
    run: Narrow
    purpose: Narrow
    model: Narrow
    family: Narrow
    half: Flags
    is_batch: Flags
    valid: Flags
    ran: Floats
    judged: Floats
    dollars: Floats
    seconds: Floats
    started_us: Ints


@dataclass(slots=True)
class PaidCalls:
    """Paid calls, each once; all arrays have an element for each.

    keys: whose tally a call is of, by the number in rows.key. models, families: names, by their numbers. weight: of an
    answer, in (0, 1]; 1 for other calls. run_ids: of all rows that were read, sorted.
    """

    rows: _Rows
    keys: list[Key]
    models: list[str | None]
    families: list[str | None]
    run_ids: tuple[str, ...]
    weight: Floats

    def __len__(self) -> int:
        return len(self.rows.key)

    def is_for(self, *purposes: str) -> Flags:
        """Tell which calls are for one of some purposes."""
        return np.isin(self.rows.purpose, [PURPOSES.index(p) for p in purposes])

    @property
    def is_answer(self) -> Flags:
        """Whether a call is an arm's own first answer."""
        return self.is_for("serve", "duel")


class CallReader:
    """Takes rows of `calls` in, table by table, and keeps a few bytes of each that counts."""

    def __init__(self, settings: Settings, learned: Collection[str] = ()) -> None:
        """Of the settings' profile; the rows of runs in `learned` are passed over."""
        self._settings, self._learned = settings, set(learned)
        self._columns: dict[str, list[Any]] = {field.name: [] for field in fields(_Rows)}
        self._runs: set[str] = set()
        self._numbers: dict[str, dict[Any, int]] = {"run": {}, "model": {}, "family": {}, "key": {}}

    def add(self, calls: pa.Table) -> None:
        """Take rows in.

        Raises:
            TableError: a column is missing.
        """
        columns = [*CALLS, *(c for c in self._settings.context if c not in CALLS)]
        check_columns(calls, columns, "calls")
        run = coded(calls["run_id"])
        chosen = coded(calls["profile"]).where(self._settings.profile) & ~run.where(*self._learned)
        self._runs |= {run.values[k] for k in np.unique(run.codes[chosen]).tolist()}
        is_paid = chosen & ~flags(calls["from_cache"])
        if is_paid.any():
            taken = self._taken(calls if is_paid.all() else calls.filter(pa.array(is_paid)))
            for name, parts in self._columns.items():
                parts.append(getattr(taken, name))

    def paid(self) -> PaidCalls:
        """Return what was taken in. Of a call that stands there twice, the one of the last run counts."""
        for name, parts in self._columns.items():  # one after the other, so that only one is there twice
            self._columns[name] = [np.concatenate([np.zeros(0, _TYPES.get(name, np.float64)), *parts])]
        rows = _Rows(*(parts[0] for parts in self._columns.values()))
        numbers = {name: list(own) for name, own in self._numbers.items()}
        rows = _once(rows, numbers["run"])
        keys = sorted(numbers["key"])
        place = np.array([keys.index(key) for key in numbers["key"]], np.int32)
        rows.key = place[rows.key] if len(place) else rows.key
        found = PaidCalls(
            rows, keys, numbers["model"], numbers["family"], tuple(sorted(self._runs)), np.ones(len(rows.key))
        )
        _weigh(found)
        return found

    def _taken(self, calls: pa.Table) -> _Rows:
        model, lane, purpose = coded(calls["model"]), coded(calls["lane"]), coded(calls["purpose"])
        decision, parent = hashed(calls["decision_id"]), hashed(calls["parent_call_id"])
        nothing = pa.chunked_array([pa.nulls(len(calls), pa.string())])
        document = calls["doc_id"] if "doc_id" in calls.column_names else nothing
        as_number = np.array(purpose.mapped(lambda p: PURPOSES.index(p) if p in PURPOSES else -1), np.int32)
        started = calls["started_at"].cast(pa.timestamp("us", "UTC")).cast(pa.int64())
        return _Rows(
            call=hashed(calls["call_id"]),
            parent=np.where(parent == _EMPTY, np.uint64(0), parent),
            decision=decision,
            document=hashed(document),
            key=self._keys(calls, model, lane),
            run=self._numbered("run", coded(calls["run_id"])),
            purpose=as_number[purpose.codes],
            model=self._numbered("model", model),
            family=self._numbered("family", coded(calls["family"])),
            half=_halves(calls),
            is_batch=lane.where("batch"),
            valid=flags(calls["valid"]),
            ran=floats(calls["propensity"], 0.0),
            judged=floats(calls["judge_propensity"], 0.0),
            dollars=measured(calls),
            seconds=floats(calls["latency_s"]),
            started_us=np.asarray(pc.fill_null(started, -1).to_numpy(), np.int64),
        )

    def _numbered(self, what: str, column: Coded) -> Narrow:
        """Return a column as numbers that are the same for all tables."""
        known = self._numbers[what]
        numbers = column.mapped(lambda value: known.setdefault(value, len(known)))
        return np.array(numbers, np.int32)[column.codes]

    def _keys(self, calls: pa.Table, model: Coded, lane: Coded) -> Narrow:
        role = coded(calls["role"])
        context = [coded(calls[column]) for column in self._settings.context]
        number, examples = combined(*((c.codes, len(c.values)) for c in (role, *context, model, lane)))

        def key(row: int) -> Key:
            named = "/".join(str(column.values[column.codes[row]] or UNKNOWN) for column in context)
            arm = arm_name(model.values[model.codes[row]], lane.values[lane.codes[row]] or "sync")
            return Key(role.values[role.codes[row]], named, arm)

        return self._numbered("key", Coded(number, [key(row) for row in examples.tolist()]))


def check_columns(table: pa.Table, columns: Sequence[str], name: str) -> None:
    """See that a table has columns.

    Raises:
        TableError: it lacks one.
    """
    missing = [column for column in columns if column not in table.column_names]
    if missing:
        raise TableError(f"table {name} lacks {', '.join(missing)}; read it with its declared schema")


def _once(rows: _Rows, runs: list[str]) -> _Rows:
    """Return every call once: as the last run has it, by the order of the runs' ids."""
    order = np.argsort(rows.call, kind="stable")
    is_same = np.diff(rows.call[order]) == 0
    if not is_same.any():
        return rows
    rank = np.argsort(np.argsort([run or "" for run in runs]))
    order = np.lexsort((rank[rows.run], rows.call))
    kept = np.sort(order[np.append(np.diff(rows.call[order]) != 0, True)])
    return _Rows(*(getattr(rows, field.name)[kept] for field in fields(_Rows)))


def _halves(calls: pa.Table) -> Flags:
    """Return the half of the evidence that each row is of, by a hash of its decision, or of the call without one."""
    half = np.zeros(len(calls), np.bool_)
    start = 0
    for batch in calls.select(["decision_id", "call_id"]).to_batches(max_chunksize=_AT_ONCE):
        decisions, names = (batch.column(k).cast(pa.binary()).to_pylist() for k in (0, 1))
        own = [zlib.crc32(d or name or b"") & 1 for d, name in zip(decisions, names, strict=True)]
        half[start : start + len(own)] = own
        start += len(own)
    return half


def _weigh(paid: PaidCalls) -> None:
    """Give every answer its weight: 1, but less for many answers of one arm about one document in one run."""
    rows = paid.rows
    counted = np.flatnonzero(paid.is_answer & (rows.document != 0))
    about = also_hashed(rows.document[counted], rows.key[counted], rows.run[counted])
    order = np.argsort(about)
    starts = np.flatnonzero(np.append(True, np.diff(about[order]) != 0)[: len(about)])
    sizes = np.diff(np.append(starts, len(about)))
    for k in np.flatnonzero(sizes > MOST_OF_DOCUMENT).tolist():
        paid.weight[counted[order[starts[k] : starts[k] + sizes[k]]]] = MOST_OF_DOCUMENT / sizes[k]


_EMPTY = hashed(pa.chunked_array([[""]]))[0]
_AT_ONCE = 65_536  # ids that are Python objects at one time
_TYPES: dict[str, Any] = {
    **dict.fromkeys(("call", "parent", "decision", "document"), np.uint64),
    **dict.fromkeys(("key", "run", "purpose", "model", "family"), np.int32),
    **dict.fromkeys(("half", "is_batch", "valid"), np.bool_),
    "started_us": np.int64,
}
