"""Who speaks in captions: by `>>`, a dash or a name before the text, or a voice tag. Marks and names are no text.

A name is what stands before a colon at the beginning of a line, if lines of the file begin so often enough that it is
no chance: one "Note: ..." is text. After `>>`, and in capitals in a file that is not, one name is enough.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from nightdesk.tasks.reading.formats.unrolling import Piece, join
from nightdesk.tasks.reading.language import HAN, HANGUL, KANA

_TURN = re.compile(r"(?:^|(?<=[\s.!?♪)\]]))(?:>{2,}|＞{2,})\s*")
# The end of a sentence before a name and its colon. Which names the file has is asked of a set, because a pattern of
# all of them would try each at every place.
_BEFORE_NAME = r"(?<=[.!?…\"”)\]♪])\s+(?=(?P<name>[^:：]{1,60}?)\s?[:：](?:\s|$))"
_AFTER_END = re.compile(r"[.!?…]\s?>{2,}\s")
_END = re.compile(r"[.!?…][\"”)\]]?\s+(?=\S)")
_DASH = re.compile(r"^(?:[-–—‐]\s+|[-‐](?=[^\W\d]|[¿¡\"“]))")
_LABEL = re.compile(
    rf"^\[?([^:：\[\]]{{1,60}}?)\]?(?:\s?\(\d+(?::\d+)+\))?\s?(?::(?=\s|$|[{HAN}{KANA}{HANGUL}])|：)\s*"
)
_ANONYMOUS = re.compile(r"(?:\w+\s)?(?:speaker|sprecher|locuteur|spk|hablante|falante)[ _-]?\w{0,3}", re.IGNORECASE)
_WIDE_NAME = re.compile(rf"[{HAN}{KANA}{HANGUL}][{HAN}{KANA}{HANGUL}·・ \d]{{0,9}}")
_WORD = re.compile(r"[^\W\d_][\w.'’&/@-]*,?|\d{1,3}|\([^()]*\)|[(（][^()（）]*[)）]")
_PARTICLES = frozenset("de da di do dos la le van von der den del della bin al el af zu und and".split())
_MOST_WORDS = 5
_LONGEST_TITLE, _TITLES = 4, ("prof.", "capt.")  # letters of "Mrs."; what is longer
_EVERY, _FEW_NAMES = 0.8, 0.6  # of all cues; names among them
_NO_NAMES = frozenset(
    "note notes warning caution tip tips hint question answer example examples step remember reminder important "
    "update breaking summary conclusion today tomorrow first second third next also however plus result results "
    "fact facts problem solution option part chapter section item attention ps re subject date time address phone "
    "email http https source sources credits ingredients day nota achtung hinweis frage antwort ejemplo exemple".split()
)
_NO_WIDE_NAMES = re.compile(
    "注意|问题|答案|例如|比如|总结|第|首先|其次|最后|另外|重点|提示|备注|价格|原因|结论|所以|时间|地点|.*[的说是了]$"
)


@dataclass(slots=True)
class Said:
    """A part of what somebody says. begins: another one speaks than before it.

    spans: place in the text from which a caption is shown, and from when to when in seconds.
    """

    text: str
    speaker: str | None
    begins: bool
    spans: list[tuple[int, float, float]] = field(default_factory=list)


@dataclass(slots=True)
class _Row:
    """A line of captions with all that was added to it; is_line: it begins where a line begins; first: of its cue."""

    text: str
    voice: str | None
    is_line: bool
    first: bool
    spans: list[tuple[int, float, float]]


def said(pieces: Sequence[Piece]) -> list[Said]:
    """Return what is said, without marks and names, and who says it."""
    rows = list(_rows(pieces))
    marked = any((row.is_line and _TURN.match(row.text)) or _AFTER_END.search(row.text) for row in rows)
    names = _names(rows)
    cuts = _cuts(marked, names)
    found: list[Said] = []
    speaker: str | None = None
    begins = False
    silent: Said | None = None
    for row in rows:
        if row.voice is not None and row.voice != speaker:
            speaker, begins = row.voice, True
        for begin, end, turns, named in _parts(row, cuts, names):
            at = begin
            if turns:
                begins, speaker = True, row.voice
            label = None
            if turns or named:
                label = _label(row.text[at:end])
                if not (label and turns and marked):
                    label = _label(row.text[at:end], anything=True)
                    label = label if label and label[0] in names else None
            if silent and (turns or label):
                found.append(silent)
                silent = None
            if label:
                begins = begins or label[0] != speaker
                speaker, at = label[0], at + label[1]
            if text := row.text[at:end].strip():
                at = row.text.index(text, at)
                found.append(Said(text, speaker, begins, _within(row.spans, at, at + len(text))))
                begins, silent = False, None
            elif label:
                silent = Said(row.text[begin:end].strip(), None, True, row.spans)
    return [*found, silent] if silent else found  # a name after which nothing is said is text


def _rows(pieces: Sequence[Piece]) -> Iterator[_Row]:
    row: _Row | None = None
    parts: list[str] = []
    length = 0
    for piece in pieces:
        if row is None or piece.begins_line or piece.voice != row.voice:
            if row:
                row.text = "".join(parts)
                yield row
            row, parts, length = _Row("", piece.voice, piece.begins_line, piece.first, []), [], 0
        added = piece.text if piece.glued or not parts else join(parts[-1], piece.text)[len(parts[-1]) :]
        row.spans.append((length + len(added) - len(piece.text), piece.start, piece.end))
        parts.append(added)
        length += len(added)
    if row:
        row.text = "".join(parts)
        yield row


def _cuts(marked: bool, names: set[str]) -> re.Pattern[str] | None:
    """Return where lines are cut: at marks, and after the end of a sentence before what may be a name that is known."""
    cuts = [_TURN.pattern] * marked + [_BEFORE_NAME] * bool(names)
    return re.compile("|".join(cuts)) if cuts else None


def _parts(row: _Row, cuts: re.Pattern[str] | None, names: set[str]) -> Iterator[tuple[int, int, bool, bool]]:
    """Yield (from, to, whether a mark stands before it, whether a name may begin it) of each part of a line."""
    dash = _DASH.match(row.text) if row.is_line else None
    at, turns, named = (dash.end(), True, True) if dash else (0, False, row.is_line)
    for cut in cuts.finditer(row.text) if cuts else ():
        if names and cut["name"] is not None and cut["name"] not in names:
            continue
        if cut.start() > at:
            yield at, cut.start(), turns, named
        at, turns, named = cut.end(), not cut[0].isspace(), True
    yield at, len(row.text), turns, named


def _within(spans: list[tuple[int, float, float]], begin: int, end: int) -> list[tuple[int, float, float]]:
    if len(spans) == 1:
        return [(0, *spans[0][1:])]
    first = max(0, bisect_right(spans, begin, key=lambda s: s[0]) - 1)
    last = bisect_left(spans, end, key=lambda s: s[0])
    return [(max(0, at - begin), start, to) for at, start, to in spans[first:last]]


def _names(rows: list[_Row]) -> set[str]:
    """Return what is a name before a colon, judged by how often cues of the file begin with one."""
    firsts = [row.text for row in rows if row.is_line and row.first]
    anything = [label[0] for text in firsts if (label := _label(text, anything=True))]
    if len(anything) >= _EVERY * max(3, len(firsts)) and len(set(anything)) <= _FEW_NAMES * len(anything):
        return set(anything)  # a name stands before each cue, whatever people call themselves
    labels = Counter(label[0] for row in rows for text in _beginnings(row) if (label := _label(text)))
    n, repeated = labels.total(), sum(times > 1 for times in labels.values())
    if n >= 2 and (n >= _EVERY * len(firsts) or (repeated and n * 6 >= len(firsts))):
        return set(labels)
    shouted = sum(map(str.isupper, firsts)) * 2 > len(firsts)
    return {
        name
        for name, times in labels.items()
        if (times > 1 and repeated > 1) or (name.isupper() and not shouted) or _ANONYMOUS.fullmatch(name)
    }


def _beginnings(row: _Row) -> Iterator[str]:
    """Yield what stands where a name may: at the beginning of a line, and after the end of a sentence."""
    if row.is_line:
        yield _DASH.sub("", row.text) if row.text[:1] in "-–—‐" else row.text
    if ":" in row.text:
        yield from (row.text[end.end() : end.end() + 80] for end in _END.finditer(row.text))


def _label(text: str, anything: bool = False) -> tuple[str, int] | None:
    """Return what may be a speaker's name before a colon, and where the text after it begins.

    anything: also what no name looks like, as people call themselves in a meeting.
    """
    beginning = text[:80]
    m = _LABEL.match(text) if ":" in beginning or "：" in beginning else None
    if not m:
        return None
    name = m[1].strip()
    words = name.split()
    if anything:
        named = 0 < len(words) <= _MOST_WORDS
    elif _WIDE_NAME.fullmatch(name):
        named = _NO_WIDE_NAMES.match(name) is None
    else:
        named = _ANONYMOUS.fullmatch(name) is not None or _is_name(words)
    return (name, m.end()) if named else None


def _is_name(words: list[str]) -> bool:
    """Tell whether words may be somebody's name or office: few, each with a capital letter but for "de" or "van"."""
    return (
        0 < len(words) <= _MOST_WORDS
        and words[0].lower().rstrip(".,") not in _NO_NAMES
        and words[0][0].isalpha()
        and not words[0][0].islower()
        and all(_WORD.fullmatch(w) and (not w[0].islower() or w in _PARTICLES) for w in words)
        and all(len(w) <= _LONGEST_TITLE or w.lower() in _TITLES for w in words if w.endswith("."))
    )
