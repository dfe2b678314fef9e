"""The sentences before and after others in their document, found in columns and read when a page shows them."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from nightdesk.tasks.edition.night import Beside
from nightdesk.tasks.edition.reading.arranged import Arranged
from nightdesk.tasks.edition.reading.columns import Numbers, Passages
from nightdesk.tasks.edition.reading.ranking import Places

_NONE = -1


class Neighbours:
    """Rows of Passages by document and position.

    by_place: all rows, by document and position. documents: how many there are.
    """

    def __init__(self, passages: Passages, by_place: Numbers, documents: int) -> None:
        self._passages, self._by_place = passages, by_place
        self._begins = np.searchsorted(passages.document[by_place], np.arange(documents + 1))

    def rows(self, documents: Places, positions: Places) -> Numbers:
        """Return the row at each position of each document; -1 where the document has none."""
        places = self._begins[documents] + positions - 1
        is_there = (positions >= 1) & (places < self._begins[documents + 1])
        rows: Numbers = np.where(is_there, self._by_place[np.where(is_there, places, 0)], _NONE).astype(np.int32)
        return rows

    def text_at(self, document: int, position: int) -> str:
        """Return the text of a sentence, or nothing if the document has none there."""
        row = int(self.rows(np.array([document]), np.array([position]))[0])
        return self.text(row) if row != _NONE else ""

    def text(self, row: int) -> str:
        """Return the text of a row."""
        return str(self._passages.text[row].as_py())


class BesideParagraphs:
    """What stands before and after each paragraph of a night."""

    def __init__(self, passages: Passages, arranged: Arranged, neighbours: Neighbours) -> None:
        a, self._neighbours = arranged, neighbours
        story = np.full(len(passages.document), _NONE, np.int32)
        story[a.rows] = np.repeat(np.arange(len(a.stories) - 1, dtype=np.int32), np.diff(a.stories))
        self._before = self._beside(passages, a.rows[a.paragraphs[:-1]], story, -1)
        self._after = self._beside(passages, a.rows[a.paragraphs[1:] - 1], story, 1)

    def between(self, start: int, end: int) -> list[tuple[Beside | None, Beside | None]]:
        """Return what stands before and after each of some paragraphs that follow each other."""
        before, after = (self._made(*side, start, end) for side in (self._before, self._after))
        return list(zip(before, after, strict=True))

    def _beside(self, passages: Passages, rows: Places, story: Numbers, step: int) -> tuple[Numbers, NDArray[np.bool_]]:
        found = self._neighbours.rows(passages.document[rows], passages.position[rows] + step)
        return found, (found != _NONE) & (story[found] == story[rows])

    def _made(self, rows: Numbers, is_in_story: NDArray[np.bool_], start: int, end: int) -> list[Beside | None]:
        its = zip(rows[start:end].tolist(), is_in_story[start:end].tolist(), strict=True)
        return [Beside(inside, partial(self._neighbours.text, row)) if row != _NONE else None for row, inside in its]
