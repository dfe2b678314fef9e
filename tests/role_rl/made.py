"""Versions of what was learned, made by hand."""

from dataclasses import replace

from nightdesk.role_rl.sampling import Plan
from nightdesk.role_rl.state import LearnerState
from nightdesk.role_rl.sufficient_stats import Key, Sums, Tally


def some(version: int, **changes: object) -> LearnerState:
    plan = Plan({"a": 0.9, "b": 0.1}, 0.02, 0.01, {"a": 0.9, "b": 0.1})
    tallies = {Key("r", "en", "a"): Tally(1.5, 1.0, Sums(1, 2, 3), Sums(), {"b": Sums(1, 0.5, 0.25)})}
    state = LearnerState(
        version, "news", "2026-03-01T02:00:00+00:00", "because", tallies=tallies, plans={("r", "en"): plan}
    )
    return replace(state, **changes)  # type: ignore[arg-type]
