"""The cues of a `.srt` or `.vtt` file: times, lines without markup, and whose voice each line is.

The parser is our own, because files as they are found break the rules that parsers hold them to: blank lines are
missing, times lack their fraction, and notes, cue names, styles and headers stand where text is expected. Whatever has
a time line is a cue here, and whatever no rule knows is text.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

_TIME = r"-?(?:(\d{1,6})\s?:\s?)?(\d{1,2})\s?:\s?(\d{1,2})(?:\s?[.,:;]\s?(\d{1,9}))?(?!\d)"
_TIMES = re.compile(rf"^[\s\ufeff]*\[?{_TIME}\s*(?:-\s?-\s?>|[–—→]\s?>?)\s*{_TIME}\]?")
_ARROW = re.compile("[>–—→]")
_WEBEX = re.compile(r'^\d+ "([^"]+)" \(\d+\)$')  # a cue's name that tells who speaks
_SETTING = re.compile(r"[A-Za-z]\w*:\S*")
_OTHER_LINE_ENDS = re.compile(r"[\r\u2028\u2029]")
_BREAK = re.compile(r"<br\s*/?>|\\N")
_TAG = re.compile(
    r"</?(?:(?:i|b|u|s|c|v|em|strong|ruby|rt|lang|font|span|p|div)(?:[.\s][^<>]*)?|\d+:[\d:.]+)?/?>"
    r"|\{(?:\\[^{}]*|[ycfsp]:[^{}]*)\}",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"[<{&\\\ufeff]")
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?(?:\s([^<>]*))?>", re.IGNORECASE)
_NO_CHARACTER = re.compile(r"&#[xX]?[0-9A-Fa-f]{9,};?")  # whose number Python may refuse to read
_ENTITY = re.compile(r"&(?:[gl]t|amp|quot|nbsp|#39);")
_HEADER = re.compile(r"^\s*\ufeff?WEBVTT(?:[ \t].*)?$")
_GLUED_HEADER = re.compile(r"(?<=[^\n\ufeff])(?=\ufeff?WEBVTT\nX-TIMESTAMP-MAP)")
_METADATA = re.compile(r"^\s*(?:X-TIMESTAMP-MAP=|(?:Kind|Language|Region)\s*:)")
_MPEGTS, _LOCAL = re.compile(r"MPEGTS:(\d{1,12})"), re.compile(rf"LOCAL:{_TIME}")
_ASIDE = re.compile(r"^\s*(?:NOTE(?:\s|$)|(?:STYLE|REGION)\s*$)")
TOUCHING_S = 0.25  # seconds between two cues that are shown without a break


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a cue, not empty. voice: the name in its <v> tag, if one stands in this cue."""

    text: str
    voice: str | None = None


@dataclass(frozen=True, slots=True)
class Cue:
    """What is shown from start to end, in seconds. segment: number of the segment of a stream that it stands in.

    number: of its time line in the text, from 0.
    """

    start: float
    end: float
    lines: tuple[Line, ...]
    segment: int = 0
    number: int = field(default=0, compare=False)


@dataclass(slots=True)
class _Block:
    start: float
    end: float
    segment: int
    lines: list[str]


def parse(text: str) -> list[Cue]:
    """Return the cues in the order of the file; their start times never run back, and none ends before it starts."""
    text = _GLUED_HEADER.sub("\n\n", _with_plain_line_ends(text))
    blocks, shifts = _blocks(text.split("\n"))
    cues = [Cue(b.start, b.end, tuple(_shown(b.lines)), b.segment, k) for k, b in enumerate(blocks)]
    latest = 0.0
    found = []
    for cue in _once(_mapped(cues, shifts)):
        latest = max(latest, cue.start)
        forward = cue.start == latest and cue.end >= latest
        found.append(cue if forward else replace(cue, start=latest, end=max(latest, cue.end)))
    return found


def _with_plain_line_ends(text: str) -> str:
    """Return a text whose lines end in LF, also where they ended in CR, CR LF or CR CR LF."""
    *lines, last = text.split("\n")
    return _OTHER_LINE_ENDS.sub("\n", "\n".join([*(line.rstrip("\r") for line in lines), last]))


