"""What judges said of answers: the judgements that count, and what they make together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from nightdesk.role_rl.arms import Arm
from nightdesk.role_rl.feedback.columns import (
    Coded,
    Flags,
    Floats,
    Ints,
    coded,
    exact_sum,
    flags,
    floats,
    found_at,
    grouped,
    hashed,
)
from nightdesk.role_rl.feedback.rows import PaidCalls, check_columns
from nightdesk.role_rl.judges import LABELS, Pair, may_judge
from nightdesk.role_rl.sufficient_stats import Sums

JUDGEMENTS = ("call_id", "judge", "judge_family", "accuracy", "weight", "cost_usd", "control")


@dataclass(slots=True)
class Grades:
    """Judgements that count, sorted by answer and judge; the arrays have an element for each.

    call: the row of the answer. judge: its number in `judges`, which are sorted. share: of an answer's judgements,
    which sum up to 1. grades: the judgements that teach (of a control item, those of its labels), as rows of these.
    """

    judges: list[str]
    call: Ints
    judge: Ints
    accuracy: Floats
    share: Floats
    grades: Ints

    def means(self, calls: int) -> Floats:
        """Return what the grades of each call make together; nan for calls without any."""
        found = np.full(calls, np.nan)
        own = self.grades
        if len(own):
            starts = np.flatnonzero(np.append(True, np.diff(self.call[own]) != 0))
            found[self.call[own][starts]] = np.add.reduceat(self.accuracy[own] * self.share[own], starts)
        return found


def heard(judgements: pa.Table, paid: PaidCalls, arms: Sequence[Arm]) -> Grades:
    """Return the judgements of paid calls that count, one for each answer and judge.

    Raises:
        TableError: a column is missing.
    """
    check_columns(judgements, JUDGEMENTS, "judgements")
    if not len(paid):
        judgements = judgements.slice(0, 0)
    judge = coded(judgements["judge"])
    accuracy, weight = floats(judgements["accuracy"]), floats(judgements["weight"], 1.0)
    call = found_at(hashed(judgements["call_id"]), paid.rows.call)
    with np.errstate(invalid="ignore"):
        counts = (call >= 0) & (accuracy >= 0) & (accuracy <= 1) & (weight > 0) & (weight < np.inf)
    # Only an answer to a control item is judged by its labels, and nothing else of such an item is an answer.
    is_control = paid.is_for("judge")
    is_known = (is_control | paid.is_answer) & paid.rows.valid
    counts &= is_known[call] & (flags(judgements["control"]) == is_control[call])
    counts &= _may_judge(judgements, judge, paid, call, counts, arms)

    judges = sorted({name or "" for name in judge.values})
    place = {name: k for k, name in enumerate(judges)}
    number = np.array(judge.mapped(lambda name: place[name or ""]), np.int64)[judge.codes]
    rows = np.flatnonzero(counts)
    rows = rows[np.lexsort((weight[rows], accuracy[rows], number[rows], call[rows]))]
    call, number, accuracy, weight = _once_each(call[rows], number[rows], accuracy[rows], weight[rows])
    teaches = ~is_control[call] | (number == place.get(LABELS, -1))
    own = np.flatnonzero(teaches)
    share = np.zeros(len(rows))
    if len(own):
        starts = np.flatnonzero(np.append(True, np.diff(call[own]) != 0))
        totals = np.add.reduceat(weight[own], starts)
        share[own] = weight[own] / np.repeat(totals, np.diff(np.append(starts, len(own))))
    return Grades(judges, call, number, accuracy, share, own)


def _once_each(call: Ints, judge: Ints, accuracy: Floats, weight: Floats) -> tuple[Ints, Ints, Floats, Floats]:
    """Return sorted judgements, what one judge said of one answer more than once as the mean of it.

    Any one of them that is picked by its value would bias the accuracy, and rows have no order of their own.
    """
    is_first = np.append(True, (np.diff(call) != 0) | (np.diff(judge) != 0))[: len(call)]
    if is_first.all():
        return call, judge, accuracy, weight
    starts = np.flatnonzero(is_first)
    times = np.diff(np.append(starts, len(call)))
    means = [np.add.reduceat(column, starts) / times for column in (accuracy, weight)]
    return call[starts], judge[starts], means[0], means[1]


def _may_judge(
    judgements: pa.Table, judge: Coded, paid: PaidCalls, call: Ints, asked: Flags, arms: Sequence[Arm]
) -> Flags:
    """Tell which of the judgements that are asked about are by a judge who may judge their answer."""
    pool = {arm.model: arm for arm in arms}
    family = coded(judgements["judge_family"])
    answer = [
        Coded(codes[call].astype(np.int64), names)
        for codes, names in ((paid.rows.model, paid.models), (paid.rows.family, paid.families))
    ]
    columns = (judge, family, *answer)
    rows = np.flatnonzero(asked)
    whole = np.zeros(len(rows), np.int64)
    for column in columns:
        whole = whole * len(column.values) + column.codes[rows]
    different, examples, number = np.unique(whole, return_index=True, return_inverse=True)
    verdicts = np.zeros(len(different), np.bool_)
    for k, example in enumerate(rows[examples].tolist()):  # a few of each pool, however many judgements there are
        who, whose, model, maker = (column.values[column.codes[example]] for column in columns)
        known = [pool[who]] if who in pool else []
        verdicts[k] = may_judge(who or "", whose or "", model, maker, known)
    allowed = np.zeros(len(asked), np.bool_)
    allowed[rows] = verdicts[number]
    return allowed


def pairs(given: Grades, weight: Floats) -> dict[Pair, Sums]:
    """By two judges (in the order of their names): sums of the differences between what they gave one answer.

    weight: of each call.
    """
    firsts, seconds = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    apart = 1
    while len(first := np.flatnonzero(given.call[:-apart] == given.call[apart:])):
        firsts.append(first)
        seconds.append(first + apart)
        apart += 1
    one, other = np.concatenate(firsts), np.concatenate(seconds)
    difference, counts = given.accuracy[one] - given.accuracy[other], weight[given.call[one]]
    size = len(given.judges)
    return {
        (given.judges[pair // size], given.judges[pair % size]): sums_of(difference[rows], counts[rows])
        for pair, rows in grouped(given.judge[one] * size + given.judge[other])
    }


def sums_of(x: Floats, w: Floats | None = None) -> Sums:
    """Return the sums of values, each with its weight (None: 1)."""
    if w is None:
        return Sums(float(len(x)), exact_sum(x), exact_sum(x * x))
    return Sums(exact_sum(w), exact_sum(w * x), exact_sum(w * x * x))
