"""A row of the table of growth: what was measured, its value, the goal, and whether that is met."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Rows = list[dict[str, Any]]
Case = Callable[[Path, Mapping[str, str]], Rows]


def at_most(what: str, value: float, goal: float) -> dict[str, Any]:
    """Return the row of a value that is to be no more than a goal."""
    return _row(what, value, f"<= {goal:g}", value <= goal)


def exactly(what: str, value: float, goal: float) -> dict[str, Any]:
    """Return the row of a value that is to be the goal."""
    return _row(what, value, f"{goal:g}", value == goal)


def told(what: str, value: float) -> dict[str, Any]:
    """Return the row of a value without a goal, which explains others."""
    return {"what": what, "value": float(value), "goal": "", "met": ""}


def _row(what: str, value: float, goal: str, is_met: bool) -> dict[str, Any]:
    return {"what": what, "value": float(value), "goal": goal, "met": "yes" if is_met else "no"}
