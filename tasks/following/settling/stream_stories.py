"""The stories of streams' topics: of earlier nights, of the date's nightly runs, and of the other streams."""

import time
from collections import defaultdict
from collections.abc import Sequence, Set
from datetime import date
from pathlib import Path

import numpy as np

from nightdesk.tasks.calling.answers.database import Database
from nightdesk.tasks.config.sections.stories import StorySettings
from nightdesk.tasks.reorganizing.ids.links import rule_of
from nightdesk.tasks.reorganizing.joining.packed import is_comparable
from nightdesk.tasks.reorganizing.stories import KnownStories, KnownTopics, Mark, relate

LOOK_EVERY_S = 600.0  # at what other runs have published for the date meanwhile


class StreamStories:
    """Gives topics of streams their stories at first sight, for one date. Used from one thread."""

    def __init__(self, out: Path, run_date: date, db: Database, settings: StorySettings | None = None) -> None:
        self._db, self._day, self._settings = db, run_date, settings or StorySettings()
        self._published = KnownTopics(out, run_date)
        self._known: KnownStories | None = None
        self._looked = 0.0
        self._rows: dict[str, list[int]] = defaultdict(list)  # doc_id -> its topics among the known ones

    def begin(self, doc_id: str, topic_ids: Sequence[str], marks: Sequence[Mark], language: str) -> list[str]:
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
            rules = [rule_of(self._settings, language)] * len(topic_ids)
            names = relate(topic_ids, [doc_id] * len(topic_ids), marks, known, rules, has={doc_id: has})
        finally:
            known.scales[own] = scales
        self._add(doc_id, marks, names)
        return names

    def _look(self) -> KnownStories:
        now = time.monotonic()
        if self._known is not None and now - self._looked < LOOK_EVERY_S:
            return self._known
        saved = self._saved() if self._known is None else {}
        self._known, self._looked = self._published.besides(frozenset([*self._rows, *saved])), now
        for doc_id, topics in saved.items():
            self._add(doc_id, [mark for mark, _ in topics], [story for _, story in topics])
        return self._known

    def _saved(self) -> dict[str, list[tuple[Mark, str]]]:
        """Return the topics of this date's streams as an earlier process left them: (mark, story) of each."""
        found: dict[str, list[tuple[Mark, str]]] = defaultdict(list)
        for doc_id, vector, story, kind, terms in self._db.rows(
            "SELECT doc_id, vector, story_id, json_extract(value, '$.vector_kind'), "
            "json_extract(value, '$.terms') FROM stream_topics WHERE doc_id IN "
            "(SELECT doc_id FROM documents WHERE date = ?) ORDER BY doc_id, number",
            [self._day.isoformat()],
        ):
            if is_comparable(kind):
                found[doc_id].append((Mark(bytes(vector), bytes.fromhex(terms) if terms is not None else None), story))
        return found

    def _add(self, doc_id: str, marks: Sequence[Mark], stories: Sequence[str]) -> None:
        known = self._look()
        first = len(known.story_ids)
        known.add(marks, stories)
        self._rows[doc_id] += range(first, first + len(marks))
