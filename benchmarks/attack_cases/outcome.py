"""What an attack is, and what it reports."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """expected and seen: what should and what did happen, in a few words; right: whether it achieved nothing."""

    expected: str
    seen: str
    right: bool


Attack = Callable[[Path], Outcome]
"""Performs an attack in an empty folder of its own, which is removed afterwards."""
