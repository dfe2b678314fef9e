"""Published calls and judgements -> what each arm did.

Only an arm's own first answer teaches (purpose serve or duel). Fallback and judge calls teach nothing about arms,
nor do rows from the answers' store. A repair says nothing about accuracy (its arm's answer was invalid: 0), but its
dollars and seconds are charged to the answer that needed it. One exception: a control item, a labelled chunk of our
own, is answered as a judge's call, and what its labels say of the answer (judge LABELS) counts as a judgement.

The samples are fair without reweighting: who runs and what is judged was drawn before any answer was seen, at rates
that are the same for all units of a role, language and version. One thing is not drawn: an invalid answer is noticed
always, a valid one's accuracy only if it is judged. Counting the two together would make an arm look worse the less
it is judged. So they are kept apart: validity over all answers, accuracy over the judged valid ones, and
accuracy = P(valid) * (accuracy if valid).

A duel's two answers are to one question, and a hard question makes both look worse. The second one's accuracy is
therefore taken less b times what the first one's was above what is remembered of its arm: a control variate, whose mean
is zero (Owen 2013, 8.9), so that it takes scatter away and adds no bias. b is the slope of the one on the other in the
duels so far (`Remembered`).

Answers about one document weigh no more than MOST_OF_DOCUMENT of them (`weights_of`), because it may be long, or tell
models what to answer. Dollars and seconds are not weighed, because they were spent.

Evidence is kept in two halves, by a hash of the decision, so that a change of the weights that one half asks for can
be tested on the other (`offpolicy.safety_gate`).
"""

import math
import zlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from nightdesk.role_rl.arms import Arm, Settings, arm_name
from nightdesk.role_rl.feedback_rows import (
    CALLS,
    OPTIONAL,
    Row,
    _key,
    charge_repairs,
    context_of,
    heard_of,
    rows_of,
    rows_of_profile,
    shared_grades,
    weights_of,
    without_runs,
)
from nightdesk.role_rl.judges import Pair
from nightdesk.role_rl.rewards import charged_seconds
from nightdesk.role_rl.sufficient_stats import Halves, Key, NightStats, Sums, Tally, Weighed

Values = list[tuple[float, float]]
Shared = tuple[str, float, float]  # judge, accuracy, weight


