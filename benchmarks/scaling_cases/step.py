"""A step whose time is measured at growing sizes of one hostile input."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """make: an input of about so many characters (or items); run: what is timed with it.

    start, most: the smallest and the largest size of the input that are tried.
    """

    name: str
    make: Callable[[int], Any]
    run: Callable[[Any], object]
    start: int = 2_000
    most: int = 4_000_000


Place = tuple[str, tuple[str, ...], Callable[[str, int], str]]
"""A file's name, the hostile pieces that concern it, and what writes n characters of one into it."""