def _blocks(lines: list[str]) -> tuple[list[_Block], list[float]]:
    """Return the cues with their raw lines, and by how many seconds the times of each segment are to be shifted."""
    blocks: list[_Block] = []
    shifts = [0.0]
    number = 0  # that the file gave the last cue
    voice: list[str] = []  # what the name of the next cue tells of who speaks
    aside = header = blank = False
    is_vtt = any(_HEADER.match(line) for line in lines)
    for k, line in enumerate(lines):
        if times := _times(line):
            aside = header = blank = False
            block = _Block(_seconds(times.groups()[:4]), _seconds(times.groups()[4:]), len(shifts) - 1, voice)
            voice = []
            rest = line[times.end() :].strip()
            if not all(map(_SETTING.fullmatch, rest.split())):
                block.lines.append(rest)
            blocks.append(block)
        elif not line.strip():
            aside = header = False
            blank = True
        elif _HEADER.match(line) and (blank or not blocks or _METADATA.match(_line(lines, k + 1))):
            header = True
            if blocks:
                shifts.append(0.0)
        elif header or (_METADATA.match(line) and line.lstrip().startswith("X-")):
            if line.lstrip().startswith("X-TIMESTAMP-MAP="):
                shifts[-1] = _shift(line)
        elif aside or (is_vtt and (blank or not blocks) and _ASIDE.match(line)):
            aside = True
        elif blocks and not (
            (blank or blocks[-1].lines) and _names_next(lines, k, blank, is_vtt, (len(blocks) + 1, number + 1))
        ):
            blocks[-1].lines.append(line)
            blank = False
        elif line.strip().isdecimal():
            number = int(line.strip()[:9])
        elif webex := _WEBEX.match(line.strip()):
            voice = [f"<v {webex[1]}>"]
    return blocks, shifts


def is_time_line(line: str) -> bool:
    """Tell whether a line holds the times of a cue."""
    return _times(line) is not None


def _times(line: str) -> re.Match[str] | None:
    return _TIMES.match(line) if _ARROW.search(line) else None  # most lines are none


def _line(lines: list[str], k: int) -> str:
    return lines[k] if k < len(lines) else ""


def _names_next(lines: list[str], k: int, blank: bool, is_vtt: bool, numbers: tuple[int, int]) -> bool:
    """Tell whether a line is the name of the cue whose times come next, or its number where no blank precedes."""
    name = lines[k].strip()
    is_number = name.isdecimal() and int(name[:9]) in numbers
    if not (is_number or (blank and (is_vtt or name.isdecimal()))):
        return False
    after = _line(lines, k + 1)
    if is_number and blank and not after.strip():
        after = next((s for s in lines[k + 2 : k + 4] if s.strip()), "")  # files with a blank after every line
    return _times(after) is not None


def _seconds(groups: tuple[str | None, ...]) -> float:
    h, m, s, fraction = groups
    return int(h or 0) * 3600 + int(m or 0) * 60 + int(s or 0) + (float(f"0.{fraction}") if fraction else 0.0)


def _shift(line: str) -> float:
    """Return how many seconds after a stream's zero a segment's own zero is, by its X-TIMESTAMP-MAP."""
    ticks, local = _MPEGTS.search(line), _LOCAL.search(line)
    return int(ticks[1]) / 90_000 - (_seconds(local.groups()) if local else 0.0) if ticks else 0.0


def _shown(lines: list[str]) -> Iterator[Line]:
    """Yield a cue's lines without markup, cut where another voice begins."""
    voice = None
    if not any(_MARKUP.search(line) for line in lines):
        yield from (Line(text) for line in lines if (text := " ".join(line.split())))
        return
    for line in (part for whole in lines for part in _BREAK.split(whole)):
        begin = 0
        for tag in (*_VOICE.finditer(line), None):
            if text := _plain(line[begin : tag.start() if tag else None]):
                yield Line(text, voice)
            if tag:
                voice, begin = _plain(tag[1] or "") or None, tag.end()


def _plain(text: str) -> str:
    text = html.unescape(_NO_CHARACTER.sub("\ufffd", _TAG.sub("", text)))
    if _ENTITY.search(text):  # it was escaped twice
        text = html.unescape(text)
    return " ".join(text.replace("\ufeff", "").split())


def _mapped(cues: list[Cue], shifts: list[float]) -> list[Cue]:
    """Shift the times of segments that each begin at zero; those that go on from one to the next are right as is."""
    latest: dict[int, float] = {}
    for cue in cues:
        latest[cue.segment] = max(cue.start, latest.get(cue.segment, 0.0))
    if all(a <= b for a, b in pairwise(latest.values())):
        return cues
    first = shifts[cues[0].segment]
    by = [shift - first for shift in shifts]
    return [replace(c, start=max(0.0, c.start + by[c.segment]), end=max(0.0, c.end + by[c.segment])) for c in cues]


def _once(cues: list[Cue]) -> Iterator[Cue]:
    """Yield cues, but only once what stands twice with its times, or in two segments that follow each other."""
    seen: set[tuple[float, float, str]] = set()
    spans: dict[tuple[int, str], tuple[float, float]] = {}
    for cue in cues:
        text = "\n".join(f"{line.voice}\t{line.text}" if line.voice else line.text for line in cue.lines)
        key = (cue.start, cue.end, text)
        start, end = spans.get((cue.segment - 1, text), (0.0, -1.0))
        again = cue.start <= end + TOUCHING_S and cue.end >= start
        spans[cue.segment, text] = (cue.start, cue.end)
        if key not in seen and not (again and end >= 0):
            yield cue
        seen.add(key)
