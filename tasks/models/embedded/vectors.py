"""Text into words and vectors: what the embedded models see of a sentence."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from hashlib import blake2b
from itertools import chain
from math import log

import numpy as np
from numpy.typing import NDArray

from nightdesk.tasks.models.embedded.token_ids import (
    BYTES,
    VOCABULARY,
    encodable,
    token_embeddings,
    token_id,
    token_ids,
)

DIMENSIONS = 256
HASHED = 512
CACHED_SENTENCES = 16_384
"""Sentences whose vectors (1 kB each) and words are kept per process: the locator asks about what the finder saw."""

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
# Scripts that put no spaces between words: Thai, Lao, Myanmar, Khmer, kana and Han.
_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_ANY_UNSPACED = re.compile(rf"[{_UNSPACED}]")
_RUNS = re.compile(rf"([{_UNSPACED}]+)|([^{_UNSPACED}]+)")

_HEAD = 30  # Zipf's law flattens for the first few ranks (Mandelbrot 1953); the value hardly matters
_MANY_TOKENS = 4_096  # more than a sentence that readers cut has
_NUMBER = 0.5  # numbers are written digit by digit and have no rank


_rows: dict[str, int] = {}  # sentence -> its row of _vectors()


@cache
def _vectors() -> NDArray[np.float32]:
    """Return the vectors that are kept, shape (CACHED_SENTENCES, 256); pages not written to take no memory."""
    return np.empty((CACHED_SENTENCES, DIMENSIONS), np.float32)


def static_vectors(sentences: Sequence[str]) -> NDArray[np.float32]:
    """Return one unit vector per sentence, shape (n, 256): the direction of the sum of its token embeddings.

    An empty sentence has the zero vector, never NaN.
    """
    rows = [_rows.get(sentence, -1) for sentence in sentences]
    if -1 not in rows:
        return _vectors().take(rows, axis=0)
    if len(sentences) > CACHED_SENTENCES:
        return _pooled(sentences)
    missing = list(dict.fromkeys(s for s, row in zip(sentences, rows, strict=True) if row < 0))
    if len(_rows) + len(missing) > CACHED_SENTENCES:
        _rows.clear()
        missing = list(dict.fromkeys(sentences))
    first = len(_rows)
    _vectors()[first : first + len(missing)] = _pooled(missing)
    _rows.update(zip(missing, range(first, first + len(missing)), strict=True))
    return _vectors().take([_rows[sentence] for sentence in sentences], axis=0)


def _pooled(sentences: Sequence[str]) -> NDArray[np.float32]:
    embeddings = token_embeddings()
    return unit(np.array([_summed(embeddings, ids) for ids in token_ids(sentences)]))


def _summed(embeddings: NDArray[np.float32], ids: Sequence[int]) -> NDArray[np.float32]:
    """Return the sum of tokens' embeddings; of many tokens each once, because a row for each would fill the memory."""
    summed: NDArray[np.float32]
    if len(ids) <= _MANY_TOKENS:
        summed = embeddings.take(ids, axis=0).sum(axis=0)
        return summed
    times = np.bincount(ids)
    (tokens,) = times.nonzero()
    summed = times[tokens].astype(np.float32) @ embeddings[tokens]
    return summed


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale the last axis to length one; zero vectors stay zero."""
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: NDArray[np.float32] = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
    return scaled


@lru_cache(maxsize=CACHED_SENTENCES)
def words(sentence: str) -> tuple[str, ...]:
    """Return the distinct words of a sentence, lower case, in order of appearance.

    Scripts without spaces give overlapping pairs of characters: on Chinese transcripts these find topics as well as
    jieba's words do, seven times as fast and with no dictionary to load.
    """
    if sentence.isascii():
        return tuple(dict.fromkeys(_WORD.findall(sentence.lower())))
    found: dict[str, None] = {}
    for word in _WORD.findall(sentence.lower().replace("’", "'")):
        if word.isascii():
            found[word] = None
            continue
        for unspaced, spaced in _RUNS.findall(word):
            if spaced:
                found[spaced] = None
            else:
                found.update(dict.fromkeys(unspaced[k : k + 2] for k in range(max(len(unspaced) - 1, 1))))
    return tuple(found)


def with_spaces(sentences: Sequence[str]) -> bool:
    """Whether most words of the sentences are of scripts that put spaces between words."""
    if not any(map(_has_unspaced, sentences)):
        return True
    return sum(map(_spaced_more, sentences)) >= 0


def _has_unspaced(sentence: str) -> bool:
    return not sentence.isascii() and _ANY_UNSPACED.search(sentence) is not None


@lru_cache(maxsize=CACHED_SENTENCES)
def _spaced_more(sentence: str) -> int:
    """How many more of its words are of such scripts than of others."""
    found = words(sentence)
    return len(found) if sentence.isascii() else 2 * sum(map(_is_spaced, found)) - len(found)


def _is_spaced(word: str) -> bool:
    if word.isascii():
        return True
    match = _RUNS.match(word)
    return match is None or not match[1]


@lru_cache(maxsize=65_536)
def commonness(word: str) -> float:
    """Return how common a word is in text at large, from 0 (not a token of its own) to 1 (the most frequent).

    The tokenizer's merges are ranked by frequency, and by Zipf's law frequency falls as one over the rank; this is
    its logarithm, scaled. It needs no other documents, so it is the same for two topics as for hundreds. A pair of
    characters of a script without spaces is as common as its characters are on average.
    """
    if word.isdecimal():
        return _NUMBER
    if len(word) == 2 and not _is_spaced(word):
        return (commonness(word[0]) + commonness(word[1])) / 2
    token = token_id(f"▁{encodable(word)}")
    if token is None and len(word) == 1:
        token = token_id(encodable(word))
    if token is None:
        return 0.0
    rank = max(token - BYTES.stop, 0)
    return log(VOCABULARY / (rank + _HEAD)) / log(VOCABULARY / _HEAD)


@lru_cache(maxsize=256)
def term_weights(sentences: tuple[str, ...]) -> dict[str, float]:
    """Return the TF-IDF weight of each word of a text; read it only, it is cached.

    TF is 1 + log(sentences with the word) (Salton and Buckley 1988). IDF is (1 - commonness)^3: a prior, as counting
    documents fails where it matters most: when two topics are compared, each shared word is in all documents.
    """
    counts = Counter(chain.from_iterable(map(words, sentences)))
    weights = dict(zip(counts, map(_rarity, counts), strict=True))
    for word, count in counts.items():
        if count > 1:
            weights[word] *= 1 + log(count)
    return weights


@lru_cache(maxsize=65_536)
def _rarity(word: str) -> float:
    return (1 - commonness(word)) ** 3


def term_vectors(texts: Sequence[Sequence[str]]) -> NDArray[np.float32]:
    """Return one TF-IDF unit vector per text, shape (texts, distinct words); a text is a list of sentences."""
    return _rows_of([term_weights(tuple(text)) for text in texts])


def idf_vectors(texts: Sequence[Sequence[str]]) -> NDArray[np.float32]:
    """Return one unit vector per text by which words it has, however often, weighted by IDF as in term_weights."""
    return _rows_of([{word: _rarity(word) for sentence in text for word in words(sentence)} for text in texts])


def _rows_of(weights: Sequence[Mapping[str, float]]) -> NDArray[np.float32]:
    column = {word: k for k, word in enumerate(sorted({word for text in weights for word in text}))}
    vectors = np.zeros((len(weights), len(column)), np.float32)
    for row, text in enumerate(weights):
        vectors[row, [column[word] for word in text]] = list(text.values())
    return unit(vectors)


def hashed_terms(texts: Sequence[Sequence[str]]) -> NDArray[np.float32]:
    """Return one TF-IDF unit vector per text, shape (texts, HASHED), in a space that is the same for every text ever.

    Each word is added, with a sign, to the column that a hash of it names (Weinberger et al. 2009, arXiv 0902.2206), so
    vectors of different calls, documents and nights can be compared, in any language.
    """
    vectors = np.zeros((len(texts), HASHED), np.float32)
    for row, text in zip(vectors, texts, strict=True):
        weights = term_weights(tuple(text))
        signed = np.fromiter(map(_hashed, weights), np.int64, len(weights))
        values = np.fromiter(weights.values(), np.float64, len(weights))
        np.negative(values, out=values, where=signed < 0)
        np.add.at(row, np.abs(signed) - 1, values.astype(np.float32))  # one after the other, in float32
    return unit(vectors)


@lru_cache(maxsize=65_536)
def _hashed(word: str) -> int:
    """Return the column of a word, from 1, with its sign; not hash(), which differs from process to process."""
    number = int.from_bytes(blake2b(encodable(word).encode(), digest_size=8).digest(), "big")
    column = number % HASHED + 1
    return column if number >> 63 else -column
