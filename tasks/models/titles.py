"""What stands for a topic: its title, the early clause that says most of what recurs in it; its typical sentences.

Titles are in the text's own words, so they cannot say what it does not.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import count

from tasks.models.vectors import commonness, term_weights, words

LONGEST = 60  # characters; half of it in Chinese, whose characters say more
EARLY = 12  # sentences that may give the title, from the first: reports say at once who did what
READ = 600  # characters of a sentence that are read
FUNCTION_WORD = 0.8  # words as common as this ("of", "with", "der") end no title; see vectors.commonness
WEAK = 0.5  # what a clause is worth that leans on what stands before it

_UNTITLED = {"zh": "无题"}
_HAN = re.compile(r"[\u3400-\u9fff]")
_ASIDE = re.compile(r"\s*[(\[（【][^()\[\]（）【】]*[)\]）】]")
# "WASHINGTON — ", "Albany, N.Y. – ": capitals, or a place before its agency in brackets (an aside, gone by then).
_DATELINE = re.compile(r"^[A-Z][A-Z.,'/&-]+(?:\s[A-Z][\w.,'/&-]*){0,3}\s[—–-]+\s+")
_CLAUSE_END = re.compile(
    r"\s*[;:!?…。！？；：，、]+\s*|\s+[—–|•*-]+\s+|,\s+|(?<=\w\w)[.]+(?=\s|$)\s*|\s*[\"“”「」『』{}<>]+\s*"
)
_TRIM = " \t'\"“”‘’`.,;:!?…。！？；：，、()[]{}<>（）【】*•|—–-_"
# What leans on the words before it: pronouns, conjunctions, bare verbs and prepositions; in Chinese also fillers.
_LEANS = re.compile(
    r"(?i:and|but|or|so|nor|because|who|whom|whose|which|that|its?|he|she|they|we|i|you|his|her|their|our|my|your|this"
    r"|these|those|there|if|when|where|while|as|of|to|in|on|at|for|with|was|were|is|are|has|have|had|ok|okay|uh|um)\b"
    r"|嗯|呃|啊|哎|唉|诶|哦|噢|对|好|来|那|就|所以|但|然后|因为|而且|并且|如果|是|它|他|她|我|你|这"
)


def title(sentences: Sequence[str], language: str = "en", taken: Collection[str] = ()) -> str:
    """Return a title of one line, 1 to 60 characters, for the sentences of a topic, given in order.

    taken: titles that others have; theirs is avoided.
    """
    weights = term_weights(tuple(sentences))
    worth: dict[str, float] = {}
    early = (line for sentence in sentences if (line := _clean(sentence)))
    for position, line in zip(range(EARLY), early, strict=False):
        for clause, leans in _clauses(line):
            said = sum(weights.get(word, 0.0) for word in words(clause))
            worth.setdefault(clause, said * (WEAK if leans else 1.0) / (1 + position / 4))
    ranked = sorted(worth, key=lambda clause: (-worth[clause], clause)) or [_UNTITLED.get(language, "Untitled")]
    numbered = (f"{ranked[0][: LONGEST - 8]} ({k})" for k in count(2))
    return next((t for t in ranked if t not in taken), None) or next(t for t in numbered if t not in taken)


def typical(sentences: Sequence[str], most: int) -> list[int]:
    """Return the first, the last and the most telling sentences of a topic, in order, counted from 0."""
    weights = term_weights(tuple(sentences))
    telling = [sum(weights[w] for w in words(s)) / (1 + len(words(s))) ** 0.5 for s in sentences]
    inner = sorted(range(1, len(sentences) - 1), key=lambda k: (-telling[k], k))
    return sorted({0, len(sentences) - 1, *inner[: most - 2]})


def _clean(sentence: str) -> str:
    """One printable line without asides and dateline; control and direction marks of hostile text are gone."""
    read = sentence[:READ]
    if not read.isprintable():
        read = "".join(c if c.isprintable() else " " for c in read)
    return _DATELINE.sub("", " ".join(_ASIDE.sub("", read).split()))


def _clauses(line: str) -> Iterator[tuple[str, bool]]:
    """Every run of whole clauses that fits, and the beginning of a clause too long; with it, whether it leans."""
    starts, ends = [0], []
    for match in _CLAUSE_END.finditer(line):
        ends.append(match.start())
        starts.append(match.end())
    ends.append(len(line))
    longest = LONGEST // 2 if _HAN.search(line) else LONGEST
    for k, start in enumerate(starts):
        fitting = [end for end in ends[k:] if end - start <= longest]
        text = line[start : fitting[-1]] if fitting else _shorten(line[start : ends[k]], longest)
        if text := text.strip(_TRIM):
            leans = (k > 0 and text[0].islower()) or _LEANS.match(text) is not None
            yield text[0].upper() + text[1:], leans


def _shorten(clause: str, longest: int) -> str:
    """Cut at a word, not after one that wants another ("the", "of")."""
    kept = clause[: longest + 1].split(" ")[:-1]
    while len(kept) > 1 and commonness(kept[-1].lower().strip(_TRIM)) >= FUNCTION_WORD:
        kept.pop()
    return " ".join(kept) or clause[:longest]
