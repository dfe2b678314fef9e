"""Sentences into the tokens of wordllama's vocabulary (Llama 2), and the tokens' embeddings.

Nothing here downloads, logs or depends on the process: wordllama's files are read straight out of the installed
wheel, because importing the package costs 0.3 s and configures the root logger, and loading it by its own loader
pads every batch to its longest sentence.

A sentence is cut into words before it is encoded, and the ids of a word are kept, because encoding is what costs most
of a sentence (42 of 50 microseconds) and most words come back. The ids are those of the whole sentence: no token of
the vocabulary holds a blank behind another character, a Latin letter before anything but a Latin letter, or a Chinese
character beside another character, so none reaches over a cut.
"""

import os
import re
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

# 3 control tokens, 256 raw bytes, then merges from the most to the least frequent.
BYTES = range(3, 259)
VOCABULARY = 32_000

CACHED_PIECES = 32_768
LONGEST_KEPT = 40  # characters of a piece whose ids are kept: a longer one is no word and does not come back
_CONTROL = ("<s>", "</s>", "<unk>")
_LETTERS, _HAN = r"A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f", r"\u3400-\u9fff"
_PIECE = re.compile(rf"▁*[^▁{_LETTERS}{_HAN}]*[{_LETTERS}]+|[{_HAN}]|▁*[^▁{_LETTERS}{_HAN}]+|▁+")


@cache
def _package() -> Path:
    """Return the folder of the installed wordllama wheel, without importing it."""
    spec = find_spec("wordllama")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("the embedded models need the package wordllama")
    return Path(spec.submodule_search_locations[0])


@cache
def tokenizer() -> Tokenizer:
    """Return the tokenizer as it is shipped."""
    # A worker has one core to itself: the threads of a batch would only wait for one another.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    found = Tokenizer.from_file(str(_package() / "tokenizers" / "l2_supercat_tokenizer_config.json"))
    found.no_padding()
    found.no_truncation()
    return found


@cache
def _plain_tokenizer() -> Tokenizer:
    """Return one that takes text in which blanks are written as the vocabulary writes them."""
    found = Tokenizer.from_str(tokenizer().to_str())
    found.normalizer = None
    return found


@cache
def token_embeddings() -> NDArray[np.float32]:
    """Return the token embeddings, shape (32000, 256); their norms carry the tokens' importance."""
    weights = load_file(_package() / "weights" / "l2_supercat_256.safetensors")["embedding.weight"]
    embeddings: NDArray[np.float32] = weights.astype(np.float32)
    # A character outside the vocabulary falls apart into raw bytes, which mean nothing on their own.
    embeddings[BYTES] = 0.0
    return embeddings


def token_id(token: str) -> int | None:
    """Return the id of a token, None if the vocabulary has no such token."""
    found: int | None = tokenizer().token_to_id(token)
    return found


def encodable(text: str) -> str:
    """Replace lone surrogates: they have no UTF-8 form, and the tokenizer would raise on them."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


_known: dict[str, list[int]] = {}  # the ids of pieces


def token_ids(sentences: Sequence[str]) -> list[list[int]]:
    """Return the ids of the tokens of each sentence, in order, without marks of beginning and end."""
    readable = [encodable(sentence) for sentence in sentences]
    cut = [_PIECE.findall("▁" + sentence.replace(" ", "▁")) if sentence else [] for sentence in readable]
    long = _learn({piece for pieces in cut for piece in pieces})
    found = []
    for sentence, pieces in zip(readable, cut, strict=True):
        ids: list[int] = []
        if "<" in sentence and any(mark in sentence for mark in _CONTROL):
            ids = tokenizer().encode(sentence, add_special_tokens=False).ids
        else:
            ids = list(chain.from_iterable(map(_known.__getitem__, pieces)))
        found.append(ids)
    for piece in long:
        del _known[piece]
    return found


def _learn(pieces: set[str]) -> list[str]:
    """Encode the pieces that are not known yet; return those that are too long to be kept after this call."""
    missing = [piece for piece in pieces if piece not in _known]
    if not missing:
        return []
    if len(_known) + len(missing) > CACHED_PIECES:
        _known.clear()
        missing = list(pieces)
    encodings = _plain_tokenizer().encode_batch_fast(missing, add_special_tokens=False)
    _known.update((piece, encoding.ids) for piece, encoding in zip(missing, encodings, strict=True))
    return [piece for piece in missing if len(piece) > LONGEST_KEPT]
