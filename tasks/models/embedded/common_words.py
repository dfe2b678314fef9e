"""What texts have in common by their words: how alike they are, and what a run of sentences costs as one topic."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nightdesk.tasks.models.embedded.segmentation import Costs, vocabulary_cost
from nightdesk.tasks.models.embedded.vectors import CACHED_SENTENCES, commonness, term_vectors, words

Similarity = NDArray[np.float32]
"""How alike texts are, shape (texts, texts), at most 1."""

FUNCTION_WORD = 0.7  # words as common as this ("of", "said", "der") are of no topic; see vectors.commonness
RARE, COMMON = 1.0, 3.0  # pseudo-counts of the rarest and the most common of the other words
MOST_WORDS = 200  # of one sentence; time and memory grow with the square of how often words come back


def common_terms(texts: Sequence[Sequence[str]]) -> Similarity:
    """How alike texts are by the words that they have in common."""
    terms = term_vectors(texts)
    return terms @ terms.T


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
