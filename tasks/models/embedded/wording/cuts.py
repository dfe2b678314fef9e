"""Where a clause that is too long for a headline may end."""

from bisect import bisect_right
from itertools import accumulate, pairwise
from typing import Literal

from nightdesk.tasks.models.embedded.wording.words import (
    BREAKS,
    RELATIVE,
    SAYING,
    TRIM,
    bare,
    is_participle,
    is_verb,
    main_verb,
    may_end_cut,
)

LONGEST = 100  # characters
SHORTEST = 18  # of what is kept when a clause is cut
_PAIRS = (
    (frozenset(["both", "between"]), frozenset(["and"])),
    (frozenset(["either", "whether"]), frozenset(["or"])),
    (
        frozenset(
            "keep keeps kept prevent prevents prevented stop stops stopped protect protects banned barred".split()
        ),
        frozenset(["from"]),
    ),
    (
        frozenset("allow allows allowed enable enables enabled permit permits force forces forced".split()),
        frozenset(["to"]),
    ),
    (frozenset(["neither"]), frozenset(["nor"])),
    (
        frozenset(["more", "less", "fewer", "rather", "other", "better", "worse", "higher", "lower"]),
        frozenset(["than"]),
    ),
)
_MEASURES = frozenset(
    "minutes hours days weeks months years miles kilometers kilometres km feet meters metres seconds".split()
)
_WHICH = frozenset("who whose whom which that where".split())
_SAY_WHICH = _WHICH | {"by", "in", "through"}
_SINCE = frozenset("after before into from since until behind above below outside inside away past".split())
_HOUSES = frozenset(
    "university college institute school bank department ministry house church museum center centre".split()
)
_JOINS = frozenset("and but or so after before since until than to".split())
Kept = Literal["whole", "part", "broken"]


def fitted(text: str) -> tuple[str, Kept]:
    """Shorten a statement to its first parts that fit; tell whether it is whole, a part, or broken off."""
    if len(text) <= LONGEST:
        return text, "whole"
    words = text.split()
    lengths = list(accumulate((1 + len(word) for word in words), initial=-1))  # of the first k words
    verb = main_verb(words)
    for k in range(min(bisect_right(lengths, LONGEST), len(words)) - 1, verb + 1, -1):
        if lengths[k] >= SHORTEST and _may_end_at(words, k, verb):
            return " ".join(words[:k]).strip(TRIM), "part"
    return text[: LONGEST + 1].rsplit(" ", 1)[0][:LONGEST].strip(TRIM), "broken"


def _may_end_at(words: list[str], k: int, verb: int) -> bool:
    """Whether the first k words are a statement: what is dropped begins a part of its own, nothing waits for it."""
    if not words[k - 1].endswith(",") and bare(words[k]) not in BREAKS:
        return False
    if not may_end_cut(words[k - 1]) or bare(words[k - 2]) == "to":
        return False
    if _wants_what_follows(words, k) or (is_participle(words, verb) and _verb_follows(words, k)):
        return False
    behind = words[verb + 1 : k]
    is_list = any(word.endswith(",") for word in behind[:-1])
    if is_list or (behind[-1].endswith(",") and "and" in words[k : k + 4]):
        return False  # of a list, or of what follows a comma, the rest would be missing
    return _says_what(words, k, verb) and _is_paired([bare(word) for word in words[verb:k]])


def _says_what(words: list[str], k: int, verb: int) -> bool:
    """Whether the first k words tell not only who said something, but what."""
    that = next((j for j in range(verb + 1, k) if bare(words[j]) == "that"), 0)
    if that and not any(is_verb(words, j) for j in range(that + 1, k)):
        return False
    return bare(words[verb]) not in SAYING or any(is_verb(words, j) for j in range(verb + 2, k))


def _is_paired(said: list[str]) -> bool:
    return all(opened.isdisjoint(said) or not closed.isdisjoint(said) for opened, closed in _PAIRS)


def _wants_what_follows(words: list[str], k: int) -> bool:
    """Whether the k-th word is nothing without the next: "40 minutes | after", "the man | who", "University | at"."""
    last, following = bare(words[k - 1]), bare(words[k])
    if following in ("with", "on", "for", "in") and "no" in (bare(words[k - 2]), bare(words[k - 3])):
        return True  # "has no affiliation | with"
    if words[k - 1].endswith(",") and bare(words[k - 2]) in ("a", "an", "very", "more", "most"):
        return True  # "a warm, | wet planet"
    kept = " ".join(words[:k])
    if " first time" in kept and " for the first time" not in kept:
        return True  # "the first time in history | that"
    if (last in _MEASURES and following in _SINCE) or (following in _SAY_WHICH and _is_the(words, k)):
        return True  # "is the legal procedure | by which"
    if following in _WHICH and not words[k - 1].endswith(",") and bare(words[k - 2]) == "the":
        return True
    return last in _HOUSES and k + 1 < len(words) and words[k + 1][:1].isupper()


def _is_the(words: list[str], k: int) -> bool:
    """Whether the k-th word ends "is the legal procedure": which one it is stands behind it."""
    said = [bare(word) for word in words[max(k - 5, 0) : k]]
    return any(a in ("is", "are", "was", "were") and b == "the" for a, b in pairwise(said))


def _verb_follows(words: list[str], k: int) -> bool:
    """Whether a verb stands among the words from k on that no conjunction claims."""
    for j in range(k, len(words)):
        if bare(words[j]) in RELATIVE or bare(words[j]) in _JOINS:
            return False
        if j > k and is_verb(words, j):
            return True
    return False
