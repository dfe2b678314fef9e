"""Sentences set in stories, sections and paragraphs, by sorting columns."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from nightdesk.tasks.config.profile import UNPLACED
from nightdesk.tasks.edition.reading.columns import Numbers, Passages, Topics
from nightdesk.tasks.edition.reading.ranking import Places, Standing, bounds_of, changes, ranked_stories

PARAGRAPH = 5  # sentences at most


@dataclass(frozen=True, slots=True)
class Arranged:
    """The placed sentences as stories tell them, in the order of the page.

    rows: of Passages, in the order of the page. stories, sections, paragraphs: where in `rows` each begins, and last
    where all end. topics: numbers of Topics, story by story, most sentences first; told: where in `topics` each story
    begins, and the end. topic_sentences: of each topic. documents, sources: how many tell each story.
    """

    rows: Places
    stories: Places
    sections: Places
    paragraphs: Places
    topics: Places
    told: Places
    topic_sentences: Places
    documents: Places
    sources: Places


def arrange(passages: Passages, topics: Topics, category_rank: Numbers, standing: Standing) -> Arranged:
    """Arrange a night's sentences. category_rank: for each category of `passages` its place, or -1 for UNPLACED."""
    rank = np.append(category_rank, -1).astype(np.int32)[passages.category]
    rows = _where((rank >= 0) & (passages.topic >= 0))
    rows = rows[_sorted(passages.position[rows], passages.topic[rows])]
    topic, position = passages.topic[rows], passages.position[rows]
    topic_sentences = np.bincount(topic, minlength=len(topics.topic_id)).astype(np.int64)
    begins = changes(topic)
    first_row = np.zeros(len(topics.topic_id), np.int32)
    first_row[topic[begins]] = rows[begins]
    ranked = ranked_stories(topics, topic_sentences, standing, lambda its: passages.text.take(pa.array(first_row[its])))
    told_topics, told = ranked.topics, ranked.told
    place = np.zeros(len(topics.topic_id), np.int32)  # of each topic
    place[told_topics] = np.arange(len(told_topics), dtype=np.int32)
    story = np.zeros(len(topics.topic_id), np.int32)
    story[told_topics] = np.repeat(np.arange(len(told) - 1, dtype=np.int32), np.diff(told))

    stretch = np.cumsum(changes(topic) | (np.diff(position, prepend=-1) != 1), dtype=np.int32)
    del position
    section = story[topic].astype(np.int64) * (len(category_rank) + 1) + rank[rows]
    del rank
    order = _sorted(place[topic], section)  # stable: sentences of a topic stay in the order of their document
    new_section = changes(section[order])
    del section, place
    new_group = new_section | changes(stretch[order])
    del stretch
    rows, topic = rows[order], topic[order]
    del order

    places = np.arange(len(rows), dtype=np.int32)
    begun = np.maximum.accumulate(np.where(new_group, places, np.int32(0))) if len(rows) else places
    return Arranged(
        rows,
        bounds_of(changes(story[topic])),
        bounds_of(new_section),
        bounds_of((places - begun) % PARAGRAPH == 0),
        told_topics,
        told,
        topic_sentences,
        ranked.documents,
        ranked.sources,
    )


def unplaced_groups(passages: Passages, by_place: Places) -> tuple[Places, Places]:
    """Return the rows that are unplaced, those of one document and reason together, and where each group begins.

    by_place: all rows, by document and position.
    """
    if UNPLACED not in passages.categories:
        return np.empty(0, np.int64), np.zeros(1, np.int64)
    rows = by_place[passages.category[by_place] == passages.categories.index(UNPLACED)]
    group = passages.document[rows].astype(np.int64) * (len(passages.reasons) + 1) + passages.reason[rows]
    _, first, inverse = np.unique(group, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))  # groups in the order of their first sentence
    order = np.argsort(rank[inverse], kind="stable")
    return rows[order], bounds_of(changes(rank[inverse][order]))


def most_common(numbers: Numbers, names: list[str], by_place: Places) -> list[tuple[str, int]]:
    """Return names by how often they occur, most first; equal ones as they first occur in the documents."""
    found, first, counts = np.unique(numbers[by_place], return_index=True, return_counts=True)
    order = np.lexsort((first, -counts))
    return [(names[found[k]], int(counts[k])) for k in order if found[k] >= 0]


def _where(is_it: NDArray[np.bool_]) -> Numbers:
    return np.flatnonzero(is_it).astype(np.int32)


def _sorted(*keys: NDArray[np.generic]) -> Numbers:
    """Return the order of some keys, the last of which counts most."""
    return np.lexsort(keys).astype(np.int32)
