"""What `nightdesk follow --print` says: a line for every sentence that is settled.

The category comes first, in its colour, then the stream, the topic and the sentence. What is not for a terminal has no
colours and no width: it may be read by a program.
"""

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from nightdesk.tasks.config.profile import UNPLACED
from nightdesk.tasks.following.settling.settled import Settled
from nightdesk.tasks.safety.printable import printable

COLOURS = (34, 33, 35, 32, 36, 31, 94, 95)  # of categories, in their order: codes of SGR that any terminal knows
FAINT, BOLD = "2", "1"
NARROW = 60  # columns: on a terminal that has fewer, stream and topic are left out
LEAST = 20  # columns that a line has however narrow the terminal is
MOST = 4_000  # characters of a line
_RESET = "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Look:
    """How lines are shown. width: in columns, 0: as long as they are."""

    is_coloured: bool = False
    width: int = 0


def look_of(stream: TextIO, environment: Mapping[str, str]) -> Look:
    """Return how lines are shown where a stream leads: a terminal has a width, and colour but for NO_COLOR."""
    if not stream.isatty():
        return Look()
    is_coloured = not environment.get("NO_COLOR") and environment.get("TERM", "") not in ("", "dumb")
    return Look(is_coloured, max(LEAST, shutil.get_terminal_size().columns))


def settled_lines(settled: Iterable[Settled], categories: Sequence[str], look: Look = Look()) -> Iterator[str]:
    """Yield a line for every sentence of what was settled, without a line end: fit for any terminal.

    categories: those of the profile, in order; each has its colour.
    """
    longest = max(map(len, (*categories, UNPLACED)))
    for its in settled:
        stream = its.doc_id.rpartition("@")[0] or its.doc_id
        for row in its.passages:
            category, topic = row["category"], row["topic"] or row["reason"] or ""
            yield _line(
                [
                    (f"{printable(category):{longest}}", _colour(category, categories)),
                    (printable(stream), BOLD),
                    (printable(topic), FAINT),
                    (printable(row["text"]), ""),
                ],
                look,
            )


def _colour(category: str, categories: Sequence[str]) -> str:
    return str(COLOURS[categories.index(category) % len(COLOURS)]) if category in categories else FAINT


def _line(fields: list[tuple[str, str]], look: Look) -> str:
    """Return fields, each with the code of its colour, as one line; on a narrow terminal stream and topic go first."""
    if look.width:
        fields = _fitted(fields, look.width)
    shown = [f"\x1b[{code}m{text}{_RESET}" if look.is_coloured and code and text else text for text, code in fields]
    return "  ".join(shown).rstrip()


def _fitted(fields: list[tuple[str, str]], width: int) -> list[tuple[str, str]]:
    from rich.cells import cell_len

    (category, hue), (stream, bold), (topic, faint), text = fields
    if width < NARROW:
        kept = [(category[: width // 3], hue), text]
    else:
        kept = [(category, hue), (_cut(stream, width // 6), bold), (_cut(topic, width // 4), faint), text]
    left = width - sum(cell_len(t) + 2 for t, _ in kept[:-1])
    return [*kept[:-1], (_cut(text[0], left), text[1])]


def _cut(text: str, width: int) -> str:
    """Return a text that takes at most so many columns; a Chinese character takes two."""
    from rich.cells import cell_len, set_cell_size

    text = text[:MOST]
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(0, width - 1)).rstrip() + "…"
