"""The order of a night's stories.

By sources, because what several houses tell is the news of the night; then what has something new before what was told
word for word on an earlier night; then by length, in sentences. Products on sale stand after the news, and small talk,
which is one story a language, last. A join of two documents of one source raises nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nightdesk.tasks.edition.reading.columns import Numbers, Topics

Places = NDArray[np.signedinteger[Any]]  # rows are int32, because they are as many as sentences


@dataclass(frozen=True, slots=True)
class Standing:
    """What the rank of stories depends on beside their sentences.

    source: of each document, a number. tier: of each topic, how far back it stands (patter.py). is_old: of each topic,
    whether an earlier night had it as it is.
    """

    source: Numbers
    tier: NDArray[np.int8]
    is_old: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Ranked:
    """Stories in the order of the page.

    topics: numbers of Topics, story by story, most sentences first; told: where in `topics` each story begins, and the
    end. documents, sources: how many tell each.
    """

    topics: Places
    told: Places
    documents: Places
    sources: Places


def ranked_stories(
    topics: Topics, sentences: Places, standing: Standing, first_texts: Callable[[Places], pa.Array]
) -> Ranked:
    """Rank the stories that have sentences. sentences: of each topic; first_texts: returns the first one of some."""
    story = topics.story_id.dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)
    its = np.flatnonzero(sentences)
    its = its[np.lexsort((its, topics.document[its], -sentences[its], story[its]))]
    bounds = bounds_of(changes(story[its]))
    if not len(its):
        return Ranked(its, bounds, its, its)
    starts = bounds[:-1]
    documents = _distinct(story[its], topics.document[its], starts)
    source = standing.source[topics.document[its]]
    told_by_many = np.repeat(documents > 1, np.diff(bounds))
    if told_by_many.any():
        source = _without_copies(topics, its, story, sentences, source, told_by_many, first_texts)
    sources = _distinct(story[its], source, starts)
    first = pa.array(its[starts])
    columns = {
        "tier": np.minimum.reduceat(standing.tier[its], starts),
        "sources": sources,
        "is_old": np.minimum.reduceat(standing.is_old[its].astype(np.int8), starts),
        "sentences": np.add.reduceat(sentences[its], starts),
        "title": topics.title.take(first),
        "id": topics.story_id.take(first),
    }
    descending = ("sources", "sentences")
    order = pc.sort_indices(
        pa.table(columns), [(name, "descending" if name in descending else "ascending") for name in columns]
    ).to_numpy()
    rank = np.empty(len(starts), np.int64)
    rank[order] = np.arange(len(starts))
    its = its[np.argsort(np.repeat(rank, np.diff(bounds)), kind="stable")]
    return Ranked(its, np.append(0, np.cumsum(np.diff(bounds)[order])), documents[order], sources[order])


def _without_copies(
    topics: Topics,
    its: Places,
    story: Places,
    sentences: Places,
    source: Numbers,
    among: NDArray[np.bool_],
    first_texts: Callable[[Places], pa.Array],
) -> Numbers:
    """Return the source of topics, in which a text that stands in two documents has the source of the first of them.

    Two topics of a story are one text if their titles, their first sentences and their lengths are equal.
    """
    source = source.copy()
    where = np.flatnonzero(among)
    some = its[where]
    told = zip(
        story[some].tolist(),
        sentences[some].tolist(),
        topics.title.take(pa.array(some)).to_pylist(),
        first_texts(some).to_pylist(),
        strict=True,
    )
    first_of: dict[tuple[int, int, str, str], int] = {}
    for place, one in zip(where.tolist(), told, strict=True):
        source[place] = source[first_of.setdefault(one, place)]
    return source


def _distinct(story: Places, values: Places, starts: Places) -> Places:
    """Count the different values of each story. starts: where each story begins; stories stand together."""
    order = np.lexsort((values, story))
    differs = changes(story[order]) | changes(values[order])
    return np.add.reduceat(differs.astype(np.int64), starts)


def changes(values: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Tell of each value whether it differs from the one before it; the first does."""
    found = np.ones(len(values), np.bool_)
    found[1:] = values[1:] != values[:-1]
    return found


def bounds_of(begins: NDArray[np.bool_]) -> Places:
    """Return where groups begin, and the end."""
    return np.append(np.flatnonzero(begins), len(begins))
