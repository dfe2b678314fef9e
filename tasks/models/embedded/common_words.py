"""What texts have in common by their words: how alike they are, and what a run of sentences costs as one topic."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nightdesk.tasks.models.embedded.segmentation import Costs, average_linkage, vocabulary_cost
from nightdesk.tasks.models.embedded.vectors import CACHED_SENTENCES, commonness, idf_vectors, term_vectors, unit, words

Similarity = NDArray[np.float32]
"""How alike texts are, shape (texts, texts), at most 1."""

FUNCTION_WORD = 0.7  # words as common as this ("of", "said", "der") are of no topic; see vectors.commonness
RARE, COMMON = 1.0, 3.0  # pseudo-counts of the rarest and the most common of the other words
VERSIONS = 0.5  # mean cosine of the rare words held, from which texts are versions of one; others have up to 0.45
TELLING = 2.0  # power of how few texts hold a word; 1.5 to 3 do as well
FEW = 3  # texts that may share a word of one story before it tells less
KNOWN = 20  # texts that must be there for half of these powers
MOST_WORDS = 200  # of one sentence; time and memory grow with the square of how often words come back


def common_terms(texts: Sequence[Sequence[str]]) -> Similarity:
    """How alike texts are by the words that they have in common."""
    terms = term_vectors(texts)
    return terms @ terms.T


def telling_terms(texts: Sequence[Sequence[str]], alone: float = 1.0) -> tuple[Similarity, NDArray[np.int64]]:
    """How alike texts are by the words that tell them from each other; and of which set of versions each is, from 0.

    A word that many of these texts hold says of what kind they are (politics, biographies, sales), not of which story.
    Texts are counted by sets of versions, because a story that comes again in twenty versions would make its own words
    common. Few sets tell little about how common a word is, so the fewer they are, the less is made of it.
    alone: what a word counts for that one set alone holds.
    """
    terms = term_vectors(texts)
    version = _versions(texts)
    sets = int(version.max(initial=-1)) + 1
    if sets < 2:
        return terms @ terms.T, version
    order = np.argsort(version, kind="stable")
    held = np.add.reduceat((terms[order] > 0).astype(np.int32), np.searchsorted(version[order], np.arange(sets))) > 0
    holders = np.maximum(held.sum(axis=0), 1)
    rare = np.log((sets + FEW) / (holders + FEW - 1)) / np.log((sets + FEW) / FEW)
    tells = np.where(holders == 1, alone, np.clip(rare, 0, 1) ** TELLING)
    terms = unit((terms * tells ** (sets / (sets + KNOWN))).astype(np.float32))
    return terms @ terms.T, version


def _versions(texts: Sequence[Sequence[str]]) -> NDArray[np.int64]:
    """Number the sets of texts that are versions of one, from 0: they hold the same rare words.

    How often a text holds a word does not count, because speeches of one kind repeat the words of that kind; nor do
    common words, because reports of one form (results, rates, weather) share all of their phrases and no subject.
    """
    held = idf_vectors(texts)
    version = np.zeros(len(held), np.int64)
    for k, some in enumerate(average_linkage(held @ held.T, VERSIONS)):
        version[some] = k
    return version


def vocabulary_costs(sentences: Sequence[str]) -> Costs:
    """Cost of every run of the sentences as one topic by their words, without those that are of no topic."""
    return vocabulary_cost([_content_words(s) for s in sentences], _pseudo_count)


@lru_cache(maxsize=65_536)
def _pseudo_count(word: str) -> float:
    """Return what a word counts for before it is seen: that a common one comes back tells little."""
    return float(RARE * (COMMON / RARE) ** (commonness(word) / FUNCTION_WORD))


@lru_cache(maxsize=CACHED_SENTENCES)
def _content_words(sentence: str) -> tuple[str, ...]:
    return tuple(filter(_is_content, words(sentence)))[:MOST_WORDS]


@lru_cache(maxsize=65_536)
def _is_content(word: str) -> bool:
    return commonness(word) < FUNCTION_WORD
