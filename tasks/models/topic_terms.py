"""Terms of a topic: the names and distinctive words that a topic of another document must share to be of its story.

A cosine of all words says that two texts are of one kind; that both name the same ship and the same sandbank says that
they are of one story. Of each term its hash is kept, because only equality is asked, with what weighs it: how often it
is said, how common it is in text at large, and how many words the name has that it is a part of ("Ilse Varga" is one
thing in common, not two). How common it is on the nights themselves is counted where topics are compared.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from hashlib import blake2b
from math import exp, log
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nightdesk.tasks.models.embedded.chinese import is_chinese, tagger
from nightdesk.tasks.models.embedded.vectors import commonness
from nightdesk.tasks.models.topic_marks import RARITY_SCALE, TERM, TOPICS

MOST = 96  # terms of a topic, the most telling; with 48 a tenth fewer recurring stories are found
READ = 31  # sentences of a topic that are read, its title included

_SHORTEST = 3  # letters of a term
_PLAIN = 0.66  # words as common as this are no terms; see vectors.commonness
_LONGEST_NAME = 5  # words; a longer run with capitals is a headline
_TOPIC_WORDS = 300.0
_RANKS, _HEAD, _MASS = 32_000.0, 30.0, 10.4  # Zipf's law: the word of rank r is 1 / (r * _MASS) of all
_NO_RANK = 60_000.0  # of a word that is no token of its own

_DATELINE = re.compile(r"^[^.!?。]{0,60}?\([^()]{2,30}\)\s*[-–—]+\s*|^\W*[A-Z][A-Z .,']{3,40}[-–—]+\s*")
_FIRST = 3  # sentences of which one may begin with a dateline
_INSIDE = frozenset("of de von van al la".split())  # of a name: Bank of Norvia
_CAPITALS = r"A-Z\u00c0-\u00d6\u00d8-\u00de\u0410-\u042f"


def _patterns(capitals: str, letter: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what words are, and names of several words.

    A name begins with its capital and only then looks back for the begin of the word, because the engine skips quickly
    to a set of characters, but not to a boundary.
    """
    word, rest = rf"{letter}+(?:['’-]{letter}+)*", rf"{letter}*(?:['’-]{letter}+)*"
    inside = rf"[ ]+(?:(?:{'|'.join(sorted(_INSIDE))})[ ]+)?"
    return re.compile(word), re.compile(rf"[{capitals}](?<!\w\w){rest}(?:{inside}[{capitals}]{rest})+")


_OF_ANY = _patterns(_CAPITALS, r"[^\W\d_]")
_OF_ASCII = _patterns("A-Z", "[A-Za-z]")  # finds the same in text of ASCII, in half the time
_NO_TERM = frozenset("mtqrdcpuyfx")  # tags: numbers, times, measure words, pronouns, adverbs, particles


class _Term(NamedTuple):
    """What is the same of a word wherever it stands. weight: before any topic is known."""

    weight: float
    rarity: int
    hash: int


def terms_of(sentences: Sequence[str]) -> bytes:
    """Return the terms of a text, packed (TERM), the most telling first; none where it has none."""
    read = sentences[:READ]
    counts, parts = _said_han(read) if is_chinese(read) else _said(read)
    found = []
    for word, times in counts.items():
        term = _term(word)
        if term is not None:
            weight, rarity, digest = term
            found.append((-weight * (1 + log(times)) if times > 1 else -weight, word, digest, rarity, times))
    found.sort()
    packed = [(digest, rarity, min(times, 255), parts.get(word, 1)) for _, word, digest, rarity, times in found[:MOST]]
    return np.array(packed, TERM).tobytes()


def _said(sentences: Sequence[str]) -> tuple[dict[str, int], dict[str, int]]:
    """Return how often terms are said, in their first form, and of those that stand in a name how many words it has."""
    told = [_DATELINE.sub("", sentence[:600]) for sentence in sentences[:_FIRST]]
    text = "\n".join([*told, *(sentence[:600] for sentence in sentences[_FIRST:])])  # no name goes over a line's end
    words, names = _OF_ASCII if text.isascii() else _OF_ANY
    parts: dict[str, int] = {}
    for name in names.findall(text):
        in_name = _words_in(name)
        for part in in_name:
            parts[part] = max(parts.get(part, 1), len(in_name))
    raw = Counter(words.findall(text))
    counts: dict[str, int] = {}
    for token, times in raw.items():
        if (word := _term_in(token)) is None:
            continue
        counts[word] = counts.get(word, 0) + times
        if word in parts and token[0].islower() and times > raw[token.capitalize()]:
            del parts[word]  # "Lantern Lines" once, and lines ever after
    return counts, parts


@lru_cache(maxsize=65_536)
def _term_in(token: str) -> str | None:
    """Return a word in its first form, None if that is no term; in one look-up, since most words of a text are none."""
    word = first_form(token)
    return word if _term(word) is not None else None


@lru_cache(maxsize=16_384)
def _words_in(name: str) -> tuple[str, ...]:
    """Return the words that make up a name, in their first form; none of a headline."""
    found = [first_form(word) for word in _OF_ANY[0].findall(name)]
    words = tuple(word for word in found if word not in _INSIDE and word not in _plain())
    return words if len(words) <= _LONGEST_NAME else ()


@lru_cache(maxsize=65_536)
def first_form(word: str) -> str:
    """Return a word in lower case, without the ending of a plural or a genitive."""
    word = word.lower().replace("’", "'").removesuffix("'s")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _said_han(sentences: Sequence[str]) -> tuple[dict[str, int], dict[str, int]]:
    return Counter(word for sentence in sentences for word in _han_words(sentence)), {}


def _han_words(sentence: str) -> Iterator[str]:
    """Yield the words that may be terms, as rjieba cuts and tags them."""
    readable = sentence[:300].encode("utf-8", "replace").decode()  # the tagger refuses lone surrogates
    for word, tag in tagger().tag(readable):
        if len(word) > 1 and tag[0] not in _NO_TERM:
            yield word.lower()


@lru_cache(maxsize=65_536)
def _term(word: str) -> _Term | None:
    """Return what is known of a word; None: it is no term."""
    if word in _plain() or (word.isascii() and len(word) < _SHORTEST) or commonness(word) >= _PLAIN:
        return None
    rarity = min(255, round(RARITY_SCALE * -log(_share(word))))
    weight = log((TOPICS + 0.5) / (TOPICS * exp(-rarity / RARITY_SCALE) + 0.5)) ** 2
    digest = blake2b(word.encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return _Term(weight, rarity, int.from_bytes(digest, "little"))


def _share(word: str) -> float:
    """Return the share of topics, in text at large, that have a word: by Zipf's law from its rank among tokens."""
    common = commonness(word)
    if len(word) == 2 and not word.isascii():
        common *= 0.6  # that of its characters, which are more common than the word
    rank = _RANKS / (_RANKS / _HEAD) ** common if common else _NO_RANK
    return min(1.0, _TOPIC_WORDS / (rank * _MASS))


@cache
def _plain() -> frozenset[str]:
    """Return the words of plain_words.toml, as they stand and in their first form."""
    lists = tomllib.loads(Path(__file__).with_name("plain_words.toml").read_text(encoding="utf-8")).values()
    words = [word for its in lists for word in its.split()]
    return frozenset([*words, *map(first_form, words)])
