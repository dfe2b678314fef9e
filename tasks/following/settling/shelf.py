"""What is looked up in the journal of one document: too much to keep in memory of a stream that never ends.

How often each sentence stands in it (by which topics are named), the titles of its topics, and its silent topics.
"""

import json
from collections.abc import Iterable, Sequence

from nightdesk.tasks.calling.answers.database import Database
from nightdesk.tasks.following.settling.open_topics import OpenTopic
from nightdesk.tasks.reorganizing.ids.first_sight import digest, sentence_names

_MOST_VALUES = 500  # of one query


class Shelf:
    """Looks up what the journal knows of one document, and holds what is not saved yet."""

    def __init__(self, db: Database, doc_id: str) -> None:
        self._db, self._doc_id = db, doc_id
        self.counts: dict[str, int] = {}  # digest -> sentences that have it; to be saved
        self._titles: set[str] = set()

    def names(self, texts: Sequence[str]) -> list[str]:
        """Name the next sentences of the document (see first_sight.sentence_names), and count them.

        Raises:
            StoreError: the journal cannot be read.
        """
        digests = sorted({digest(text) for text in texts} - self.counts.keys())
        for k in range(0, len(digests), _MOST_VALUES):
            some = digests[k : k + _MOST_VALUES]
            rows = self._db.rows(
                f"SELECT digest, count FROM stream_names WHERE doc_id = ? AND digest IN ({_marks(some)})",
                [self._doc_id, *some],
            )
            self.counts.update((str(name), int(count)) for name, count in rows)
        return sentence_names(texts, self.counts)

    def __contains__(self, title: object) -> bool:
        """Tell whether a topic of the document has this title."""
        if title in self._titles:
            return True
        query = "SELECT 1 FROM stream_topics WHERE doc_id = ? AND title = ?"
        return bool(self._db.rows(query, [self._doc_id, title]))

    def take_titles(self, titles: Iterable[str]) -> None:
        """Keep titles from being given again."""
        self._titles.update(titles)

    def topics(self, topic_ids: Sequence[str]) -> list[OpenTopic]:
        """Read topics back.

        Raises:
            StoreError: the journal cannot be read.
        """
        rows = self._db.rows(
            f"SELECT value, vector FROM stream_topics WHERE doc_id = ? AND topic_id IN ({_marks(topic_ids)}) "
            "ORDER BY number",
            [self._doc_id, *topic_ids],
        )
        return [OpenTopic(**json.loads(value), vector=bytes(vector)) for value, vector in rows]

    def saved(self) -> None:
        """Take note that what was held is in the journal."""
        self.counts.clear()
        self._titles.clear()


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values))
