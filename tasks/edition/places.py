"""Where the stories of a night of many pages stand, kept beside the pages, so that later nights can link to them.

editions/<date>/places-0001.parquet and so on: for each story a hash of its id (64 bits) and the number of its page.
"""

from array import array
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from nightdesk.tasks.edition.night import EditionStory
from nightdesk.tasks.edition.pagination import page_name
from nightdesk.tasks.reorganizing.stories import NIGHTS

FRONT = "index.html"
_ROWS = 150_000  # of a file, of 10 bytes each
_SCHEMA = pa.schema([("story", pa.int64()), ("page", pa.int32())])


class Places:
    """The page of each story, in the order of the stories. Page 0 is the front page."""

    def __init__(self) -> None:
        self._stories, self._pages = array("q"), array("l")

    def add(self, story_id: str, page: int) -> None:
        """Note where a story stands."""
        self._stories.append(_hash(story_id))
        self._pages.append(page)

    def page(self, number: int) -> int:
        """Return the page of a story, which is given by its number from 0."""
        return self._pages[number]

    def tables(self) -> Iterator[tuple[str, pa.Table]]:
        """Yield the files to write: their names and what they hold."""
        whole = pa.table([np.array(self._stories, np.int64), np.array(self._pages, np.int32)], schema=_SCHEMA)
        for number, start in enumerate(range(0, len(whole), _ROWS), 1):
            yield f"places-{number:04}.parquet", whole.slice(start, _ROWS)


class EarlierPages:
    """Where the stories of earlier nights stand."""

    def __init__(self, editions: Path) -> None:
        self._editions = editions
        self._night = lru_cache(NIGHTS)(self._read)

    def of(self, story: EditionStory) -> str:
        """Return the name of the page of the earlier night that had a story; nothing if that has no edition."""
        if story.since is None or (night := self._night(story.since)) is None:
            return ""
        stories, pages = night
        wanted = _hash(story.story_id)
        at = int(np.searchsorted(stories, wanted))
        return story_page(int(pages[at])) if at < len(stories) and stories[at] == wanted else FRONT

    def _read(self, run_date: date) -> tuple[NDArray[np.int64], NDArray[np.int32]] | None:
        folder = self._editions / run_date.isoformat()
        if not (folder / FRONT).exists():
            return None
        try:
            found = [pq.read_table(file, schema=_SCHEMA) for file in sorted(folder.glob("places-*.parquet"))]
        except (OSError, pa.ArrowException):  # somebody else's file: the links lead to the front page
            found = []
        rows = pa.concat_tables([_SCHEMA.empty_table(), *found])
        order = np.argsort(rows["story"].to_numpy())
        return rows["story"].to_numpy()[order], rows["page"].to_numpy()[order]


def story_page(number: int) -> str:
    """Return the name of a page of stories; 0 is the front page."""
    return page_name("stories", number) if number else FRONT


def _hash(story_id: str) -> int:
    return int.from_bytes(blake2b(story_id.encode("utf-8", "replace"), digest_size=8).digest(), "big", signed=True)
