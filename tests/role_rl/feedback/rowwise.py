"""The sums of feedback, row by row: what the learner's arrays are held against."""

import json
import math
import zlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nightdesk.role_rl.arms import Arm, Settings, arm_name
from nightdesk.role_rl.feedback import Evidence, Remembered, Step
from nightdesk.role_rl.feedback.columns import hashed
from nightdesk.role_rl.feedback.grades import JUDGEMENTS
from nightdesk.role_rl.feedback.reserves import RESERVED
from nightdesk.role_rl.feedback.rows import CALLS, MOST_OF_DOCUMENT, OPTIONAL, UNKNOWN
from nightdesk.role_rl.judges import LABELS, Pair, may_judge
from nightdesk.role_rl.rewards import charged_seconds
from nightdesk.role_rl.sufficient_stats import Key, NightStats, Sums, Tally, Weighed

LEAST_USD = 1e-8  # below it, a cost less its reserve is nothing but rounding
Row = dict[str, Any]


def rows_of(table: pa.Table, columns: Sequence[str]) -> list[Row]:
    lists = [table[column].to_pylist() for column in columns]  # much faster than row by row
    return [dict(zip(columns, values, strict=True)) for values in zip(*lists, strict=True)]


def charge_repairs(paid: dict[str, Row], answers: dict[str, Row]) -> None:
    """Give every answer its dollars and seconds with those of its repairs; None where its own are not known."""
    for row in answers.values():
        row["dollars"], row["seconds"] = measured_dollars(row), row["latency_s"]
    for name, repairs in _repairs(paid, answers).items():
        row = answers[name]
        for total, column in (("dollars", "cost_usd"), ("seconds", "latency_s")):
            if row[total] is not None:
                given = (measured_dollars(repair) if total == "dollars" else repair[column] for repair in repairs)
                row[total] = math.fsum([row[total], *(value or 0.0 for value in given)])


def measured_dollars(row: Row) -> float | None:
    """Return what a call was measured to cost, without reserves; None where it has no measured cost.

    None counts for nothing, so that what is expected of the arm stays the mean of its answered calls.
    """
    cost: float | None = row["cost_usd"]
    usage = row.get("usage") or ""
    if cost is None or f'"{RESERVED}"' not in usage:
        return cost
    try:
        measured = cost - float(json.loads(usage)[RESERVED])
    except (ValueError, TypeError, KeyError):
        return None
    return measured if measured > LEAST_USD else None


def _repairs(paid: dict[str, Row], answers: dict[str, Row]) -> dict[str, list[Row]]:
    """Repair rows by the call_id of the answer that they repair."""
    serving = {row["decision_id"]: name for name, row in _in_order(answers) if row["purpose"] == "serve"}
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in paid.values():
        if row["purpose"] != "repair":
            continue
        root, seen = row, {row["call_id"]}
        while root["purpose"] == "repair" and root["parent_call_id"] in paid and root["parent_call_id"] not in seen:
            root = paid[root["parent_call_id"]]
            seen.add(root["call_id"])
        # Without a parent it belongs to the decision's drawn arm; the repair of a fallback belongs to no arm.
        name = root["call_id"] if root["call_id"] in answers else None
        if name is None and root["purpose"] == "repair" and not root["parent_call_id"]:
            name = serving.get(root["decision_id"])
        if name is not None:
            found[name].append(row)
    return found


