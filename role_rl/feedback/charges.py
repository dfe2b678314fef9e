"""What an answer cost: its own dollars and seconds, and those of the repairs that it needed."""

import json
from collections import defaultdict
from math import fsum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nightdesk.role_rl.feedback.columns import Floats, Ints, floats, found_at
from nightdesk.role_rl.feedback.rows import PaidCalls

RESERVED = "reserved_usd"
"""In the column `usage` (JSON): dollars of `cost_usd` that were set aside for an answer that never came."""
LEAST_USD = 1e-8  # below it, a cost less its reserve is nothing but rounding


def measured_dollars(cost: float | None, usage: str | None) -> float | None:
    """Return what a call was measured to cost, without reserves; None where it has no measured cost.

    None counts for nothing, so that what is expected of the arm stays the mean of its answered calls.
    """
    if cost is None or f'"{RESERVED}"' not in (usage or ""):
        return cost
    try:
        measured = cost - float(json.loads(usage or "")[RESERVED])
    except (ValueError, TypeError, KeyError):
        return None
    return measured if measured > LEAST_USD else None


def charged(paid: PaidCalls) -> tuple[Floats, Floats]:
    """Return dollars and seconds of every call, those of answers with their repairs'; nan: its own are not known."""
    dollars, seconds = _measured(paid.rows), paid.seconds.copy()
    repairs: defaultdict[int, list[int]] = defaultdict(list)
    for repair, answer in _repairs(paid):
        repairs[answer].append(repair)
    own = dollars.copy(), seconds.copy()
    for answer, its in repairs.items():
        for total, given in zip((dollars, seconds), own, strict=True):
            total[answer] = fsum([given[answer], *np.nan_to_num(given[its]).tolist()])
    return dollars, seconds


def _measured(rows: pa.Table) -> Floats:
    dollars = floats(rows["cost_usd"]).copy()
    if "usage" not in rows.column_names:
        return dollars
    has_reserve = pc.fill_null(pc.match_substring(rows["usage"], f'"{RESERVED}"'), False)
    for row in np.flatnonzero(has_reserve.to_numpy()).tolist():
        measured = measured_dollars(rows["cost_usd"][row].as_py(), rows["usage"][row].as_py())
        dollars[row] = np.nan if measured is None else measured
    return dollars


def _repairs(paid: PaidCalls) -> list[tuple[int, int]]:
    """Return each repair with the answer that it repairs. The repair of a fallback belongs to no arm."""
    is_repair, is_answer = paid.purpose.where("repair"), paid.is_answer
    repairs = np.flatnonzero(is_repair)
    if not len(repairs):
        return []
    named = paid.rows["parent_call_id"].take(pa.array(repairs)).combine_chunks()
    parent = dict(zip(repairs.tolist(), found_at(named, paid.ids).tolist(), strict=True))
    has_parent = dict(zip(repairs.tolist(), map(bool, named.to_pylist()), strict=True))
    serving: dict[int, int] | None = None
    found = []
    for repair in repairs.tolist():
        root, seen = repair, {repair}
        while is_repair[root] and parent[root] >= 0 and parent[root] not in seen:
            root = parent[root]
            seen.add(root)
        if is_answer[root]:
            found.append((repair, root))
        elif is_repair[root] and not has_parent[root]:  # without a parent it belongs to the decision's drawn arm
            serving = first_answers(paid, np.flatnonzero(paid.purpose.where("serve"))) if serving is None else serving
            if (answer := serving.get(int(paid.decision[root]))) is not None:
                found.append((repair, answer))
    return found


def first_answers(paid: PaidCalls, rows: Ints) -> dict[int, int]:
    """Return the row of each decision among some rows; where a decision has several, that of the last call's name."""
    decisions = paid.decision[rows]
    if len(np.unique(decisions)) < len(decisions):
        names = paid.rows["call_id"].take(pa.array(rows)).combine_chunks()
        rows = rows[pc.sort_indices(names).to_numpy()]
    return dict(zip(paid.decision[rows].tolist(), rows.tolist(), strict=True))
