"""What talk is about: the things that a host names again and again, as talk has no sentence that would name the topic.

English, and what is spaced like it: what stands behind an article or the like and is neither common nor talk's own.
Chinese: runs of nouns, as rjieba tags them.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from nightdesk.tasks.models.embedded.chinese import is_chinese, tagger
from nightdesk.tasks.models.embedded.vectors import commonness

READ = 200  # sentences of a topic that are read
LONGEST_RUN = 3  # words of a name
BROKEN_LINE = 4  # words: of what is shorter, several lines are read as one
EARLY, SHOWN = 6, 3  # what is shown in the first sentences counts for more: "this is the cast-iron pan"
MOST, NEAR = 8, 0.4
VAGUE, VAGUE_ALONE = 0.4, 0.3  # as common as this the last word of a name says nothing, behind others or alone
COMMON = 0.62  # words as common as this name nothing; see vectors.commonness
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]+")

_UNITS = "one|two|three|four|five|six|seven|eight|nine"
_NUMBERED = re.compile(
    rf"\bnumber (?:\d{{1,9}}|(?:twen|thir|for|fif|six|seven|eigh|nine)ty(?:[ -](?:{_UNITS}))?|ten|eleven|twelve|\w+teen"
    rf"|{_UNITS})\b"
    r"|(?:\d{1,9}|[一二三四五六七八九十]{1,9})号链接"
)
_SHOWN = re.compile(
    r"\b(?:this (?:one )?is|these are|next (?:is|up|one)|here(?:'s| is| are| comes)|we have|we've got|i have|called"
    r"|let's (?:go|move|look)|mov(?:e|ing) on to|talk about|introduc\w+|show you)\b"
    r"|这[款个条件双是]|接下来|下一[款个]|给大家(?:看|介绍|带)|来看",
    re.IGNORECASE,
)

_SKIPPED = frozenset(
    "very really so little big small new nice good great cute beautiful gorgeous pretty super same".split()
)
_ADJECTIVES = frozenset(  # name nothing where no noun follows
    """
    red yellow white black blue green pink purple orange brown grey gray golden silver beige short long longer shorter
    bad precise suitable usual hot cold warm cool heavy light soft thick thin deep dark bright natural regular normal
    straight curly wavy synthetic low high wide narrow loose tight fresh dry wet clean dirty expensive cheap affordable
    comfortable stunning fabulous sexy classy elegant fierce bold simple special different similar popular available
    eligible entire original limited exclusive ordinary under over extra sure main common final official fancy crispy
    sharp shiny smooth silky fluffy bouncy lightweight flattering luxurious adjustable removable waterproof versatile
    """.split()
)
_THINGS_IN_ING = frozenset(
    """
    ring earring spring string wing king sling lining clothing packaging shopping stuffing stitching bedding
    piping railing ceiling building wedding filling frosting icing seasoning dressing pudding flooring lighting wiring
    painting drawing carving coating padding quilting webbing rigging topping covering housing bearing fitting casing
    awning legging pressing training jumping diving boxing camping fishing sailing riding swimming knitting gardening
    """.split()
)
_POINTS = frozenset(
    "a an the this that these those my your our her his their any another with of in for and or".split()
)
_NEXT_WORD = re.compile(r" ([a-z]{3,})(?![\w'’-])")
WHOLE = 0.6  # of the times that a name is said, the next word is the same
_ENDS_NAME = _POINTS | frozenset(
    """
    are was were has had have not but that than then from into over under about because when where while who which what
    can will would could should may might must does did doing been being get got too very there here you they she him
    her them now out off down back with without only all both each every until after before since this these those yes
    """.split()
)
_NO_THING = re.compile("^[叫都很也就你我他她它这那]|[啊哈呀呢吧嘛哦啦吗的了]$")  # a verb, an adverb or a particle
_NOUN = ("n", "nz", "nt", "nr", "ns", "eng")
_BEFORE_NOUN = ("b", "vn")  # 女式, 保温: may stand before a noun in the name of a thing


def mentions(sentences: Sequence[str], once: bool = False) -> list[str]:
    """Return the names of things that the sentences come back to, most telling first; none within another.

    Only those that come near the first are returned. once: what is said but once may be named as well.
    """
    han = is_chinese(sentences[:READ])
    read = sentences[:READ] if han else _joined(sentences)[:READ]
    counts: Counter[tuple[str, ...]] = Counter()
    for k, sentence in enumerate(read):
        shown = SHOWN if _SHOWN.search(sentence[:80]) else 1
        for run in set(_han_runs(sentence[:300]) if han else _runs(sentence[:600])):
            counts[run] += shown if k < EARLY else 1
    if not han:
        counts = _one_number(counts)
    worth = {run: _worth(run, n, han) for run, n in counts.items() if n > 1 or once}
    kept: list[tuple[str, ...]] = []
    for run in sorted(worth, key=lambda r: (-worth[r], r)):
        if len(kept) == MOST or (kept and worth[run] < NEAR * worth[kept[0]]):
            break
        if not any(set(run) & set(other) for other in kept):
            kept.append(run)
    if han:
        return ["".join(run) for run in kept]
    said = "\n".join(read).lower()
    return list(dict.fromkeys([*(_whole(" ".join(run), said) for run in kept[:SHOWN]), *map(" ".join, kept[SHOWN:])]))


def _whole(name: str, said: str) -> str:
    """Add the common noun that ends a name, if it mostly stands behind it: "yellow shopping", but for the bag."""
    found: Counter[str] = Counter()
    at = said.find(name)
    while at >= 0:
        after = _NEXT_WORD.match(said, at + len(name))
        found[after[1] if after else ""] += 1
        at = said.find(name, at + len(name))
    following, n = found.most_common(1)[0] if found else ("", 0)
    if n < 2 or n < WHOLE * found.total() or following in _talk("en") or following in _ENDS_NAME:
        return name
    return name if not following or following in name.split() else f"{name} {following}"


def _joined(sentences: Sequence[str]) -> Sequence[str]:
    """Join the lines of a transcript that has a word or two a line: a name may go on in the next line."""
    said = [sentence.split() for sentence in sentences[: READ * BROKEN_LINE]]
    if not said or 2 * sum(len(words) < BROKEN_LINE for words in said) <= len(said):
        return sentences
    lines: list[list[str]] = [[]]
    for words in said:
        if len(lines[-1]) >= BROKEN_LINE * 2:
            lines.append([])
        lines[-1] += words
    return [" ".join(words) for words in lines]


def numbers(sentences: Sequence[str]) -> list[str]:
    """Return the number of the item that is said most often ("number eighteen", 十号链接), if any is said twice."""
    said = Counter(" ".join(m.group().split()) for s in sentences[:READ] for m in _NUMBERED.finditer(s.lower()))
    return [min(said, key=lambda n: (-said[n], n))] if said and max(said.values()) > 1 else []


def _one_number(counts: Counter[tuple[str, ...]]) -> Counter[tuple[str, ...]]:
    """Count a thing and several of it as one, under the form that is said more often."""
    forms: dict[tuple[str, ...], Counter[tuple[str, ...]]] = {}
    for run, n in counts.items():
        forms.setdefault((*run[:-1], run[-1].removesuffix("s")), Counter())[run] += n
    return Counter({min(found, key=lambda r: (-found[r], r)): found.total() for found in forms.values()})


def _worth(run: tuple[str, ...], count: int, han: bool) -> float:
    """How often it is said, how rare its words are; a name of two words says more than one, if it is said as one."""
    rarity = sum(1 - commonness(word[:2] if han else word) for word in run) / len(run)
    return (count - 0.5) * (0.2 + rarity) * (1.0, 2.0, 2.4)[len(run) - 1]


def _runs(sentence: str) -> Iterator[tuple[str, ...]]:
    """Every end of every run of naming words behind a word that points to it, up to a word that names nothing."""
    run: list[str] = []
    pointed, talk = False, _talk("en")
    for word in [*_WORD.findall(sentence.lower().replace("’", "'")), "."]:
        if word[0].isalpha() and len(word) > 2 and word not in talk and word not in _POINTS and not _is_common(word):
            run.append(word)
            continue
        while run and (run[-1] in _ADJECTIVES or _is_vague(run) or _is_done(run[-1])):
            run.pop()
        if pointed:
            yield from (tuple(run[k:]) for k in range(max(len(run) - LONGEST_RUN, 0), len(run)))
        run, pointed = [], word in _POINTS or (pointed and not run and word in _SKIPPED)


def _is_vague(run: Sequence[str]) -> bool:
    """Whether the last word is as common as "object": alone it names nothing."""
    return commonness(run[-1]) >= (VAGUE if len(run) > 1 else VAGUE_ALONE)


def _is_done(word: str) -> bool:
    """Whether a word says what is done, or what was done, and no thing."""
    return len(word) > 4 and (word.endswith("ed") or (word.endswith("ing") and word not in _THINGS_IN_ING))


def _is_common(word: str) -> bool:
    return commonness(word) >= COMMON or word.endswith("ly")


def _han_runs(sentence: str) -> Iterator[tuple[str, ...]]:
    run: list[str] = []
    tags: list[str] = []
    talk = _talk("zh")
    readable = sentence.encode("utf-8", "replace").decode()  # the tagger refuses lone surrogates
    for word, tag in [*tagger().tag(readable), ("。", "x")]:
        noun = tag.startswith(_NOUN) and word not in talk and (len(word) > 1 or bool(run))
        noun = noun and not _NO_THING.search(word)
        if noun or (tag in _BEFORE_NOUN and len(word) > 1 and word not in talk):
            run.append(word)
            tags.append(tag)
            continue
        while tags and not tags[-1].startswith(_NOUN):
            tags.pop()
            run.pop()
        yield from (part for part in _parts(run) if part[-1] == run[-1] or part[0] == run[0])
        run, tags = [], []


def _parts(run: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for start in range(len(run)):
        for end in range(start + 1, min(start + LONGEST_RUN, len(run)) + 1):
            yield tuple(run[start:end])


@cache
def _talk(language: str) -> frozenset[str]:
    """Return the words of talk.toml that name no topic."""
    words: str = tomllib.loads(Path(__file__).with_name("talk.toml").read_text(encoding="utf-8"))[language]
    return frozenset(words.split())
