"""Published rows of `calls` and `judgements` as the learner reads them: checked, chosen, repairs charged."""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nightdesk.role_rl.arms import Arm, Settings, arm_name
from nightdesk.role_rl.errors import TableError
from nightdesk.role_rl.judges import LABELS, may_judge
from nightdesk.role_rl.sufficient_stats import Key

CALLS = (
    "run_id", "call_id", "parent_call_id", "decision_id", "profile", "role", "language", "model", "family", "lane",
    "purpose", "propensity", "judge_propensity", "from_cache", "valid", "cost_usd", "latency_s", "started_at",
)  # fmt: skip
RESERVED = "reserved_usd"
"""In the column `usage` (JSON): dollars of `cost_usd` that were set aside for an answer that never came."""
JUDGEMENTS = ("call_id", "judge", "judge_family", "accuracy", "weight", "cost_usd", "control")
OPTIONAL = ("usage", "doc_id")  # read where the table has it
MOST_OF_DOCUMENT = 25
"""Answers about one document that teach a night's full weight of an arm; more of them share this weight.

The answers of one document are alike, and whoever writes a document can write a long one.
"""
LEAST_USD = 1e-8  # below it, a cost less its reserve is nothing but rounding
Row = dict[str, Any]


def rows_of_profile(calls: pa.Table, columns: Sequence[str], settings: Settings) -> pa.Table:
    _check_columns(calls, columns, "calls")
    return calls.select(list(columns)).filter(pc.equal(calls["profile"], settings.profile))


def without_runs(calls: pa.Table, learned: Collection[str]) -> pa.Table:
    known = pa.array(sorted(learned), calls["run_id"].type)
    return calls.filter(pc.invert(pc.is_in(calls["run_id"], known)))


def rows_of(table: pa.Table, columns: Sequence[str]) -> list[Row]:
    lists = [table[column].to_pylist() for column in columns]  # much faster than row by row
    return [dict(zip(columns, values, strict=True)) for values in zip(*lists, strict=True)]


def _check_columns(table: pa.Table, columns: Sequence[str], name: str) -> None:
    missing = [column for column in columns if column not in table.column_names]
    if missing:
        raise TableError(f"table {name} lacks {', '.join(missing)}; read it with its declared schema")


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
    serving = {row["decision_id"]: name for name, row in sorted(answers.items()) if row["purpose"] == "serve"}
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
    _check_columns(judgements, JUDGEMENTS, "judgements")
    found: defaultdict[str, dict[str, Row]] = defaultdict(dict)
    rows = rows_of(judgements, JUDGEMENTS)
    pool = {arm.model: arm for arm in arms}
    for row in sorted(rows, key=lambda row: (row["call_id"], row["judge"] or "", row["accuracy"] or 0.0)):
        answer = judged.get(row["call_id"])
        accuracy, weight = row["accuracy"], 1.0 if row["weight"] is None else row["weight"]
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
            found[row["call_id"]][judge] = {**row, "weight": weight}
    return {name: [given[judge] for judge in sorted(given)] for name, given in found.items()}


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


UNKNOWN = "und"
"""Stands for a language, or another column of the context, that a row does not name."""
