"""Dollars that were set aside for an answer that never came: they were paid, perhaps, and say nothing of an arm."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nightdesk.role_rl.feedback.columns import Floats, floats

RESERVED = "reserved_usd"
"""In the column `usage` (JSON): dollars of `cost_usd` that were set aside for an answer that never came."""
LEAST_USD = 1e-8  # below it, a cost less its reserve is nothing but rounding


def measured(calls: pa.Table) -> Floats:
    """Return what each call was measured to cost; nan where it has no measured cost."""
    dollars = floats(calls["cost_usd"])
    if "usage" not in calls.column_names:
        return dollars
    has_reserve = pc.fill_null(pc.match_substring(calls["usage"], f'"{RESERVED}"'), False)
    rows = np.flatnonzero(has_reserve.to_numpy()).tolist()
    if rows:
        dollars = dollars.copy()
    for row in rows:
        own = measured_dollars(calls["cost_usd"][row].as_py(), calls["usage"][row].as_py())
        dollars[row] = np.nan if own is None else own
    return dollars


def measured_dollars(cost: float | None, usage: str | None) -> float | None:
    """Return what a call was measured to cost, without reserves; None where it has no measured cost.

    None counts for nothing, so that what is expected of the arm stays the mean of its answered calls.
    """
    if cost is None or f'"{RESERVED}"' not in (usage or ""):
        return cost
    try:
        found = cost - float(json.loads(usage or "")[RESERVED])
    except (ValueError, TypeError, KeyError):
        return None
    return found if found > LEAST_USD else None
