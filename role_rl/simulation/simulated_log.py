"""A night's rows as a run publishes them, for nights that are played and not run (`replay`, `simulate`)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from nightdesk.role_rl.arms import Arm, Settings
from nightdesk.role_rl.sampling import Decision

FIRST_NIGHT = datetime(2026, 1, 1, 2, 0, tzinfo=UTC)

CALLS = pa.schema(
    [
        *[(name, pa.string()) for name in ("run_id", "call_id", "parent_call_id", "decision_id", "profile", "role")],
        *[(name, pa.string()) for name in ("language", "model", "family", "lane", "purpose")],
        ("propensity", pa.float64()), ("judge_propensity", pa.float64()), ("from_cache", pa.bool_()),
        ("valid", pa.bool_()), ("cost_usd", pa.float64()), ("latency_s", pa.float64()),
        ("started_at", pa.timestamp("us", tz="UTC")),
    ]
)  # fmt: skip
JUDGEMENTS = pa.schema(
    [
        *[(name, pa.string()) for name in ("call_id", "judge", "judge_family")],
        *[(name, pa.float64()) for name in ("accuracy", "weight", "cost_usd")],
        ("control", pa.bool_()),
    ]
)  # fmt: skip


class Logbook:
    """One night: calls and judgements, in the order in which they happen."""

    def __init__(self, night: int, settings: Settings) -> None:
        self.night, self._profile = night, settings.profile
        self.begun = FIRST_NIGHT + timedelta(days=night)
        self._calls: list[dict[str, Any]] = []
        self._judgements: list[dict[str, Any]] = []

    def call(
        self,
        decision_id: str,
        context: tuple[str, str],
        arm: Arm,
        drawn: Decision | None,
        *,
        valid: bool,
        dollars: float,
        seconds: float,
        repairs: str | None = None,
    ) -> str:
        """Write a call down and return its id.

        drawn: the decision that it is an answer to (None: a repair, of the call `repairs`).
        """
        role, language = context
        purpose = "repair" if drawn is None else "serve" if arm.name == drawn.arm else "duel"
        call_id = f"{decision_id}-{arm.name}-{purpose}"
        row: Mapping[str, Any] = {
            "run_id": f"night-{self.night}", "call_id": call_id, "parent_call_id": repairs, "decision_id": decision_id,
            "profile": self._profile, "role": role, "language": language, "model": arm.model, "family": arm.family,
            "lane": arm.lane, "purpose": purpose, "propensity": drawn.propensity[arm.name] if drawn else None,
            "judge_propensity": drawn.judge_propensity[arm.name] if drawn else None, "from_cache": False,
            "valid": valid, "cost_usd": dollars, "latency_s": seconds,
            "started_at": self.begun + timedelta(milliseconds=len(self._calls)),
        }  # fmt: skip
        self._calls.append(dict(row))
        return call_id

    def judgement(self, call_id: str, judge: Arm, accuracy: float, weight: float, dollars: float) -> None:
        """Write one judge's view of a call down."""
        row = {"judge": judge.model, "judge_family": judge.family, "accuracy": accuracy, "weight": weight}
        self._judgements.append({"call_id": call_id, **row, "cost_usd": dollars, "control": False})

    def tables(self) -> tuple[pa.Table, pa.Table]:
        """Return calls and judgements as published tables."""
        return (
            pa.Table.from_pylist(self._calls, schema=CALLS),
            pa.Table.from_pylist(self._judgements, schema=JUDGEMENTS),
        )
