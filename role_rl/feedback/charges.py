"""What an answer cost: its own dollars and seconds, and those of the repairs that it needed."""

from collections import defaultdict
from math import fsum

import numpy as np

from nightdesk.role_rl.feedback.columns import Floats, Ints, found_at
from nightdesk.role_rl.feedback.rows import PaidCalls


def charged(paid: PaidCalls) -> tuple[Floats, Floats]:
    """Return dollars and seconds of every call, those of answers with their repairs'; nan: its own are not known."""
    own = paid.rows.dollars, paid.rows.seconds
    dollars, seconds = (values.copy() for values in own)
    repairs: defaultdict[int, list[int]] = defaultdict(list)
    for repair, answer in _repairs(paid):
        repairs[answer].append(repair)
    which = sorted(repair for its in repairs.values() for repair in its)
    for total, given in zip((dollars, seconds), own, strict=True):
        added = dict(zip(which, np.nan_to_num(given[which]).tolist(), strict=True)) if which else {}
        for answer, its in repairs.items():
            total[answer] = fsum([float(given[answer]), *(added[repair] for repair in its)])
    return dollars, seconds


def _repairs(paid: PaidCalls) -> list[tuple[int, int]]:
    """Return each repair with the answer that it repairs. The repair of a fallback belongs to no arm."""
    is_repair, is_answer = paid.is_for("repair"), paid.is_answer
    repairs = np.flatnonzero(is_repair)
    if not len(repairs):
        return []
    parent = dict(zip(repairs.tolist(), found_at(paid.rows.parent[repairs], paid.rows.call).tolist(), strict=True))
    serving: dict[int, int] | None = None
    found = []
    for repair in repairs.tolist():
        root, seen = repair, {repair}
        while is_repair[root] and parent[root] >= 0 and parent[root] not in seen:
            root = parent[root]
            seen.add(root)
        if is_answer[root]:
            found.append((repair, root))
        elif is_repair[root] and not paid.rows.parent[root]:  # without a parent it belongs to the decision's drawn arm
            serving = first_answers(paid, np.flatnonzero(paid.is_for("serve"))) if serving is None else serving
            if (answer := serving.get(int(paid.rows.decision[root]))) is not None:
                found.append((repair, answer))
    return found


def first_answers(paid: PaidCalls, rows: Ints) -> dict[int, int]:
    """Return the row of each decision among some rows; of several, the same whatever the order of rows."""
    rows = rows[np.argsort(paid.rows.call[rows])]
    return dict(zip(paid.rows.decision[rows].tolist(), rows.tolist(), strict=True))