@dataclass(frozen=True, slots=True)
class Step:
    """One decision as the published rule wants it: what its arms earned, the serving one first."""

    context: tuple[str, str]
    rewards: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is known already: mean accuracies of arms, and by role and context how much alike a duel's answers are.

    likeness: sums of x^2 (n), x y (total) and y^2 (squares) over duels, x and y being what the accuracies of the first
    and the second answer were above their arms' means.
    """

    means: Mapping[Key, float] = field(default_factory=dict)
    likeness: Mapping[tuple[str, str], Sums] = field(default_factory=dict)

    def slope(self, context: tuple[str, str]) -> float:
        """b, in [0, 1]; 0 until duels show it."""
        known = self.likeness.get(context, Sums())
        return min(1.0, max(0.0, known.total / (known.n + UNLIKE)))


UNLIKE = 0.2
"""Sum of x^2 of duels with nothing in common (some five) that those seen must outweigh."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What new runs taught.

    tallies: one per role, language and arm that answered; halves: the same, of each half of the decisions. pairs:
    differences of two judges of one answer. steps: judged decisions in the order of their calls. decisions: how many
    there were, by role and language. likeness: of duels (`Remembered`). run_ids: the runs that were new, sorted, also
    those that taught nothing. night: the UTC date (ISO) of the last call, "" if no row taught anything.
    """

    tallies: Mapping[Key, Tally]
    halves: Halves
    run_ids: tuple[str, ...]
    night: str
    pairs: dict[Pair, Sums] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    decisions: dict[tuple[str, str], int] = field(default_factory=dict)
    likeness: dict[tuple[str, str], Sums] = field(default_factory=dict)


def gather(
    calls: pa.Table,
    judgements: pa.Table,
    arms: Sequence[Arm],
    settings: Settings,
    learned: Collection[str] = (),
    remembered: Remembered | None = None,
) -> Evidence:
    """Read the rows of this profile's runs that are not in `learned`. The order of rows changes nothing.

    calls, judgements: tables with at least the columns CALLS and JUDGEMENTS (section 5 of the design).

    Raises:
        TableError: a column is missing.
    """
    optional = (c for c in OPTIONAL if c in calls.column_names)
    columns = (*CALLS, *optional, *(c for c in settings.context if c not in CALLS))
    ours = without_runs(rows_of_profile(calls, columns, settings), learned)
    run_ids = tuple(sorted(set(ours["run_id"].to_pylist())))
    rows = sorted(rows_of(ours, columns), key=lambda row: (row["call_id"], row["run_id"]))
    paid = {row["call_id"]: row for row in rows if not row["from_cache"]}
    answers = {name: row for name, row in paid.items() if row["purpose"] in ("serve", "duel")}
    judged = {**answers, **{name: row for name, row in paid.items() if row["purpose"] == "judge"}}
    heard = heard_of(judgements, judged, arms)
    charge_repairs(paid, answers)

    known = remembered or Remembered()
    duels = _duels(answers, heard, settings)
    ease = {d[2]: known.slope(d[0][:2]) * (d[1] - known.means[d[0]]) for d in duels if d[0] in known.means}
    weights = weights_of(answers, settings)
    first, second = (defaultdict[Key, _Cell](_Cell) for _ in range(2))
    for name, row in judged.items():
        given = shared_grades(heard.get(name, ()), control=row["purpose"] == "judge")
        if row["purpose"] == "judge" and not given:
            continue
        key = _key(row, settings)
        half = second if zlib.crc32((row["decision_id"] or name).encode()) & 1 else first
        half[key].add(row, given, ease.get(name, 0.0), settings, weights.get(name, 1.0))
    whole = {key: first[key].joined(second[key]) for key in {*first, *second}}
    night = max((row["started_at"] for row in answers.values() if row["started_at"]), default=None)
    return Evidence(
        tallies=_tallies(whole),
        halves=(_tallies(first), _tallies(second)),
        run_ids=run_ids,
        night=str(night)[:10] if night else "",
        pairs=_pairs(heard, weights),
        steps=_steps(answers, heard, settings) if settings.strategy == "q-learning" else (),
        decisions=_decisions(answers, settings),
        likeness=_likeness(duels, known),
    )


class _Cell:
    """What one arm did, as it is gathered."""

    def __init__(self) -> None:
        self.answers = self.valid = 0.0
        self.cost: list[float] = []
        self.seconds: list[float] = []
        self.judged: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
        self.nights: defaultdict[str, list[float]] = defaultdict(list)
        self.logged: tuple[Values, Values, Values] = ([], [], [])

    def add(self, row: Row, given: Sequence[Shared], ease: float, settings: Settings, counts: float) -> None:
        for judge, accuracy, weight in given:
            self.judged[judge].append((accuracy - ease, weight * counts))
        mean = math.fsum(accuracy * weight for _, accuracy, weight in given)
        if given:
            self.nights[row["run_id"]].append(mean - ease)
        if row["purpose"] == "judge":
            return
        self.answers += counts
        self.valid += counts * bool(row["valid"])
        seconds = None if row["seconds"] is None else charged_seconds(row["lane"] or "sync", row["seconds"], settings)
        ran, judged = row["propensity"] or 0.0, row["judge_propensity"] or 0.0
        self.cost += [] if row["dollars"] is None else [row["dollars"]]
        self.seconds += [] if seconds is None else [seconds]
        if ran > 0:
            accuracies, dollars, delays = self.logged
            if not row["valid"]:
                accuracies.append((0.0, counts / ran))
            elif given and judged > 0:
                accuracies.append((mean, counts / (ran * judged)))
            if row["dollars"] is not None:
                dollars.append((row["dollars"], 1 / ran))
            if seconds is not None:
                delays.append((seconds, 1 / ran))

    def joined(self, other: "_Cell") -> "_Cell":
        """What two disjoint parts did together."""
        both = _Cell()
        for part in (self, other):
            both.answers += part.answers
            both.valid += part.valid
            both.cost += part.cost
            both.seconds += part.seconds
            for judge, cell in part.judged.items():
                both.judged[judge] += cell
            for night, accuracies in part.nights.items():
                both.nights[night] += accuracies
            for own, values in zip(both.logged, part.logged, strict=True):
                own.extend(values)
        return both

    def tally(self) -> Tally:
        accuracy, dollars, delays = map(Weighed.of, self.logged)
        return Tally(
            answers=self.answers,
            valid=self.valid,
            cost=Sums.of((x, 1.0) for x in self.cost),
            seconds=Sums.of((x, 1.0) for x in self.seconds),
            judged={judge: Sums.of(cell) for judge, cell in sorted(self.judged.items())},
            nights=NightStats.of(self.nights.values()),
            logged=(accuracy, dollars, delays),
        )


def _tallies(cells: Mapping[Key, _Cell]) -> dict[Key, Tally]:
    return {key: cells[key].tally() for key in sorted(cells) if cells[key].answers or cells[key].judged}


def _pairs(heard: Mapping[str, Sequence[Row]], weights: Mapping[str, float]) -> dict[Pair, Sums]:
    """By two judges (in the order of their names): sums of the differences between what they gave one answer."""
    found: defaultdict[Pair, list[tuple[float, float]]] = defaultdict(list)
    for name, given in heard.items():
        for k, one in enumerate(given):
            for other in given[k + 1 :]:
                apart = one["accuracy"] - other["accuracy"]
                found[one["judge"], other["judge"]].append((apart, weights.get(name, 1.0)))
    return {pair: Sums.of(values) for pair, values in sorted(found.items())}


def _steps(answers: dict[str, Row], heard: Mapping[str, Sequence[Row]], settings: Settings) -> tuple[Step, ...]:
    """Decisions all of whose answers have a reward (judged, or invalid), in the order of their calls."""
    decisions: defaultdict[str, list[Row]] = defaultdict(list)
    for row in answers.values():
        decisions[row["decision_id"]].append(row)
    steps = []
    for name, rows in decisions.items():
        rewards = []
        for row in sorted(rows, key=lambda row: (row["purpose"] != "serve", row["call_id"])):
            given = shared_grades(heard.get(row["call_id"], ()), control=False)
            if row["valid"] and not given:
                break
            accuracy = math.fsum(a * w for _, a, w in given) if row["valid"] else 0.0
            delay = charged_seconds(row["lane"] or "sync", row["seconds"] or 0.0, settings)
            worth = settings.v * accuracy - settings.k_cost * (row["dollars"] or 0.0) - settings.k_time * delay
            rewards.append((arm_name(row["model"], row["lane"] or "sync"), worth))
        else:
            begun = min(str(row["started_at"] or "") for row in rows)
            steps.append((begun, name, Step((rows[0]["role"], context_of(rows[0], settings)), tuple(rewards))))
    return tuple(step for _, _, step in sorted(steps, key=lambda s: s[:2]))


Duel = tuple[Key, float, str, Key, float]
"""Arm and accuracy of the first answer; call, arm and accuracy of the second."""


def _duels(answers: Mapping[str, Row], heard: Mapping[str, Sequence[Row]], settings: Settings) -> list[Duel]:
    """Duels both of whose answers were judged."""
    means = {
        name: math.fsum(accuracy * weight for _, accuracy, weight in shared_grades(heard[name], control=False))
        for name in answers
        if name in heard
    }
    first = {answers[name]["decision_id"]: name for name in means if answers[name]["purpose"] == "serve"}
    found = []
    for name in sorted(means):
        row = answers[name]
        other = first.get(row["decision_id"])
        if row["purpose"] == "duel" and other is not None:
            found.append((_key(answers[other], settings), means[other], name, _key(row, settings), means[name]))
    return found


def _likeness(duels: Sequence[Duel], known: Remembered) -> dict[tuple[str, str], Sums]:
    apart: defaultdict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for key, accuracy, _, other, second in duels:
        if key in known.means and other in known.means:
            apart[key[:2]].append((accuracy - known.means[key], second - known.means[other]))
    return {
        context: Sums(
            math.fsum(x * x for x, _ in pairs), math.fsum(x * y for x, y in pairs), math.fsum(y * y for _, y in pairs)
        )
        for context, pairs in sorted(apart.items())
    }


def _decisions(answers: Mapping[str, Row], settings: Settings) -> dict[tuple[str, str], int]:
    names: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for row in answers.values():
        names[row["role"], context_of(row, settings)].add(row["decision_id"])
    return {context: len(found) for context, found in sorted(names.items())}
