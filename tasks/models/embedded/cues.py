"""What the words, quotes and digits of a sentence show: the features of the category models.

cues.toml holds the tables; here they are compiled once per process and counted. A sentence is read as units: words
(lower case), numbers (all alike: #) and single Chinese characters, so that one matcher reads both languages and text
that mixes them. Nothing here knows what a category means: weights stand in cues.toml or are learnt from the features.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightdesk.tasks.models.embedded.vectors import CACHED_SENTENCES

SIGNALS = (
    "quoted",  # share of the sentence that stands between quotation marks
    "speech",  # a run of it does that is longer than a name or a title
    "inside",  # it begins inside a quotation that an earlier sentence opened
    "question",  # it ends in a question mark
    "exclamation",  # it ends in an exclamation mark
    "numbers",  # numbers in it, full at three
    "money",  # a currency or percent sign
    "names",  # capitalised words after the first, full at four
    "figure",  # numbers are at least half of its units
    "short",  # at most three units
    "long",  # more than thirty units
    "credit",  # it begins with a bracket: (photo credit), (agency)
)
MOST_HITS = 2
LONGEST = 2000
"""Characters of a sentence that are read: what a sentence is shows early, and captions can run on for 10,000."""

_SMALL = "零〇一二两三四五六七八九十百千万几"
_UNIT = re.compile(
    rf"[0-9][0-9.,:]*|万一|千万(?![块元单])|[{_SMALL}]{{2,}}"
    r"|[\u3400-\u9fff]|[^\W\d_\u3400-\u9fff]+(?:'[^\W\d_\u3400-\u9fff]+)*|#"
)
_ASCII_UNIT = re.compile(r"[a-z]+(?:'[a-z]+)*|[0-9][0-9.,:]*|#")  # the same for text of ASCII alone, twice as fast
_DIGIT = re.compile(r"[0-9#]")
# "one" is left out: it is a pronoun as often as a number.
_NUMBER_WORDS = (
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen"
    " nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred"
)
_NUMBERS = frozenset(_NUMBER_WORDS.split())
_NUMERALS = frozenset("0123456789#" + _SMALL)
_NOT_NUMBERS = frozenset(["万一", "千万", *"一百千万零〇"])  # in case; by all means; and parts of other words
_ANY_QUOTE = re.compile(r"[\"“„«「『‘']")
_QUOTE = re.compile(r"[\"“”„«»「」『』]|(?<!\w)['‘](?=\w)|(?<=[\w.,!?…。，！？])['’](?!\w)")
_CLOSED_BY = {"“": "”", "„": "“”", "«": "»", "「": "」", "『": "』", "‘": "’", '"': '"', "'": "'"}
_OPEN_FOR = 6
_SPEECH = 14
_MONEY = re.compile(r"[$€£¥￥%％]")
_NAME = re.compile(r" (?<=[\w,] )[A-Z]")  # a blank first, because a literal is what the engine finds fastest
_WORD = re.compile(r"[^\W_]")


Index = dict[str, dict[str, list[tuple[list[str], tuple[int, ...]]]]]


@dataclass(frozen=True, slots=True)
class CueTable:
    """The cues of one category set in one language, compiled.

    features: names of the columns of `features()`: the signals, the groups of cues, then everyday words.
    index: first unit of a cue -> second unit, "" for a cue of one unit -> (the units that follow, columns it counts
    for), longest first.
    words: everyday word -> its column.
    doubt: share of the confidence that is spread evenly over the categories, because labelers differ.
    weights: shape (features, categories): what one of each feature adds to each category's score; words add nothing.
    shown: what the last sentences showed, by their text (see _alone).
    """

    categories: tuple[str, ...]
    prior: NDArray[np.float64]
    persistence: float
    scale: float
    doubt: float
    features: tuple[str, ...]
    index: Index
    words: dict[str, int]
    weights: NDArray[np.float64]
    shown: dict[str, tuple[tuple[float, ...], list[int]]] = field(default_factory=dict, repr=False)


@cache
def _tables() -> dict[str, dict[str, Any]]:
    tables: dict[str, dict[str, Any]] = tomllib.loads(Path(__file__).with_name("cues.toml").read_text(encoding="utf-8"))
    return tables


@cache
def _everyday_words(language: str) -> tuple[str, ...]:
    text = Path(__file__).with_name("everyday_words.toml").read_text(encoding="utf-8")
    return tuple(word.strip() for word in tomllib.loads(text).get(language, "").split(",") if word.strip())


def known_set(categories: Sequence[str]) -> str | None:
    """Return the name of the category set that has all these categories, or None."""
    return next((name for name, table in _tables().items() if set(categories) <= set(table["prior"])), None)


@cache
def cue_table(name: str, language: str) -> CueTable:
    """Return the compiled table of a category set; without cues for the language it has the signals alone.

    Raises:
        KeyError: no such category set.
    """
    table = _tables()[name]
    categories = tuple(table["prior"])
    groups = table.get(language, {})
    everyday = _everyday_words(language)
    features = SIGNALS + tuple(groups) + tuple(f"word {word}" for word in everyday)
    weights = np.zeros((len(features), len(categories)))
    said = [*(table["signals"][s] for s in SIGNALS), *(group.get("weights", {}) for group in groups.values())]
    for row, by_category in enumerate(said):
        for category, weight in by_category.items():
            weights[row, categories.index(category)] = weight
    columns: dict[tuple[str, ...], set[int]] = {}
    for column, group in enumerate(groups.values(), len(SIGNALS)):
        for cue in group["cues"].split(","):
            columns.setdefault(tuple(units(cue)), set()).add(column)
    index: Index = {}
    for cue_units in sorted(columns, key=lambda cue: (-len(cue), cue)):
        first, second, *rest = *cue_units, ""
        counted = [unit for unit in rest if unit], tuple(sorted(columns[cue_units]))
        index.setdefault(first, {}).setdefault(second, []).append(counted)
    words = {word: column for column, word in enumerate(everyday, len(SIGNALS) + len(groups))}
    prior = np.array(list(table["prior"].values()), float)
    return CueTable(
        categories=categories,
        prior=prior / prior.sum(),
        persistence=table["persistence"],
        scale=table["scale"],
        doubt=table.get("doubt", {}).get(language, 0.0),
        features=features,
        index=index,
        words=words,
        weights=weights,
    )


def units(text: str) -> list[str]:
    """Return the words, numbers (#, a run of them once) and Chinese characters of a text, in order."""
    if text.isascii():
        read = _ASCII_UNIT.findall(text.lower())
        if _NUMBERS.isdisjoint(read) and not _DIGIT.search(text):
            return read
    else:
        read = _UNIT.findall(text.lower().replace("’", "'"))
    found: list[str] = []
    for unit in read:
        if unit in _NUMBERS or (unit[0] in _NUMERALS and unit not in _NOT_NUMBERS):
            if not found or found[-1] != "#":
                found.append("#")
        else:
            found.append(unit)
    return found


def is_readable(sentence: str) -> bool:
    """Tell whether there is anything to judge: a letter or a digit, and not a wall of text."""
    return len(sentence) <= 2 * LONGEST and _WORD.search(sentence) is not None


def features(sentences: Sequence[str], table: CueTable) -> NDArray[np.float64]:
    """Count what each sentence shows, in the order in which the sentences stand; shape (n, len(table.features)).

    Order matters: a quotation that one sentence opens goes on in the next ones.
    """
    rows: list[tuple[float, ...]] = []
    hits: list[int] = []
    many: list[int] = []
    open_mark, open_for = "", 0
    for sentence in sentences:
        text = sentence[:LONGEST].strip()
        inside = bool(open_mark)
        quoted, open_mark = _quoted(text, open_mark)
        open_for = open_for + 1 if open_mark else 0
        if open_for > _OPEN_FOR:  # a mark that was never closed must not colour the rest of the document
            open_mark, open_for = "", 0
        signals, columns = _alone(text, table)
        rows.append((quoted / max(len(text), 1), quoted >= _SPEECH, inside, *signals))
        hits += columns
        many.append(len(columns))
    width = len(table.features)
    at = np.repeat(np.arange(len(rows)) * width, many) + np.array(hits, np.intp)
    counted = np.bincount(at, minlength=len(rows) * width).reshape(len(rows), width)
    shown = np.minimum(counted, MOST_HITS).astype(np.float64)
    shown[:, : len(SIGNALS)] = np.array(rows, np.float64).reshape(len(rows), len(SIGNALS))
    return shown


def _alone(text: str, table: CueTable) -> tuple[tuple[float, ...], list[int]]:
    """Return what a sentence shows wherever it stands; neighbouring chunks share sentences, so it is kept."""
    shown = table.shown.get(text)
    if shown is None:
        found = units(text)
        words = map(table.words.__getitem__, filter(table.words.__contains__, set(found)))
        shown = _plain_signals(text, found), [*_hits(found, table.index), *words]
        if len(table.shown) >= CACHED_SENTENCES:
            table.shown.clear()
        table.shown[text] = shown
    return shown


def _plain_signals(text: str, found: list[str]) -> tuple[float, ...]:
    """Return the signals from `question` on."""
    tail, numbers = text[-2:], found.count("#")
    return (
        "?" in tail or "？" in tail,
        "!" in tail or "！" in tail,
        min(numbers, 3) / 3,
        _MONEY.search(text) is not None,
        min(len(_NAME.findall(text)), 4) / 4,
        2 * numbers >= len(found) > 0,
        len(found) <= 3,
        len(found) > 30,
        text[:1] in ("(", "（", "["),
    )


def _hits(found: list[str], index: Index) -> list[int]:
    """Return the column of every cue found, the longest cue at each place; its units are not read again."""
    hits: list[int] = []
    free = 0  # the first place that no cue has taken
    for place in compress(range(len(found)), map(index.__contains__, found)):
        if place < free:
            continue
        following = index[found[place]]
        for rest, columns in following.get(found[place + 1], ()) if place + 1 < len(found) else ():
            if not rest or found[place + 2 : place + 2 + len(rest)] == rest:
                hits += columns
                free = place + 2 + len(rest)
                break
        else:
            for _, columns in following.get("", ()):
                hits += columns
    return hits


def _quoted(text: str, open_mark: str) -> tuple[int, str]:
    """Return how many characters of a text are inside quotation marks, and the mark left open at its end (or "").

    open_mark: what the sentences before left open.
    """
    if not open_mark and not _ANY_QUOTE.search(text):
        return 0, ""
    start, inside = 0, 0
    for match in _QUOTE.finditer(text):
        mark, at = match.group(), match.start()
        # A quotation of several paragraphs opens anew at each: a mark at the very start opens unless it stands alone.
        opens_anew = at == 0 and mark == open_mark and text[1:2].isalnum()
        if open_mark and mark in _CLOSED_BY[open_mark] and not opens_anew:
            inside += at - start
            open_mark = ""
        elif (not open_mark or opens_anew) and mark in _CLOSED_BY:
            # An apostrophe after a word or stop closes; with nothing open it is a plural's.
            if mark == "'" and at and (text[at - 1].isalnum() or text[at - 1] in ".,!?…。，！？"):
                continue
            open_mark, start = mark, at + 1
    if open_mark:
        inside += len(text) - start
    return inside, open_mark
