"""Prose -> sentences, by sentencex; and which language a text is in, by py3langid. No text is lost or altered."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from nightdesk.tasks.reading.language import HAN, KANA, WIDE, detect_language


class Spoken(NamedTuple):
    """A sentence of captions: its id and text, from when to when it is said in seconds, and who says it."""

    id: str
    text: str
    start: float | None = None
    end: float | None = None
    speaker: str | None = None


Sentence = tuple[str, str] | tuple[str, str, float | None] | Spoken

LONGEST_SENTENCE = 600  # characters of letters; longer ones are cut where it hurts least
LONGEST_UNPUNCTUATED = 240  # likewise, in text that hardly has a full stop (captions, speech recognition)
_LONG, _CLAUSE = 400, 200  # so long a sentence has a comma every so many letters, or is none
_WIDE = 3  # a Chinese, Japanese or Korean character says about as much as so many letters
_BLOCK = 4_000  # characters shown to the splitter at once
_SPACES = re.compile(r"\s*")
_ODD = re.compile("[^\\S\t\n\r ]|[\ud800-\udfff]")  # spaces beyond ASCII; lone surrogates

_COMMA = re.compile("[,;:，、；：،—–]")
_STOP = re.compile(r"[.!?\u2026。！？｡؟۔।](?=[\s\"'”’»)\]」』]|$)|[。！？]")
# Where a sentence that is too long may be cut, best first: after a stop, a semicolon, a comma, before a word that
# begins a clause, after a Chinese particle that ends one, between words.
_CUTS = tuple(
    re.compile(p)
    for p in (
        r"(?<=[.!?。！？…])[\"'”’»」』）)]*\s*(?=\S)",
        r"(?<=[;:；：])\s*",
        r"(?<=[,，、،])\s*",
        r"\s+(?=(?:and|but|so|because|then|okay|which|or|y|pero|porque|und|aber|weil|et|mais|donc)\s)",
        r"(?=然后|但是|所以|因为|而且|就是|还有|那么|如果)",
        r"(?<=[了吧啊呢吗呀哦哈啦嘛的])",
        r"\s+",
        f"(?<=[{HAN}{KANA}])",
    )
)  # fmt: skip
# Quotation marks and brackets, inside of which the splitter would end no sentence; an apostrophe is none.
_MARKS = re.compile(r"[\"“”„«»「」『』‘()\[\]（）]|(?<!\w)['’]|['’](?!\w)")
_OPENING, _EITHER = "“„«「『‘([（", "\"'’»"
# What the splitter takes for a sentence and is none: an initial, a day's ordinal number, a quotation that goes on or
# whose speaker is named after it.
_INITIAL = re.compile(r"(?:^|\s)[^\W\d_]\.\s*$")
_ORDINAL = re.compile(r"(?:^|\s)\d{1,2}\.\s*$")
_ABBREVIATION = re.compile(r"\b[A-Z][a-z]{1,3}\.\s*$")  # if a small letter follows
_QUOTATION = re.compile(r"[.!?…。！？，,]['\"”’»」』]+\s*$")
_ITS_SPEAKER = re.compile(
    r"[^。！？，“「]{1,40}?(?:说|說|道|表示|称|介绍|认为|回忆|指出|感叹|问|喊|叫|写)[。，：]|と(?:述べ|言|話|語)|[a-zà-ÿ]"
    r"|(?:[A-Z][\w.'-]* ){1,4}(?:said|says|asked|added|told|wrote|replied|cried|shouted)\b"
)
# Ends that it does not see: of an answer, a month and a Chinese sentence, which it takes for parts of a number.
_MISSED = re.compile(r"(?<=\bNo\.)(?= [A-Z])|(?<=\bMay\.)(?= [A-Z])|(?<=[。！？])(?=\d)")
_ORDINAL_LANGUAGES = ("de", "da", "no", "nb", "nn", "fi", "cs", "sk", "sl", "hr", "hu", "et", "lv", "is", "tr")


def split_prose(text: str) -> list[Sentence]:
    """Cut prose into numbered sentences, each stripped and none empty."""
    lines = unwrapped(text.splitlines())
    language = detect_language(lines)
    longest = longest_in(text)
    sentences = [s for line in lines for s in split_sentences(line, language, longest)]
    return [(str(k), s) for k, s in enumerate(sentences, 1)]


def split_sentences(line: str, language: str, longest: int = LONGEST_SENTENCE) -> list[str]:
    """Cut one paragraph into sentences, each stripped and none empty, none weighing more than `longest` letters."""
    return [part for s in _segments(line, language) for part in _cap(s.strip(), longest) if part]


def _pieces(line: str, language: str) -> Iterator[str]:
    """Yield what the splitter takes for sentences; a block at a time, because its time grows with the square of it."""
    start = 0
    while start < len(line):
        lengths = _lengths(line[start : start + _BLOCK], language)
        if start + _BLOCK < len(line) and len(lengths) > 1:
            lengths.pop()  # it may go on after the block
        for length in lengths:
            yield from _MISSED.split(line[start : start + length])
            start += length


def _lengths(block: str, language: str) -> list[int]:
    """Return how long a block's sentences are.

    The splitter is shown no quotation marks and brackets, which hide sentences from it, and no odd spaces, at some of
    which it panics. Marks that open belong to the sentence after them, marks that close to the one before.
    """
    from sentencex import segment

    marks = {m.start() for m in _MARKS.finditer(block)}
    kept = [k for k in range(len(block)) if k not in marks]
    try:
        pieces = segment(language, "".join(_ODD.sub(" ", block[k]) for k in kept))
    except BaseException as e:
        if type(e).__name__ != "PanicException":  # which is no Exception
            raise
        return [len(block)]
    begins, seen = [0], 0
    for piece in pieces[:-1]:
        seen += len(piece)
        begins.append(_opening(block, kept[min(seen, len(kept) - 1)], begins[-1]))
    return [b - a for a, b in pairwise([*begins, len(block)]) if b > a]


def _opening(block: str, begin: int, least: int) -> int:
    """Return where a sentence begins whose first letter is at `begin`: with the marks that open before it."""
    while begin - 1 > least and _MARKS.match(block, begin - 1):
        before = block[begin - 2]
        closes = block[begin - 1] not in _OPENING and (
            block[begin - 1] not in _EITHER or not (before.isspace() or before in _OPENING + _EITHER)
        )
        if closes:
            break
        begin -= 1
    return begin


def _segments(line: str, language: str) -> Iterator[str]:
    held = ""
    for piece in _pieces(line, language):
        if held and not _goes_on(held, piece, language):
            yield held
            held = ""
        held += piece
    if held:
        yield held


def _goes_on(piece: str, after: str, language: str) -> bool:
    """Tell whether what the splitter took for a sentence goes on in what comes after."""
    if _QUOTATION.search(piece):
        return _ITS_SPEAKER.match(after) is not None
    return (
        _INITIAL.fullmatch(piece.strip()) is not None
        or (language in _ORDINAL_LANGUAGES and _ORDINAL.search(piece) is not None)
        or (after[:1].islower() and _ABBREVIATION.search(piece) is not None)
    )


def ends(text: str) -> bool:
    """Tell whether a text ends in a full stop, or in another mark that ends a sentence."""
    return _STOP.search(text.rstrip()[-3:]) is not None


def longest_in(text: str) -> int:
    """Return how many letters a sentence of a text may weigh: fewer where the text has hardly any full stop."""
    stops = len(_STOP.findall(text))
    return LONGEST_SENTENCE if weight(text) <= LONGEST_UNPUNCTUATED * 2 * (stops + 1) else LONGEST_UNPUNCTUATED


def weight(text: str) -> int:
    """Return the length of a text in letters; a Chinese character counts for several."""
    return len(text) + (_WIDE - 1) * len(WIDE.findall(text))


def _cap(sentence: str, longest: int) -> Iterator[str]:
    if _weighs_more(sentence, _LONG) and len(_COMMA.findall(sentence)) * _CLAUSE < weight(sentence):
        longest = LONGEST_UNPUNCTUATED
    start = 0
    while _weighs_more(sentence[start : start + longest + 1], longest):
        end = start + _cut(sentence[start : start + longest], longest)
        yield sentence[start:end].strip()
        spaces = _SPACES.match(sentence, end)
        start = spaces.end() if spaces else end
    yield sentence[start:]


def _weighs_more(text: str, longest: int) -> bool:
    return len(text) > longest or weight(text) > longest


def _cut(fits: str, longest: int) -> int:
    """Return where to cut the beginning of a sentence that is too long: the last good place in its second half."""
    while weight(fits) > longest:
        fits = fits[: len(fits) - max(1, (weight(fits) - longest) // _WIDE)]
    for cuts in _CUTS:
        ends = [m.end() for m in cuts.finditer(fits, len(fits) // 2) if m.end() < len(fits)]
        if ends and ends[-1] > 0:
            return ends[-1]
    return max(1, len(fits))


def unwrapped(lines: list[str]) -> list[str]:
    """Return paragraphs: lines as they are, unless the text was wrapped at a fixed width, as wire copy is.

    It was if most of its lines that have a successor in their paragraph fill the width and end in no stop.
    """
    width = max(map(len, lines), default=0)
    inner = [a for a, b in pairwise(lines) if a.strip() and b.strip()]
    full = [a for a in inner if len(a) >= width - 20]
    open_ended = [a for a in inner if not _STOP.search(a.rstrip()[-1:])]
    if not (40 <= width <= 110 and len(inner) >= 3 and min(len(full), len(open_ended)) >= 0.6 * len(inner)):
        return lines
    paragraphs: list[str] = []
    goes_on = False
    for line in lines:
        if goes_on and line.strip():
            paragraphs[-1] += " " + line.strip()
        else:
            paragraphs.append(line.strip())
        goes_on = len(line) >= width - 20 and bool(line.strip())
    return paragraphs
