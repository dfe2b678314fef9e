"""Published calls and judgements -> what each arm did.

Only an arm's own first answer teaches (purpose serve or duel). Fallback and judge calls teach nothing about arms,
nor do rows from the answers' store. A repair says nothing about accuracy (its arm's answer was invalid: 0), but its
dollars and seconds are charged to the answer that needed it.

The samples are fair without reweighting: who runs and what is judged was drawn before any answer was seen, at rates
that are the same for all units of a role, language and version. One thing is not drawn: an invalid answer is noticed
always, a valid one's accuracy only if it is judged. Counting the two together would make an arm look worse the less
it is judged. So they are kept apart: validity over all answers, accuracy over the judged valid ones, and
accuracy = P(valid) * (accuracy if valid).
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from role_rl.arms import Arm, Settings, arm_name
from role_rl.board import may_judge
from role_rl.errors import TableError
from role_rl.rewards import charged_seconds
from role_rl.tally import Key, Sums, Tally

CALLS = (
    "run_id", "call_id", "parent_call_id", "decision_id", "profile", "role", "language", "model", "family", "lane",
    "purpose", "from_cache", "valid", "cost_usd", "latency_s", "started_at",
)  # fmt: skip
JUDGEMENTS = ("call_id", "judge", "judge_family", "accuracy", "weight", "control")
UNKNOWN_LANGUAGE = "und"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What new runs taught.

    tallies: one per role, language and arm that answered. run_ids: the runs that were new, sorted, also those that
    taught nothing. night: the UTC date (ISO) of the last call, "" if no row taught anything.
    """

    tallies: dict[Key, Tally]
    run_ids: tuple[str, ...]
    night: str


def gather(
    calls: pa.Table, judgements: pa.Table, arms: Sequence[Arm], settings: Settings, learned: Collection[str] = ()
) -> Evidence:
    """Read the rows of this profile's runs that are not in `learned`. The order of rows changes nothing.

    calls, judgements: tables with at least the columns CALLS and JUDGEMENTS (section 5 of the design).

    Raises:
        TableError: a column is missing.
    """
    rows = [
        row
        for row in sorted(_rows(calls, CALLS, "calls"), key=lambda row: (row["call_id"], row["run_id"]))
        if row["profile"] == settings.profile and row["run_id"] not in learned
    ]
    paid = {row["call_id"]: row for row in rows if not row["from_cache"]}
    answers = {name: row for name, row in paid.items() if row["purpose"] in ("serve", "duel")}
    repairs = _repairs(paid, answers)
    accuracies = _accuracies(judgements, answers, arms)

    groups: defaultdict[Key, list[str]] = defaultdict(list)
    for name, row in answers.items():
        groups[Key(row["role"], row["language"] or UNKNOWN_LANGUAGE, arm_name(row["model"], _lane(row)))].append(name)
    tallies = {}
    for key, names in sorted(groups.items()):
        costs = [_total("cost_usd", answers[name], repairs.get(name, ())) for name in names]
        delays = [_total("latency_s", answers[name], repairs.get(name, ())) for name in names]
        lane = _lane(answers[names[0]])
        cells: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
        for name in names:
            for judge, accuracy, weight in accuracies.get(name, ()):
                cells[judge].append((accuracy, weight))
        tallies[key] = Tally(
            answers=float(len(names)),
            valid=float(sum(bool(answers[name]["valid"]) for name in names)),
            cost=Sums.of((cost, 1.0) for cost in costs if cost is not None),
            seconds=Sums.of((charged_seconds(lane, delay, settings), 1.0) for delay in delays if delay is not None),
            judged={judge: Sums.of(cell) for judge, cell in sorted(cells.items())},
        )
    night = max((str(row["started_at"])[:10] for row in answers.values() if row["started_at"]), default="")
    return Evidence(tallies, tuple(sorted({row["run_id"] for row in rows})), night)


def _rows(table: pa.Table, columns: Sequence[str], name: str) -> list[dict[str, Any]]:
    missing = [column for column in columns if column not in table.column_names]
    if missing:
        raise TableError(f"table {name} lacks {', '.join(missing)}; read it with its declared schema")
    rows: list[dict[str, Any]] = table.select(list(columns)).to_pylist()
    return rows


def _lane(row: Mapping[str, Any]) -> str:
    return row["lane"] or "sync"


def _total(column: str, answer: Mapping[str, Any], repairs: Iterable[Mapping[str, Any]]) -> float | None:
    """An answer's value with those of its repairs; None if its own is not known."""
    return None if answer[column] is None else math.fsum([answer[column], *(row[column] or 0.0 for row in repairs)])


def _repairs(paid: dict[str, dict[str, Any]], answers: dict[str, dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Repair rows by the call_id of the answer that they repair."""
    serving = {row["decision_id"]: name for name, row in sorted(answers.items()) if row["purpose"] == "serve"}
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
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


def _accuracies(
    judgements: pa.Table, answers: dict[str, dict[str, Any]], arms: Sequence[Arm]
) -> dict[str, list[tuple[str, float, float]]]:
    """call_id -> (judge, accuracy, weight) of the judgements that count, the weights of one answer summing to 1."""
    found: defaultdict[str, dict[str, tuple[float, float]]] = defaultdict(dict)
    rows = _rows(judgements, JUDGEMENTS, "judgements")
    for row in sorted(rows, key=lambda row: (row["call_id"], row["judge"] or "", row["accuracy"] or 0.0)):
        answer = answers.get(row["call_id"])
        accuracy, weight = row["accuracy"], 1.0 if row["weight"] is None else row["weight"]
        if answer is None or not answer["valid"] or row["control"] or accuracy is None:
            continue
        if not (0.0 <= accuracy <= 1.0 and 0.0 < weight < math.inf):
            continue
        if may_judge(row["judge"] or "", row["judge_family"] or "", answer["model"], answer["family"], arms):
            found[row["call_id"]][row["judge"]] = (accuracy, weight)
    shared = {}
    for name, given in found.items():
        total = math.fsum(weight for _, weight in given.values())
        shared[name] = [(judge, accuracy, weight / total) for judge, (accuracy, weight) in sorted(given.items())]
    return shared
