"""What the nights before had of a night's stories; no more than the last seven are asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nightdesk.tasks.edition.reading.columns import Numbers, Topics, earlier_topics_of
from nightdesk.tasks.reorganizing.stories import NIGHTS

_SAME = ["story_id", "title", "sentences"]  # a topic that is equal in these is the same text, told again

_BETWEEN = pa.scalar("\0", pa.large_string())


@dataclass(frozen=True, slots=True)
class Earlier:
    """For each topic the last earlier night that had its story, as a number of `dates`, or -1; and if that is no news.

    is_old: an earlier night had the topic as it is: a text that was read again, or copied. has_nights: there is one.
    """

    night: Numbers
    dates: Sequence[date]
    is_old: NDArray[np.bool_]
    has_nights: bool

    def since(self, topic: int) -> date | None:
        """Return the last earlier night that had the story of a topic."""
        night = int(self.night[topic])
        return self.dates[night] if night >= 0 else None


def earlier(out: Path, run_date: date, topics: Topics) -> Earlier:
    """Look for the stories of a night in the nights before it."""
    dates = [run_date - timedelta(days=n) for n in range(1, NIGHTS + 1)]
    night = np.full(len(topics.story_id), -1, np.int32)
    is_old = np.zeros(len(topics.story_id), np.bool_)
    has_nights = False
    for k, day in enumerate(dates):
        before = earlier_topics_of(out, day, _SAME)
        has_nights = has_nights or len(before) > 0
        had = pc.is_in(topics.story_id, pc.unique(before["story_id"])).to_numpy(zero_copy_only=False)
        if not had.any():
            continue
        night[had & (night < 0)] = k
        before = before.filter(pc.is_in(before["story_id"], topics.story_id))
        where = np.flatnonzero(had & ~is_old)
        told_now = pa.table({name: getattr(topics, name) for name in _SAME}).take(pa.array(where))
        is_old[where] = pc.is_in(_as_one(told_now), _as_one(before)).to_numpy()
    return Earlier(night, dates, is_old, has_nights)


def _as_one(topics: pa.Table) -> pa.ChunkedArray:
    """Return what makes topics the same as one text each."""
    return pc.binary_join_element_wise(*(topics[name].cast(pa.large_string()) for name in _SAME), _BETWEEN)
