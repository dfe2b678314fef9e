"""Where topics change: the cheapest way to cut a sequence of sentences, and which of the pieces belong together.

A cost matrix has shape (n + 1, n + 1): entry [i, j] for i < j is the cost of sentences i..j-1 as one segment, the
rest is not read. Costs add up, so cutting is one pass of dynamic programming over the matrix (Jackson et al. 2005),
and models are mixed by adding their matrices. Pure numpy: about 1 ms for 120 sentences.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

Span = tuple[int, int]
"""A run of sentences as (first, last + 1), counted from 0."""

Costs = NDArray[np.float64]

UNANCHORED = -1
"""The topic of a sentence that no one has named a topic for."""

# Each stands on a plateau: a third more or less moves B-cubed F1 on news by about 0.01.
HEAPS, USUAL_LENGTH = 0.75, 140  # words grow with the 0.6th to 0.9th power of sentences; the costs are those of 140
BLOCK, WIDESPREAD = 10, 0.5  # a word found in over half of the blocks of 10 sentences tells no topics apart
PRIOR_PAIRS = 10  # how many pairs of topics the prior background counts for
_ROUNDING = 1e-5  # more than what sums of similarities in float32 may be off by
FIXED, GROWING = 0.3, 0.33  # what a topic of reports costs, in penalties: the latter times the root of its length
PRIOR_TOPICS = 3  # how many topics the usual length counts for when a document's own is estimated
SHORT = 12  # sentences: a document this short may well be of two topics as short
FOLLOWS, LEAST, MOST = 0.7, 0.6, 1.6  # costs follow the estimated length by this power, within these limits
SCATTER = 1.5  # how far above the background chance may reach, in distances from the median to the lowest tenth


def direction_cost(vectors: NDArray[np.float32]) -> Costs:
    """Cost of a segment of unit vectors: its length less the length of their sum (0 if all point one way).

    It is the negative log-likelihood, up to scale, of a von Mises-Fisher distribution around the segment's own mean
    (Banerjee et al. 2005). vectors: shape (n, d), zero rows allowed.
    """
    n = len(vectors)
    sums = np.zeros((n + 1, n + 1))
    np.cumsum(np.cumsum(vectors @ vectors.T, axis=0, dtype=np.float64), axis=1, out=sums[1:, 1:])
    # |sum of i..j-1|^2 is the sum of a square block of the Gram matrix, read off its two-dimensional running sum.
    diagonal = np.diag(sums)
    squared = diagonal[:, None] + diagonal[None, :] - sums - sums.T
    positions = np.arange(n + 1)
    lengths = (positions[None, :] - positions[:, None]).astype(np.float64)
    costs: Costs = lengths - np.sqrt(np.maximum(squared, 0.0))
    return costs


def vocabulary_cost(sentences: Sequence[Sequence[str]], pseudo_count: Callable[[str], float]) -> Costs:
    """Cost of a segment by its words: minus the log-probability that one unknown vocabulary wrote all of it, in nats.

    Words are drawn from a multinomial with a Dirichlet prior, integrated out (Eisenstein and Barzilay 2008, eq. 5): a
    word that comes back is cheap inside a segment, and every segment pays for learning its vocabulary.
    sentences: the distinct words of each. pseudo_count: of a word, before any is seen; the smaller, the more it tells
    that the word comes back.
    """
    n = len(sentences)
    sentences = _telling(sentences)
    said = list(chain.from_iterable(sentences))
    number = {word: k for k, word in enumerate(dict.fromkeys(said))}
    ids = np.fromiter(map(number.__getitem__, said), np.int64, len(said))
    lengths = np.fromiter(map(len, sentences), np.int64, n)
    prior = np.fromiter(map(pseudo_count, number), np.float64, len(number))
    where = np.repeat(np.arange(n), lengths)
    counts = np.bincount(ids, minlength=len(number))

    # One row per pair (earlier, later) of occurrences of a word, `back` apart. In a segment that begins at or before
    # `earlier`, the later one is at least the (back + 1)-th: its price falls from -log(a + back - 1) to -log(a + back).
    order = np.argsort(ids, kind="stable")
    rank = np.arange(len(ids)) - np.repeat(np.cumsum(counts) - counts, counts)
    later = np.repeat(np.arange(len(ids)), rank)
    back = np.arange(len(later)) - np.repeat(np.cumsum(rank) - rank, rank) + 1
    at = where[order]
    before = prior[ids[order[later]]] + back - 1
    gains = np.bincount(at[later - back] * n + at[later], weights=np.log1p(1 / before), minlength=n * n).reshape(n, n)
    gains = np.cumsum(np.cumsum(gains[::-1], axis=0)[::-1], axis=1)

    # Heaps' law (1978): a longer text has more words, which must not make its segments dearer or cheaper.
    total = max(prior.sum(), 1.0) * (USUAL_LENGTH / max(n, 1)) ** HEAPS
    ends = np.concatenate([[0], np.cumsum(lengths)])
    normaliser = np.concatenate([[0.0], np.cumsum(np.log1p(np.arange(ends[-1]) / total))])
    costs: Costs = normaliser[np.maximum(ends[None, :] - ends[:, None], 0)]
    costs[:n, 1:] -= gains
    return costs


def _telling(sentences: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """Drop the words that are found all over the sequence: they tell its language and kind, not its topics.

    A word goes if more than half of the blocks of 10 sentences hold it (of 3 blocks or fewer none goes: where
    everything is one topic, its words are everywhere).
    """
    if len(sentences) <= 3 * BLOCK:
        return list(sentences)
    blocks = [sentences[k : k + BLOCK] for k in range(0, len(sentences), BLOCK)]
    held = Counter[str]()
    for block in blocks:
        held.update(set().union(*block))
    limit = max(3.0, WIDESPREAD * len(blocks))
    if max(held.values(), default=0) <= limit:
        return list(sentences)
    return [[w for w in words if held[w] <= limit] for words in sentences]


def topic_costs(n: int, penalty: float, grows: bool) -> Costs:
    """Cost of having one more topic, for every run of n sentences: penalty, or more the longer the run.

    It grows with the root of the length because the evidence does: two topics of 5 sentences each have few words to
    tell them apart, while in 40 sentences of one story what differs by chance adds up to as much.
    """
    if not grows:
        return np.full((n + 1, n + 1), penalty)
    positions = np.arange(n + 1)
    lengths = np.sqrt(np.maximum(positions[None, :] - positions[:, None], 0))
    costs: Costs = penalty * (FIXED + GROWING * lengths)
    return costs


def adapted(costs: Costs, topics: Costs, usual_length: float, anchors: Sequence[int] = ()) -> list[Span]:
    """Cut by costs and those of topics (see topic_costs), which follow from how long the topics turn out to be.

    A document of short items goes on with short items, one of long reports with long ones: the mean length of a first
    cut, drawn towards the usual length where topics are few, says how dear a topic is in the second.
    """
    spans = partition(costs + topics, 0.0, anchors)
    n = len(costs) - 1
    length = (n + PRIOR_TOPICS * min(max(n, SHORT), usual_length)) / (len(spans) + PRIOR_TOPICS)
    scale = min(max((length / usual_length) ** FOLLOWS, LEAST), MOST)
    return partition(costs + scale * topics, 0.0, anchors)


def partition(costs: Costs, penalty: float, anchors: Iterable[int] = ()) -> list[Span]:
    """Cut 0..n-1 into the segments with the least sum of costs plus penalty per segment.

    anchors: for each sentence the topic it is known to belong to, or UNANCHORED; no segment holds two topics.
    Ties go to the longer last segment, so the answer is the same everywhere.
    """
    n = len(costs) - 1
    best = np.zeros(n + 1)
    cut = np.zeros(n + 1, dtype=np.int64)
    first = _earliest_start(list(anchors), n)
    for end in range(1, n + 1):
        totals = best[first[end] : end] + costs[first[end] : end, end]
        choice = int(np.argmin(totals))
        cut[end] = choice + first[end]
        best[end] = totals[choice] + penalty
    spans: list[Span] = []
    end = n
    while end > 0:
        spans.append((int(cut[end]), end))
        end = int(cut[end])
    return spans[::-1]


def _earliest_start(anchors: Sequence[int], n: int) -> list[int]:
    """For each end 0..n, the earliest start of a segment that holds anchors of one topic at most."""
    earliest = [0] * (n + 1)
    topic, last, start = UNANCHORED, -1, 0
    for k, anchor in enumerate(anchors):
        if anchor != UNANCHORED:
            if topic not in (UNANCHORED, anchor):
                start = last + 1
            topic, last = anchor, k
        earliest[k + 1] = start
    return earliest if anchors else [0] * (n + 1)


def average_linkage(similarity: NDArray[np.floating], threshold: float) -> list[list[int]]:
    """Group 0..n-1 bottom up while the mean similarity between two groups is at least threshold (UPGMA).

    similarity: shape (n, n), symmetric. Returns every item once, groups in order of their first item.
    """
    n = len(similarity)
    if n < 2:
        return [[k] for k in range(n)]
    alike = (similarity + similarity.T) / 2
    # Distances from 0 up, as linkage wants them; a constant shift moves all means alike.
    distances = similarity.max() - alike
    np.fill_diagonal(alike, -np.inf)
    if alike.max() < threshold - _ROUNDING:
        return [[k] for k in range(n)]  # not one pair is near enough, which is what most short documents come to
    np.fill_diagonal(distances, 0.0)
    # Imported here: it takes 0.3 s, and only one role needs it.
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    tree = linkage(squareform(distances, checks=False), method="average")
    groups: dict[int, list[int]] = {}
    for item, group in enumerate(fcluster(tree, similarity.max() - threshold, criterion="distance")):
        groups.setdefault(int(group), []).append(item)
    return list(groups.values())


def above_background(
    similarity: NDArray[np.floating], least: float, prior: float, version: Sequence[int] | NDArray[np.int64] = ()
) -> tuple[NDArray[np.float64], float]:
    """Rescale similarities so that 0 is what unrelated texts of this kind have in common; return the threshold too.

    Sales talk shares far more words than news does, so no one threshold would do. Most pairs of topics are not one
    story, so the background is the median pair (with few pairs it leans on the prior), and what lies below it shows
    how far chance scatters: a pair is alike if it is above by `least`, and by more than that scatter.
    version: of which set of versions each topic is, from 0 (() = each of its own). Sets are the pairs that are counted,
    because of many versions of one text most pairs are one story.
    """
    scaled = np.asarray(similarity, np.float64)
    between = _between(scaled, np.asarray(version)) if len(version) else scaled
    pairs = between[np.triu_indices(len(between), 1)]
    if not pairs.size:
        return scaled, least
    low, median = np.quantile(pairs, [0.1, 0.5])
    known = pairs.size / (pairs.size + PRIOR_PAIRS)
    background = min(known * median + (1 - known) * prior, 0.99)
    scatter = SCATTER * known * (median - low)
    return (scaled - background) / (1 - background), max(least, float(scatter / (1 - background)))


def _between(similarity: NDArray[np.float64], version: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the mean similarity between sets of versions, shape (sets, sets)."""
    member = np.equal.outer(np.arange(version.max(initial=-1) + 1), version).astype(np.float64)
    sizes = member.sum(axis=1)
    between: NDArray[np.float64] = member @ similarity @ member.T / np.outer(sizes, sizes)
    return between
