"""One version of what was learned, and its JSON.

The schema's number stands in the file, and only that schema is read: files of earlier ones are rewritten by the
migration of OUT before the learner sees them (tasks.tables.state_upgrades).
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from nightdesk.role_rl.judges import Pair
from nightdesk.role_rl.sampling import Plan
from nightdesk.role_rl.sufficient_stats import Halves, Key, NightStats, Sums, Tally, Weighed

SCHEMA = 4


@dataclass(frozen=True, slots=True)
class LearnerState:
    """One version.

    version: 1, 2, ...; 0 stands for "no version yet: priors". previous: the version it was made from, None for the
    first. created_at: UTC, ISO. reason: one line for people. from_run_ids: runs that this version learned from. What
    any version up to it has learned from must not teach again. learned_before: further runs of which that holds, in
    versions of schema 2, which named all of them. night: UTC date of the last call learned from.
    tallies: what is remembered; halves: the same, of each half of the decisions. pairs: what doubly judged answers
    said of two judges. decisions: of a usual night, by (role, context); began: the night that first had any.
    likeness: how alike a duel's answers are (`feedback.Remembered`). memory: what else the strategy keeps, as JSON.
    plans: (role, context) -> how decisions are drawn.
    """

    version: int
    profile: str
    created_at: str
    reason: str
    strategy: str = "posterior"
    previous: int | None = None
    from_run_ids: tuple[str, ...] = ()
    learned_before: tuple[str, ...] = ()
    night: str = ""
    tallies: Mapping[Key, Tally] = field(default_factory=dict)
    plans: Mapping[tuple[str, str], Plan] = field(default_factory=dict)
    halves: Halves = ({}, {})
    pairs: Mapping[Pair, Sums] = field(default_factory=dict)
    decisions: Mapping[tuple[str, str], float] = field(default_factory=dict)
    began: Mapping[tuple[str, str], str] = field(default_factory=dict)
    likeness: Mapping[tuple[str, str], Sums] = field(default_factory=dict)
    memory: Mapping[str, Any] = field(default_factory=dict)


def timestamp(moment: datetime) -> str:
    """A moment as the state keeps it: UTC, ISO, whole seconds. A moment without a zone is taken as UTC."""
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.isoformat(timespec="seconds")


def to_json(state: LearnerState) -> str:
    """The document of a version, the same text for the same state."""
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "version": state.version,
        "previous": state.previous,
        "profile": state.profile,
        "created_at": state.created_at,
        "reason": state.reason,
        "strategy": state.strategy,
        "night": state.night,
        "from_run_ids": list(state.from_run_ids),
        "learned_before": list(state.learned_before),
        "plans": [
            {
                "role": role,
                "context": context,
                "weights": dict(plan.weights),
                "judge_rate": plan.judge_rate,
                "duel_rate": plan.duel_rate,
                "challengers": dict(plan.challengers),
            }
            for (role, context), plan in sorted(state.plans.items())
        ],
        "decisions": [[*context, n] for context, n in sorted(state.decisions.items())],
        "began": [[*context, night] for context, night in sorted(state.began.items())],
        "likeness": [[*context, *_sums_out(sums)] for context, sums in sorted(state.likeness.items())],
        "memory": state.memory,
        "pairs": [[*pair, *_sums_out(sums)] for pair, sums in sorted(state.pairs.items())],
        "tallies": tallies_out(state.tallies),
        "halves": [tallies_out(half) for half in state.halves],
    }
    lists = {"plans", "tallies", "decisions", "began", "pairs", "likeness"}
    lines = []
    for name in sorted(document):  # a line for each plan and tally: for people, and for diff
        if name in lists and document[name]:
            items = ",\n  ".join(_text_of(item) for item in document[name])
            lines.append(f'"{name}": [\n  {items}\n ]')
        else:
            lines.append(f'"{name}": {_text_of(document[name])}')
    return "{\n " + ",\n ".join(lines) + "\n}\n"


def _text_of(value: Any) -> str:
    return json.dumps(value, sort_keys=True, allow_nan=False)


def from_json(text: str) -> LearnerState:
    """The state of a document of this schema.

    Raises:
        KeyError, ValueError, TypeError, AttributeError: it is not such a document.
    """
    document = json.loads(text)
    if (schema := document["schema"]) != SCHEMA:
        raise ValueError(f"its schema is {schema!r}, this program reads {SCHEMA}; see `nightdesk migrate`")
    previous = document["previous"]
    return LearnerState(
        version=int(document["version"]),
        previous=None if previous is None else int(previous),
        profile=_text(document["profile"]),
        created_at=_text(document["created_at"]),
        reason=_text(document["reason"]),
        strategy=_text(document["strategy"]),
        night=_text(document["night"]),
        from_run_ids=tuple(map(_text, document["from_run_ids"])),
        learned_before=tuple(map(_text, document["learned_before"])),
        plans={(_text(plan["role"]), _text(plan["context"])): _plan_in(plan) for plan in document["plans"]},
        tallies=tallies_in(document["tallies"]),
        halves=_halves_in(document["halves"]),
        pairs={(_text(one), _text(other)): Sums(*map(_finite, sums)) for one, other, *sums in document["pairs"]},
        likeness={(_text(role), _text(own)): Sums(*map(_finite, sums)) for role, own, *sums in document["likeness"]},
        decisions={(_text(role), _text(own)): _number(n) for role, own, n in document["decisions"]},
        began={(_text(role), _text(own)): _text(night) for role, own, night in document["began"]},
        memory=dict(document["memory"]),
    )


def tallies_out(tallies: Mapping[Key, Tally]) -> list[dict[str, Any]]:
    """Return tallies as JSON holds them."""
    return [
        {
            **key._asdict(),
            "answers": tally.answers,
            "valid": tally.valid,
            "cost": _sums_out(tally.cost),
            "seconds": _sums_out(tally.seconds),
            "judged": {judge: _sums_out(cell) for judge, cell in tally.judged.items()},
            "nights": list(tally.nights.values),
            "logged": [list(weighed.values) for weighed in tally.logged],
        }
        for key, tally in sorted(tallies.items())
    ]


def tallies_in(document: list[dict[str, Any]]) -> dict[Key, Tally]:
    """Return the tallies that `tallies_out` made JSON of.

    Raises:
        KeyError, ValueError, TypeError, AttributeError: it is not such JSON.
    """
    return {
        Key(_text(tally["role"]), _text(tally["context"]), _text(tally["arm"])): Tally(
            answers=_number(tally["answers"]),
            valid=_number(tally["valid"]),
            cost=_sums_in(tally["cost"]),
            seconds=_sums_in(tally["seconds"]),
            judged={judge: _sums_in(cell) for judge, cell in tally["judged"].items()},
            nights=NightStats(*map(_finite, tally["nights"])),
            logged=_logged_in(tally["logged"]),
        )
        for tally in document
    }


def _halves_in(document: list[list[dict[str, Any]]]) -> Halves:
    first, second = map(tallies_in, document)
    return first, second


def _logged_in(document: list[list[float]]) -> tuple[Weighed, Weighed, Weighed]:
    accuracy, dollars, seconds = (Weighed(*map(_number, values)) for values in document)
    return accuracy, dollars, seconds


def _plan_in(document: Mapping[str, Any]) -> Plan:
    weights = {name: _number(share) for name, share in document["weights"].items()}
    challengers = {name: _number(share) for name, share in document["challengers"].items()}
    rates = _number(document["judge_rate"]), _number(document["duel_rate"])
    if not weights or min(weights.values()) <= 0 or abs(math.fsum(weights.values()) - 1) > 1e-6 or max(rates) > 1:
        raise ValueError("a plan's weights or rates are no probabilities")
    if not set(challengers) <= set(weights):
        raise ValueError("a challenger has no weight")
    return Plan(weights, *rates, challengers)


def _sums_out(sums: Sums) -> list[float]:
    return [sums.n, sums.total, sums.squares]


def _sums_in(values: list[float]) -> Sums:
    n, total, squares = values
    return Sums(_number(n), _finite(total), _number(squares))


def _finite(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} stands where a number belongs")
    return float(value)


def _number(value: Any) -> float:
    if _finite(value) < 0:
        raise ValueError(f"{value!r} stands where a number of at least 0 belongs")
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} stands where text belongs")
    return value
