"""Whom and what written text names: its capitalised names, for a title where no statement may stand."""

import re
from collections import Counter
from collections.abc import Sequence

READ = 60  # sentences
MOST = 6
_NAME = re.compile(
    r"(?<=[a-z,;:] )(?:[A-Z][\w'’-]*[a-z\d][\w'’-]*|[A-Z]{2,6}\b)"
    r"(?: (?:(?:of|de|del|van|von|der|al|bin|for the|of the) )?(?:[A-Z][\w'’-]*[a-z\d][\w'’-]*|[A-Z]{2,6}\b)){0,3}"
)
_NO_NAME = frozenset(
    """
    monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september october november december mr mrs ms dr sir president king queen i i'm i've i'd i'll getty ap reuters
    afp photo image images facebook twitter instagram the a an and but if in on it he she they we you this that
    """.split()
)


def names(sentences: Sequence[str], once: bool = False) -> list[str]:
    """Return names that the sentences come back to (once: any), most often named first; no two share a word."""
    full: Counter[str] = Counter()
    for sentence in sentences[:READ]:
        if sentence.isupper():  # capitals tell nothing there
            continue
        full.update({name for found in _NAME.findall(sentence[:600]) if (name := _clean(found))})
    by_word: Counter[str] = Counter()
    for name, n in full.items():
        by_word.update(dict.fromkeys(name.split(), n))
    kept: list[str] = []
    for name in sorted(full, key=lambda name: (-max(by_word[w] for w in name.split()), -full[name], name)):
        said = set(name.lower().split())
        if (max(by_word[word] for word in name.split()) < 2 and not once) or len(kept) == MOST:
            break
        if not any(said & set(other.lower().split()) for other in kept):
            # The full name, where there is one of two or three words that goes on from it.
            fuller = [other for other in full if said < set(other.lower().split()) and len(other.split()) < 4]
            kept.append(max(fuller, key=lambda other: (full[other], -len(other), other), default=name))
    return kept


def _clean(found: str) -> str:
    words = [word.removesuffix("'s").removesuffix("’s") for word in found.split()]
    while words and words[0].lower() in _NO_NAME:
        del words[0]
    while words and words[-1].lower() in _NO_NAME:
        del words[-1]
    return " ".join(words)
