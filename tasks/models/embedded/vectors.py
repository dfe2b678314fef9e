"""Text into words and vectors: what the embedded models see of a sentence.

Nothing here downloads, logs or depends on the process: wordllama's files are read straight out of the installed
wheel, because importing the package costs 0.3 s and configures the root logger, and loading it by its own loader
pads every batch to its longest sentence. Pooling here gives the same vectors five times as fast.
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache, lru_cache
from hashlib import blake2b
from importlib.util import find_spec
from itertools import islice
from math import log
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

DIMENSIONS = 256
HASHED = 512
CACHED_SENTENCES = 16_384
"""Sentences whose vectors (1 kB each) and words are kept per process: the locator asks about what the finder saw."""

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
# Scripts that put no spaces between words: Thai, Lao, Myanmar, Khmer, kana and Han.
_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_RUNS = re.compile(rf"([{_UNSPACED}]+)|([^{_UNSPACED}]+)")

# The vocabulary of Llama 2: 3 control tokens, 256 raw bytes, then merges from the most to the least frequent.
_BYTES = range(3, 259)
_VOCABULARY = 32_000
_HEAD = 30  # Zipf's law flattens for the first few ranks (Mandelbrot 1953); the value hardly matters
_MANY_TOKENS = 4_096  # more than a sentence that readers cut has
_NUMBER = 0.5  # numbers are written digit by digit and have no rank


@cache
def _package() -> Path:
    """Return the folder of the installed wordllama wheel, without importing it."""
    spec = find_spec("wordllama")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("the embedded models need the package wordllama")
    return Path(spec.submodule_search_locations[0])


@cache
def _tokenizer() -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(_package() / "tokenizers" / "l2_supercat_tokenizer_config.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


@cache
def _embeddings() -> NDArray[np.float32]:
    """Return the token embeddings, shape (32000, 256); their norms carry the tokens' importance."""
    weights = load_file(_package() / "weights" / "l2_supercat_256.safetensors")["embedding.weight"]
    embeddings: NDArray[np.float32] = weights.astype(np.float32)
    # A character outside the vocabulary falls apart into raw bytes, which mean nothing on their own.
    embeddings[_BYTES] = 0.0
    return embeddings


_vectors: dict[str, NDArray[np.float32]] = {}


def static_vectors(sentences: Sequence[str]) -> NDArray[np.float32]:
    """Return one unit vector per sentence, shape (n, 256): the direction of the sum of its token embeddings.

    An empty sentence has the zero vector, never NaN.
    """
    found = {s: vector for s in sentences if (vector := _vectors.get(s)) is not None}
    missing = list(dict.fromkeys(s for s in sentences if s not in found))
    if missing:
        embeddings = _embeddings()
        encodings = _tokenizer().encode_batch_fast([_encodable(s) for s in missing], add_special_tokens=False)
        vectors = unit(np.stack([_summed(embeddings, encoding.ids) for encoding in encodings]))
        # Copied: a row of the batch would keep all of the batch in memory.
        fresh = {sentence: vector.copy() for sentence, vector in zip(missing, vectors, strict=True)}
        if len(_vectors) + len(fresh) > CACHED_SENTENCES:
            _vectors.clear()
        _vectors.update(islice(fresh.items(), CACHED_SENTENCES))
        found |= fresh
    return np.stack([found[s] for s in sentences]) if sentences else np.zeros((0, DIMENSIONS), np.float32)


def _summed(embeddings: NDArray[np.float32], ids: Sequence[int]) -> NDArray[np.float32]:
    """Return the sum of tokens' embeddings; of many tokens each once, because a row for each would fill the memory."""
    summed: NDArray[np.float32]
    if len(ids) <= _MANY_TOKENS:
        summed = embeddings[ids].sum(axis=0)
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
    return sum(map(_spaced_more, sentences)) >= 0


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
    token = _tokenizer().token_to_id(f"▁{_encodable(word)}")
    if token is None and len(word) == 1:
        token = _tokenizer().token_to_id(_encodable(word))
    if token is None:
        return 0.0
    rank = max(token - _BYTES.stop, 0)
    return log(_VOCABULARY / (rank + _HEAD)) / log(_VOCABULARY / _HEAD)


def _encodable(text: str) -> str:
    """Replace lone surrogates: they have no UTF-8 form, and the tokenizer would raise on them."""
    return text.encode("utf-8", "replace").decode("utf-8")


@lru_cache(maxsize=256)
def term_weights(sentences: tuple[str, ...]) -> dict[str, float]:
    """Return the TF-IDF weight of each word of a text; read it only, it is cached.

    TF is 1 + log(sentences with the word) (Salton and Buckley 1988). IDF is (1 - commonness)^3: a prior, as counting
    documents fails where it matters most: when two topics are compared, each shared word is in all documents.
    """
    counts = Counter(word for sentence in sentences for word in words(sentence))
    return {word: (1 + log(count)) * (1 - commonness(word)) ** 3 for word, count in counts.items()}


def term_vectors(texts: Sequence[Sequence[str]]) -> NDArray[np.float32]:
    """Return one TF-IDF unit vector per text, shape (texts, distinct words); a text is a list of sentences."""
    weights = [term_weights(tuple(text)) for text in texts]
    column = {word: k for k, word in enumerate(sorted({word for text in weights for word in text}))}
    vectors = np.zeros((len(texts), len(column)), np.float32)
    for row, text in enumerate(weights):
        vectors[row, [column[word] for word in text]] = list(text.values())
    return unit(vectors)


def hashed_terms(texts: Sequence[Sequence[str]]) -> NDArray[np.float32]:
    """Return one TF-IDF unit vector per text, shape (texts, HASHED), in a space that is the same for every text ever.

    Each word is added, with a sign, to the column that a hash of it names (Weinberger et al. 2009, arXiv 0902.2206), so
    vectors of different calls, documents and nights can be compared, in any language.
    """
    vectors = np.zeros((len(texts), HASHED), np.float32)
    for row, text in enumerate(texts):
        for word, weight in term_weights(tuple(text)).items():
            column, sign = _hashed(word)
            vectors[row, column] += sign * weight
    return unit(vectors)


@lru_cache(maxsize=65_536)
def _hashed(word: str) -> tuple[int, int]:
    """Return the column of a word and its sign; not hash(), which differs from process to process."""
    number = int.from_bytes(blake2b(_encodable(word).encode(), digest_size=8).digest(), "big")
    return number % HASHED, 1 if number >> 63 else -1
