"""Rows as section 5 of the design declares them, and a small world whose decisions the production code draws."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from nightdesk.role_rl.arms import Arm, Prior, Settings
from nightdesk.role_rl.judges import combined, judge_weights, panel
from nightdesk.role_rl.learner import learn, serving
from nightdesk.role_rl.sampling import Plan, decide
from nightdesk.role_rl.state import LearnerState

START = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)

CALL: dict[str, Any] = {
    "run_id": "run-1", "call_id": "c1", "parent_call_id": None, "decision_id": "d1", "profile": "news",
    "doc_id": "doc", "unit": "u", "role": "topic_finder", "language": "en", "model": "strong", "family": "a",
    "lane": "sync", "purpose": "serve", "served": True, "weights_version": 0, "eligible": ["strong", "cheap"],
    "propensity": 0.9, "judge_propensity": 0.1, "answer_key": "k", "from_cache": False, "valid": True,
    "accuracy": None, "judges": 0, "input_tokens": 1, "cached_tokens": 0, "output_tokens": 1, "cost_usd": 0.01,
    "latency_s": 1.0, "attempts": 1, "error": None, "started_at": START,
}  # fmt: skip
CALL_SCHEMA = pa.schema(
    [
        *[(name, pa.string()) for name in ("run_id", "call_id", "parent_call_id", "decision_id", "profile", "doc_id")],
        *[(name, pa.string()) for name in ("unit", "role", "language", "model", "family", "lane", "purpose")],
        ("served", pa.bool_()), ("weights_version", pa.int32()), ("eligible", pa.list_(pa.string())),
        ("propensity", pa.float64()), ("judge_propensity", pa.float64()), ("answer_key", pa.string()),
        ("from_cache", pa.bool_()), ("valid", pa.bool_()), ("accuracy", pa.float64()), ("judges", pa.int32()),
        ("input_tokens", pa.int64()), ("cached_tokens", pa.int64()), ("output_tokens", pa.int64()),
        ("cost_usd", pa.float64()), ("latency_s", pa.float64()), ("attempts", pa.int32()), ("error", pa.string()),
        ("started_at", pa.timestamp("us", tz="UTC")),
    ]
)  # fmt: skip
JUDGEMENT: dict[str, Any] = {
    "call_id": "c1", "judge": "third", "judge_family": "c", "accuracy": 0.8, "weight": 1.0, "cost_usd": 0.01,
    "control": False, "run_id": "run-1",
}  # fmt: skip
JUDGEMENT_SCHEMA = pa.schema(
    [
        *[(name, pa.string()) for name in ("call_id", "judge", "judge_family")],
        *[(name, pa.float64()) for name in ("accuracy", "weight", "cost_usd")],
        ("control", pa.bool_()), ("run_id", pa.string()),
    ]
)  # fmt: skip


def call_table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist([{**CALL, **row} for row in rows], schema=CALL_SCHEMA)


def judgement_table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist([{**JUDGEMENT, **row} for row in rows], schema=JUDGEMENT_SCHEMA)


@dataclass
class World:
    """True numbers per model: accuracy, dollars, seconds, share of valid answers; nights played with the product."""

    arms: tuple[Arm, ...]
    settings: Settings
    accuracy: dict[str, float]
    dollars: dict[str, float] = field(default_factory=dict)
    valid: dict[str, float] = field(default_factory=dict)
    offset: dict[str, float] = field(default_factory=dict)
    role: str = "topic_finder"
    language: str = "en"
    seed: int = 1
    symmetric: bool = False  # two judges that give each other the same accuracy for a unit, whatever the truth

    def night(self, number: int, plan: Plan, decisions: int) -> tuple[pa.Table, pa.Table]:
        dice = random.Random(f"{self.seed}/{number}")
        by_name = {arm.name: arm for arm in self.arms}
        calls, judgements = [], []
        for unit in range(decisions):
            drawn = decide(("news", number, number, self.role, f"{self.seed}-{unit}"), plan)
            ease, agreement = dice.gauss(0, 0.1), dice.uniform(0.6, 0.9)
            for name in drawn.propensity:
                arm = by_name[name]
                call_id = f"{self.seed}-{number}-{unit}-{name}"
                valid = dice.random() < self.valid.get(arm.model, 1.0)
                usd = self.dollars.get(arm.model, 0.0)
                truth = min(1.0, max(0.0, dice.gauss(self.accuracy[arm.model] + ease, 0.1)))
                given = []
                rivals = [by_name[other] for other in drawn.propensity if other != name]
                for judge in panel(arm, self.arms, f"{number}-{unit}", 1, rivals) if drawn.judged and valid else ():
                    seen = agreement if self.symmetric else truth + self.offset.get(judge.model, 0.0)
                    given.append((judge, min(1.0, max(0.0, seen))))
                weights = judge_weights([judge.model for judge, _ in given])
                for judge, seen in given:
                    judgements.append(
                        {"call_id": call_id, "judge": judge.model, "judge_family": judge.family, "accuracy": seen,
                         "weight": weights[judge.model], "cost_usd": self.dollars.get(judge.model, 0.0),
                         "run_id": f"run-{number}"}
                    )  # fmt: skip
                calls.append(
                    {"run_id": f"run-{number}", "call_id": call_id, "decision_id": f"{number}-{unit}",
                     "doc_id": f"doc-{unit // 10}",
                     "role": self.role, "language": self.language, "model": arm.model, "family": arm.family,
                     "lane": arm.lane, "purpose": "serve" if name == drawn.arm else "duel", "valid": valid,
                     "cost_usd": usd, "latency_s": 0.1, "eligible": list(drawn.eligible),
                     "propensity": drawn.propensity[name], "judge_propensity": drawn.judge_propensity[name],
                     "accuracy": combined([seen for _, seen in given], [1.0] * len(given)), "judges": len(given),
                     "started_at": START + timedelta(days=number)}
                )  # fmt: skip
        return call_table(calls), judgement_table(judgements)

    def play(self, nights: int, decisions: int = 200, state: LearnerState | None = None) -> list[LearnerState]:
        states, first = [], state.version if state else 0
        for number in range(first + 1, first + nights + 1):
            plan = serving(state, self.arms, self.settings, self.role, self.language)
            calls, judgements = self.night(number, plan, decisions)
            moment = START + timedelta(days=number)
            state = learn(state, calls, judgements, self.arms, self.settings, created_at=moment)
            states.append(state)
        return states

    def plan(self, state: LearnerState | None) -> Plan:
        return serving(state, self.arms, self.settings, self.role, self.language)


@pytest.fixture(scope="session")
def calls_of() -> Callable[[Sequence[Mapping[str, Any]]], pa.Table]:
    return call_table


@pytest.fixture(scope="session")
def judgements_of() -> Callable[[Sequence[Mapping[str, Any]]], pa.Table]:
    return judgement_table


@pytest.fixture(scope="session")
def world() -> type[World]:
    return World


@pytest.fixture(scope="session")
def now() -> datetime:
    return START


@pytest.fixture(scope="session")
def settings() -> Settings:
    return Settings("news")


@pytest.fixture(scope="session")
def pool() -> tuple[Arm, ...]:
    """Three families that may judge each other, equally trusted."""
    return (
        Arm("strong", "a", prior=Prior(0.8, 40, 0.01, 0.1)),
        Arm("cheap", "b", prior=Prior(0.8, 40, 0.001, 0.1)),
        Arm("third", "c", prior=Prior(0.8, 40, 0.005, 0.1)),
    )


@pytest.fixture(scope="session")
def shipped() -> tuple[Arm, ...]:
    """The pool of the default profiles: two embedded models of known order and a baseline."""
    return (
        Arm("static", "wordllama", prior=Prior(0.95, 40)),
        Arm("lexical", "tfidf", prior=Prior(0.80, 40)),
        Arm("baseline", "baseline", prior=Prior(0.30, 40), judges=False),
    )