def heard_of(judgements: pa.Table, judged: dict[str, Row], arms: Sequence[Arm]) -> dict[str, list[Row]]:
    """call_id -> the judgements of it that count, one per judge, in the order of the judges' names."""
    found: defaultdict[str, defaultdict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    rows = rows_of(judgements, JUDGEMENTS)
    pool = {arm.model: arm for arm in arms}
    for row in sorted(rows, key=lambda row: (row["call_id"], row["judge"] or "", row["accuracy"] or 0.0, _weight(row))):
        answer = judged.get(row["call_id"])
        accuracy, weight = row["accuracy"], _weight(row)
        if answer is None or not answer["valid"] or accuracy is None:
            continue
        if not (0.0 <= accuracy <= 1.0 and 0.0 < weight < math.inf):
            continue
        # Only an answer to a control item is judged by its labels, and nothing else of such an item is an answer.
        if bool(row["control"]) != (answer["purpose"] == "judge"):
            continue
        judge = row["judge"] or ""
        known = [pool[judge]] if judge in pool else []
        if may_judge(judge, row["judge_family"] or "", answer["model"], answer["family"], known):
            found[row["call_id"]][judge].append({**row, "weight": weight})
    return {name: [_mean_of(given[judge]) for judge in sorted(given)] for name, given in found.items()}


def _mean_of(rows: Sequence[Row]) -> Row:
    """What one judge said of one answer, however often."""
    means = {column: sum(row[column] for row in rows) / len(rows) for column in ("accuracy", "weight")}
    return {**rows[0], **means}


def shared_grades(given: Iterable[Row], control: bool) -> list[tuple[str, float, float]]:
    """(judge, accuracy, weight) of one answer's judgements, the weights summing to 1; of a control item, the labels."""
    rows = [row for row in given if not control or row["judge"] == LABELS]
    total = math.fsum(row["weight"] for row in rows)
    return [(row["judge"], row["accuracy"], row["weight"] / total) for row in rows]


def weights_of(answers: Mapping[str, Row], settings: Settings) -> dict[str, float]:
    """call_id -> what the answer weighs, in (0, 1]: 1, but less for many answers of one arm about one document."""
    about = {name: (_key(row, settings), row["run_id"], row.get("doc_id")) for name, row in answers.items()}
    sizes = Counter(about.values())
    return {
        name: 1.0 if which[2] is None else min(1.0, MOST_OF_DOCUMENT / sizes[which]) for name, which in about.items()
    }


def context_of(row: Mapping[str, Any], settings: Settings) -> str:
    """The context of a row beside its role: its language, and after a slash any further column of `context`."""
    return "/".join(str(row[column] or UNKNOWN) for column in settings.context)


def _key(row: Row, settings: Settings) -> Key:
    return Key(row["role"], context_of(row, settings), arm_name(row["model"], row["lane"] or "sync"))


def _weight(row: Row) -> float:
    return 1.0 if row["weight"] is None else float(row["weight"])


Values = list[tuple[float, float]]
Shared = tuple[str, float, float]  # judge, accuracy, weight


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
    ours = calls.filter(pc.equal(calls["profile"], settings.profile))
    ours = ours.filter(pc.invert(pc.is_in(ours["run_id"], pa.array(sorted(learned), pa.string()))))
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
        for row in sorted(rows, key=lambda row: (row["purpose"] != "serve", _order(row["call_id"]))):
            given = shared_grades(heard.get(row["call_id"], ()), control=False)
            if row["valid"] and not given:
                break
            accuracy = math.fsum(a * w for _, a, w in given) if row["valid"] else 0.0
            delay = charged_seconds(row["lane"] or "sync", row["seconds"] or 0.0, settings)
            worth = settings.v * accuracy - settings.k_cost * (row["dollars"] or 0.0) - settings.k_time * delay
            rewards.append((arm_name(row["model"], row["lane"] or "sync"), worth))
        else:
            begun = min(str(row["started_at"] or "") for row in rows)
            steps.append((begun, _order(name), Step((rows[0]["role"], context_of(rows[0], settings)), tuple(rewards))))
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
    first = {answers[name]["decision_id"]: name for name, _ in _in_order(means) if answers[name]["purpose"] == "serve"}
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


def _in_order(names: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Sort as the learner does where one of several is as good as another."""
    return sorted(names.items(), key=lambda named: _order(named[0]))


def _order(name: str | None) -> int:
    return int(hashed(pa.chunked_array([pa.array([name], pa.string())]))[0])
