"""Prose -> sentences, by sentencex; and which language a text is in, by py3langid. No text is lost or altered."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from nightdesk.tasks.reading.language import HAN, KANA, WIDE, detect_language
from nightdesk.tasks.reading.sentence_ends import goes_on, missed, uses_capitals


class Spoken(NamedTuple):
    """A sentence of captions: its id and text, from when to when it is said in seconds, and who says it."""

    id: str
    text: str
    start: float | None = None
    end: float | None = None
    speaker: str | None = None


Sentence = tuple[str, str] | tuple[str, str, float | None] | Spoken


class Cut(list[Sentence]):
    """Sentences, and in which language their text was when it was cut."""

    def __init__(self, sentences: Iterable[Sentence], language: str) -> None:
        super().__init__(sentences)
        self.language = language


LONGEST_SENTENCE = 600  # characters of letters; longer ones are cut where it hurts least
LONGEST_UNPUNCTUATED = 240  # likewise, in text that hardly has a full stop (captions, speech recognition)
_LONG, _CLAUSE = 400, 200  # so long a sentence has a comma every so many letters, or is none
_WIDE = 3  # a Chinese, Japanese or Korean character says about as much as so many letters
_BLOCK = 4_000  # characters shown to the splitter at once
_SPACES = re.compile(r"\s*")
# Spaces beyond ASCII, and lone surrogates. Each is named, because a class that is told by what it is not takes twice as
# long to search for.
_ODD = re.compile("[\x0b\x0c\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ud800-\udfff]")

_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]")
_COMMA = re.compile("[,;:，、；：،—–]")
_STOP = re.compile(r"[.!?\u2026。！？｡؟۔।](?:(?<=[。！？])|(?=[\s\"'”’»)\]」』]|$))")
# Where a sentence that is too long may be cut, best first: after a stop, a semicolon, a comma, before a word that
# begins a clause, after a Chinese particle that ends one, between words.
_CUTS = tuple(
    re.compile(p)
    for p in (
        r"(?<=[.!?…])[\"'”’»)]*\s+(?=\S)|(?<=[。！？])[\"'”’»」』）)]*\s*(?=\S)",
        r"(?<=[;:])\s+|(?<=[；：])\s*",
        r"(?<=[,،])\s+|(?<=[，、])\s*",
        r"\s+(?=(?:and|but|so|because|then|okay|which|or|y|pero|porque|und|aber|weil|et|mais|donc)\s)",
        r"(?=然后|但是|所以|因为|而且|就是|还有|那么|如果)",
        r"(?<=[了吧啊呢吗呀哦哈啦嘛的])",
        r"\s+",
        f"(?<=[{HAN}{KANA}])",
    )
)  # fmt: skip
# Quotation marks and brackets, inside of which the splitter would end no sentence; an apostrophe is none.
# The letter stands first, because letters are searched for many times faster than alternatives.
_MARKS = re.compile(r"[\"“”„«»「」『』‘()\[\]（）'’](?:(?<!['’])|(?<!\w['’])|(?!\w))")
_OPENING, _EITHER = "“„«「『‘([（", "\"'’»"


def split_prose(text: str) -> Cut:
    """Cut prose into numbered sentences, each stripped and none empty."""
    lines = unwrapped(text.splitlines())
    language = detect_language(lines)
    longest, capitals = longest_in(text), uses_capitals(text)
    sentences = [s for line in lines for s in split_sentences(line, language, longest, capitals)]
    return Cut(((str(k), s) for k, s in enumerate(sentences, 1)), language)


def split_sentences(
    line: str, language: str, longest: int = LONGEST_SENTENCE, capitals: bool | None = None
) -> list[str]:
    """Cut one paragraph into sentences, each stripped and none empty, none weighing more than `longest` letters.

    capitals: whether the sentences of the text begin with capital letters; None to judge by the paragraph.
    """
    if capitals is None:
        capitals = uses_capitals(line)
    parts = []
    begin = 0
    for end in _ends(line, language):
        if end == len(line) or not goes_on(line, begin, end, language, capitals):
            parts += [part for part in _cap(line[begin:end].strip(), longest) if part]
            begin = end
    return parts


def _ends(line: str, language: str) -> Iterator[int]:
    """Yield what the splitter takes for ends of sentences; a block at a time, because it is slow with long texts."""
    start = 0
    while start < len(line):
        last = len(line) - start <= _BLOCK
        end = len(line) if last else _block_end(line, start)
        lengths = _lengths(line[start:end], language)
        if not last:
            lengths.pop()  # it may go on after the block
        if not lengths:  # nothing ends in the block
            start = end
        for length in lengths:
            yield from (start + at for at in missed(line[start : start + length]) if at < length)
            start += length
            yield start
    if line:
        yield len(line)


def _block_end(line: str, start: int) -> int:
    """Return where to end a block: after a space, or, where there is none, not in the middle of a character."""
    space = line.rfind(" ", start + _BLOCK // 2, start + _BLOCK)
    return space + 1 if space >= 0 else whole_characters(line, start + _BLOCK, start)


def _lengths(block: str, language: str) -> list[int]:
    """Return how long a block's sentences are.

    The splitter is shown no quotation marks and brackets, which hide sentences from it, and no odd spaces, at some of
    which it panics. Marks that open belong to the sentence after them, marks that close to the one before.
    """
    from sentencex import segment

    marks = [m.start() for m in _MARKS.finditer(block)]
    before = [mark - k for k, mark in enumerate(marks)]  # how many letters stand before each mark
    unmarked = "".join(block[a + 1 : b] for a, b in pairwise([-1, *marks, len(block)]))
    try:
        pieces = segment(language, _ODD.sub(" ", unmarked))
    except BaseException as e:
        if type(e).__name__ != "PanicException":  # which is no Exception
            raise
        return [len(block)]
    begins, seen = [0], 0
    for piece in pieces[:-1]:
        seen += len(piece)
        begins.append(_opening(block, min(seen + bisect_right(before, seen), len(block) - 1), begins[-1]))
    return [b - a for a, b in pairwise([*begins, len(block)]) if b > a]


def _opening(block: str, begin: int, least: int) -> int:
    """Return where a sentence begins whose first letter is at `begin`: with the marks that open before it."""
    while begin - 1 > least:
        mark = begin - 1
        if block[mark].isspace():  # French sets a space after the mark
            mark -= 1
            if mark <= least or block[mark] not in "«„“" or not block[mark - 1].isspace():
                break
        elif not _MARKS.match(block, mark):
            break
        before = block[mark - 1]
        if block[mark] not in _OPENING and (
            block[mark] not in _EITHER or not (before.isspace() or before in _OPENING + _EITHER)
        ):
            break
        begin = mark
    return begin


def ends(text: str) -> bool:
    """Tell whether a text ends in a full stop, or in another mark that ends a sentence."""
    return _STOP.search(text.rstrip()[-3:]) is not None


def longest_in(text: str) -> int:
    """Return how many letters a sentence of a text may weigh: fewer where the text has hardly any full stop."""
    stops = len(_STOP.findall(text))
    return LONGEST_SENTENCE if weight(text) <= LONGEST_UNPUNCTUATED * 2 * (stops + 1) else LONGEST_UNPUNCTUATED


def weight(text: str) -> int:
    """Return the length of a text in letters; a Chinese character counts for several."""
    return len(text) if text.isascii() else len(text) + (_WIDE - 1) * len(WIDE.findall(text))


def _cap(sentence: str, longest: int) -> Iterator[str]:
    if _weighs_more(sentence, _LONG) and len(_COMMA.findall(sentence)) * _CLAUSE < weight(sentence):
        longest = LONGEST_UNPUNCTUATED
    start = 0
    while _weighs_more(sentence[start : start + longest + 1], longest):
        end = _cut(sentence, start, longest)
        yield sentence[start:end].strip()
        spaces = _SPACES.match(sentence, end)
        start = spaces.end() if spaces else end
    yield sentence[start:]


def _weighs_more(text: str, longest: int) -> bool:
    return len(text) > longest or weight(text) > longest


def _cut(sentence: str, start: int, longest: int) -> int:
    """Return where to cut the beginning of a sentence that is too long: the last good place in its second half.

    A word is cut only if it is longer than a sentence may be at all.
    """
    fits = sentence[start : start + longest]
    while weight(fits) > longest:
        fits = fits[: len(fits) - max(1, (weight(fits) - longest) // _WIDE)]
    for cuts in _CUTS:
        ends = [m.end() for m in cuts.finditer(fits, len(fits) // 2) if m.end() < len(fits)]
        if ends and ends[-1] > 0:
            return whole_characters(sentence, start + ends[-1], start)
    space = fits.rfind(" ")
    if space < 0 and not WIDE.search(fits):
        space = sentence.find(" ", start, start + LONGEST_SENTENCE) - start
    return start + space + 1 if space >= 0 else whole_characters(sentence, start + max(1, len(fits)), start)


def whole_characters(text: str, at: int, least: int) -> int:
    """Return the last place up to `at` where a text can be cut without tearing a character from what belongs to it:

    combining marks, joined emoji and their colours, the two letters of a flag. It is after `least`, whatever it tears.
    """
    place = at
    while place - 1 > least and place < len(text) and _belongs(text, place, least):
        place -= 1
    return place if place - 1 > least else at


def _belongs(text: str, at: int, least: int) -> bool:
    """Tell whether a letter belongs to the one before it."""
    letter, before = text[at], text[at - 1]
    if letter < "\u0300":
        return False
    if _FLAG.match(letter):  # two of these letters are one flag
        return (at - max(k for k in range(least - 1, at) if k < least or not _FLAG.match(text[k]))) % 2 == 0
    return (
        unicodedata.category(letter).startswith("M")
        or "\u200d" in (letter, before)
        or "\u1160" <= letter <= "\u11ff"
        or "\U0001f3fb" <= letter <= "\U0001f3ff"
        or "\U000e0020" <= letter <= "\U000e007f"
        or ("\udc00" <= letter <= "\udfff" and "\ud800" <= before <= "\udbff")
    )


def unwrapped(lines: list[str]) -> list[str]:
    """Return paragraphs: lines as they are, unless the text was wrapped at a fixed width, as wire copy is."""
    width = wrapped_at(lines)
    return lines if width is None else paragraphs(lines, width)


def wrapped_at(lines: list[str]) -> int | None:
    """Return the width in characters at which a text was wrapped; None if it was not.

    It was if most of its lines that have a successor in their paragraph fill the width and end in no stop.
    """
    width = max(map(len, lines), default=0)
    inner = [a for a, b in pairwise(lines) if a.strip() and b.strip()]
    full = [a for a in inner if len(a) >= width - 20]
    open_ended = [a for a in inner if not _STOP.search(a.rstrip()[-1:])]
    wrapped = 40 <= width <= 110 and len(inner) >= 3 and min(len(full), len(open_ended)) >= 0.6 * len(inner)
    return width if wrapped else None


def paragraphs(lines: list[str], width: int) -> list[str]:
    """Join lines that were wrapped at a width to paragraphs."""
    found: list[list[str]] = []
    goes_on = False
    for line in lines:
        if goes_on and line.strip():
            found[-1].append(line.strip())
        else:
            found.append([line.strip()])
        goes_on = len(line) >= width - 20 and bool(line.strip())
    return [" ".join(paragraph) for paragraph in found]
