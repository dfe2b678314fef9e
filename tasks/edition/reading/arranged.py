"""Sentences set in stories, sections and paragraphs, by sorting columns."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nightdesk.tasks.config.profile import UNPLACED
from nightdesk.tasks.edition.reading.columns import Numbers, Passages, Topics

PARAGRAPH = 5  # sentences at most
Places = NDArray[np.signedinteger[Any]]  # rows are int32, because they are as many as sentences


@dataclass(frozen=True, slots=True)
class Arranged:
    """The placed sentences as stories tell them, the heaviest story first.

    rows: of Passages, in the order of the page. stories, sections, paragraphs: where in `rows` each begins, and last
    where all end. topics: numbers of Topics, story by story, most sentences first; told: where in `topics` each story
    begins, and the end. topic_sentences: of each topic. documents: how many tell each story.
    """

    rows: Places
    stories: Places
    sections: Places
    paragraphs: Places
    topics: Places
    told: Places
    topic_sentences: Places
    documents: Places


def arrange(passages: Passages, topics: Topics, category_rank: Numbers) -> Arranged:
    """Arrange a night's sentences. category_rank: for each category of `passages` its place, or -1 for UNPLACED."""
    rank = np.append(category_rank, -1).astype(np.int32)[passages.category]
    rows = _where((rank >= 0) & (passages.topic >= 0))
    topic_sentences = np.bincount(passages.topic[rows], minlength=len(topics.topic_id)).astype(np.int64)
    told_topics, told, documents = _stories(topics, topic_sentences)
    place = np.zeros(len(topics.topic_id), np.int32)  # of each topic
    place[told_topics] = np.arange(len(told_topics), dtype=np.int32)
    story = np.zeros(len(topics.topic_id), np.int32)
    story[told_topics] = np.repeat(np.arange(len(told) - 1, dtype=np.int32), np.diff(told))

    rows = rows[_sorted(passages.position[rows], passages.topic[rows])]
    topic, position = passages.topic[rows], passages.position[rows]
    stretch = np.cumsum(_changes(topic) | (np.diff(position, prepend=-1) != 1), dtype=np.int32)
    del position
    section = story[topic].astype(np.int64) * (len(category_rank) + 1) + rank[rows]
    del rank
    order = _sorted(place[topic], section)  # stable: sentences of a topic stay in the order of their document
    new_section = _changes(section[order])
    del section, place
    new_group = new_section | _changes(stretch[order])
    del stretch
    rows, topic = rows[order], topic[order]
    del order

    places = np.arange(len(rows), dtype=np.int32)
    begun = np.maximum.accumulate(np.where(new_group, places, np.int32(0))) if len(rows) else places
    return Arranged(
        rows,
        _bounds(_changes(story[topic])),
        _bounds(new_section),
        _bounds((places - begun) % PARAGRAPH == 0),
        told_topics,
        told,
        topic_sentences,
        documents,
    )


def _stories(topics: Topics, sentences: Places) -> tuple[Places, Places, Places]:
    """Return the topics that have sentences, story by story; where each story begins; how many documents tell it."""
    encoded = topics.story_id.dictionary_encode()
    story = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    its = np.flatnonzero(sentences)
    its = its[np.lexsort((its, topics.document[its], -sentences[its], story[its]))]
    bounds = _bounds(_changes(story[its]))
    if not len(its):
        return its, bounds, its
    starts = bounds[:-1]
    by_document = its[np.lexsort((topics.document[its], story[its]))]
    differs = _changes(story[by_document]) | _changes(topics.document[by_document])
    documents = np.add.reduceat(differs.astype(np.int64), starts)
    weight = np.add.reduceat(sentences[its], starts) * documents**2
    first = pa.array(its[starts])
    heaviest = pc.sort_indices(
        pa.table({"weight": weight, "title": topics.title.take(first), "id": topics.story_id.take(first)}),
        [("weight", "descending"), ("title", "ascending"), ("id", "ascending")],
    ).to_numpy()
    rank = np.empty(len(starts), np.int64)
    rank[heaviest] = np.arange(len(starts))
    its = its[np.argsort(np.repeat(rank, np.diff(bounds)), kind="stable")]
    return its, np.append(0, np.cumsum(np.diff(bounds)[heaviest])), documents[heaviest]


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
    return rows[order], _bounds(_changes(rank[inverse][order]))


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


def _changes(values: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Tell of each value whether it differs from the one before it; the first does."""
    changes = np.ones(len(values), np.bool_)
    changes[1:] = values[1:] != values[:-1]
    return changes


def _bounds(begins: NDArray[np.bool_]) -> Places:
    return np.append(np.flatnonzero(begins), len(begins))
