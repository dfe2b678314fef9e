"""The stories of streams' topics: of earlier nights, of the date's nightly runs, and of the other streams."""

import time
from collections import defaultdict
from collections.abc import Sequence, Set
from datetime import date
from pathlib import Path

import numpy as np

from nightdesk.tasks.calling.answers.database import Database
from nightdesk.tasks.reorganizing.stories import KnownStories, KnownTopics, relate, unpack

LOOK_EVERY_S = 600.0  # at what other runs have published for the date meanwhile


class StreamStories:
    """Gives topics of streams their stories at first sight, for one date. Used from one thread."""

    def __init__(self, out: Path, run_date: date, db: Database) -> None:
        self._db, self._day = db, run_date
        self._published = KnownTopics(out, run_date)
        self._known: KnownStories | None = None
        self._looked = 0.0
        self._rows: dict[str, list[int]] = defaultdict(list)  # doc_id -> its topics among the known ones

    def begin(self, doc_id: str, topic_ids: Sequence[str], vectors: Sequence[bytes]) -> list[str]:
        """Return the stories of new topics of a document, and make them known to the other streams.

        Raises:
            StoreError: what is published cannot be read.
        """
        known = self._look()
        own = np.array(self._rows[doc_id], np.int64)
        has: Set[str] = {known.story_ids[row] for row in self._rows[doc_id]}
        scales = known.scales[own].copy()
        known.scales[own] = 0  # a story goes on in another document; within one, the relationship checker has spoken
        try:
            names = relate(topic_ids, [doc_id] * len(topic_ids), unpack(vectors), known, has={doc_id: has})
        finally:
            known.scales[own] = scales
        self._add(doc_id, vectors, names)
        return names

    def _look(self) -> KnownStories:
        now = time.monotonic()
        if self._known is not None and now - self._looked < LOOK_EVERY_S:
            return self._known
        saved = self._saved() if self._known is None else {}
        self._known, self._looked = self._published.besides(frozenset([*self._rows, *saved])), now
        for doc_id, topics in saved.items():
            self._add(doc_id, [vector for vector, _ in topics], [story for _, story in topics])
        return self._known

    def _saved(self) -> dict[str, list[tuple[bytes, str]]]:
        """Return the topics of this date's streams as an earlier process left them: vector and story of each."""
        found: dict[str, list[tuple[bytes, str]]] = defaultdict(list)
        for doc_id, vector, story in self._db.rows(
            "SELECT doc_id, vector, story_id FROM stream_topics WHERE doc_id IN "
            "(SELECT doc_id FROM documents WHERE date = ?) ORDER BY doc_id, number",
            [self._day.isoformat()],
        ):
            found[doc_id].append((bytes(vector), story))
        return found

    def _add(self, doc_id: str, vectors: Sequence[bytes], stories: Sequence[str]) -> None:
        known = self._look()
        first = len(known.story_ids)
        known.add(vectors, stories)
        self._rows[doc_id] += range(first, first + len(vectors))
