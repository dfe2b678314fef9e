"""`.srt` and `.vtt`: captions joined to sentences, each with the start of the caption in which it begins.

The parser is our own, because files as they are found break the rules that parsers hold them to: blank lines are
missing, and notes, cue names and styles stand where text is expected. Whatever has a time line is a caption here.
Captions that roll (each repeats the end of the one before) are told by doing so throughout, and repeat nothing then.
"""

import html
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.formats.content import Content
from nightdesk.tasks.reading.language import WIDE, detect_language
from nightdesk.tasks.reading.sentences import LONGEST_SENTENCE, Sentence, longest_in, split_sentences, weight

_TIME = r"(?:(\d+):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_TIMES = re.compile(rf"^\s*{_TIME}\s*-->\s*{_TIME}")
_TAG = re.compile(r"</?(?:[A-Za-z][^<>]*|\d+:[\d:.]+)?>|\{\\[^{}]*\}")
_TURN = re.compile(r"^\s*(?:>>+|&gt;&gt;|[-–—]\s+)")  # somebody else speaks
_VOICE = re.compile(r"^\s*<v[ .]([^>]*)>")  # this one speaks
# Seconds of silence at which unpunctuated speech is cut, and those that do if it has gone on for so many letters.
_PAUSE_S, _BREATH_S, _ENOUGH = 1.5, 0.4, 60


@dataclass(frozen=True, slots=True)
class Cue:
    """A caption: its times in seconds, its lines without markup, and whether somebody else begins to speak in it."""

    start: float
    end: float
    lines: tuple[str, ...]
    new_speaker: bool

    @property
    def text(self) -> str:
        """Return the lines as one text."""
        return join(self.lines)


def read(text: str) -> Content:
    """Return the sentences of a caption file.

    Raises:
        DocumentError: there is not one caption in it.
    """
    cues = list(parse(text))
    if not cues:
        raise DocumentError("no caption in it (no line like 00:00:01.000 --> 00:00:02.000); name a .srt or .vtt file")
    spoken = [c for c in unrolled(cues) if c.lines]
    return Content(lambda: sentences(spoken), not spoken)


def parse(text: str) -> Iterator[Cue]:
    """Yield the captions in the order of the file, their start times never running back."""
    blocks: list[tuple[re.Match[str], list[str]]] = []
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for k, line in enumerate(lines):
        if times := _TIMES.match(line):
            blocks.append((times, []))
        elif blocks and not _names_next(lines, k, len(blocks) + 1):
            blocks[-1][1].append(line)
    latest, voice = 0.0, ""
    for times, block in blocks:
        latest = max(latest, _seconds(times.groups()[:4]))
        said = list(_without_notes(block))
        first = said[0] if said else ""
        named = _VOICE.match(first)
        turns = _TURN.match(first) is not None or (named is not None and named[1] != voice)
        voice = named[1] if named else voice
        shown = (" ".join(html.unescape(_TAG.sub("", _TURN.sub("", line))).split()) for line in said)
        yield Cue(latest, max(latest, _seconds(times.groups()[4:])), tuple(s for s in shown if s), turns)


def _names_next(lines: list[str], k: int, number: int) -> bool:
    """Tell whether a line is the name of the caption whose times come next, or its number where no blank precedes."""
    if k + 1 >= len(lines) or not _TIMES.match(lines[k + 1]):
        return False
    return not lines[k - 1].strip() or lines[k].strip() == str(number)


def _without_notes(block: list[str]) -> Iterator[str]:
    """Yield the lines of a caption, but not a NOTE, STYLE or REGION block that follows it."""
    blank = skipping = False
    for line in block:
        if not line.strip():
            blank, skipping = True, False
        else:
            skipping = skipping or (blank and re.match(r"(NOTE|STYLE|REGION)\b", line) is not None)
            blank = False
            if not skipping:
                yield line


def _seconds(groups: tuple[str | None, ...]) -> float:
    h, m, s, fraction = (g or "0" for g in groups)
    return int(h) * 3600 + int(m) * 60 + int(s) + int(fraction.ljust(3, "0")) / 1000


def unrolled(cues: list[Cue]) -> list[Cue]:
    """Take from each caption what it repeats of the one before, if the file does so in a third of its captions."""
    overlaps = [0, *(_overlap(a.lines, b.lines) for a, b in pairwise(cues))]
    if sum(n > 0 for n in overlaps) * 3 < len(cues) or len(cues) < 3:
        return cues
    return [Cue(c.start, c.end, _rest(c.lines, n), c.new_speaker) for c, n in zip(cues, overlaps, strict=True)]


def _overlap(before: tuple[str, ...], after: tuple[str, ...]) -> int:
    """Return how many characters of `after` (its lines joined) are whole last lines of `before`."""
    joined = join(after)
    for k in range(len(before)):
        tail = join(before[k:])
        if tail and joined.startswith(tail):
            return len(tail)
    return 0


def _rest(lines: tuple[str, ...], n: int) -> tuple[str, ...]:
    rest = join(lines)[n:].strip()
    return (rest,) if rest else ()


def join(parts: Iterable[str]) -> str:
    """Join parts of one text: by a space, but by nothing between Chinese, Japanese or Korean characters."""
    text = ""
    for part in parts:
        touching = text and part and _wide(text[-1]) and _wide(part[0])
        text += part if touching or not text else f" {part}"
    return text


def _wide(character: str) -> bool:
    return WIDE.match(character) is not None or "\u3000" <= character <= "\u303f" or "\uff00" <= character <= "\uff5e"


def sentences(cues: list[Cue]) -> list[Sentence]:
    """Join captions to sentences.

    A sentence ends where the punctuation says so and where the speaker changes; where there is next to no punctuation,
    also at a pause, and at the end of the last caption that still fits.
    """
    texts = [c.text for c in cues]
    language, longest = detect_language(texts), longest_in(join(texts))
    punctuated = longest == LONGEST_SENTENCE
    found: list[Sentence] = []
    for run in _runs(cues, None if punctuated else longest):
        text, begins = "", []
        for cue in run:
            text = join([text, cue.text])
            begins.append(len(text) - len(cue.text))
        at = 0
        for sentence in split_sentences(text, language, longest):
            at = text.index(sentence, at)
            found.append((str(len(found) + 1), sentence, run[bisect_right(begins, at) - 1].start))
            at += len(sentence)
    return found


def _runs(cues: list[Cue], longest: int | None) -> Iterator[list[Cue]]:
    """Yield captions that are spoken in one go; longest: how many letters, or None if sentences tell themselves."""
    run: list[Cue] = []
    for cue in cues:
        if run and (cue.new_speaker or (longest and _is_cut(run, cue, longest))):
            yield run
            run = []
        run.append(cue)
    if run:
        yield run


def _is_cut(run: list[Cue], cue: Cue, longest: int) -> bool:
    """Tell whether a caption begins another sentence in unpunctuated speech."""
    so_far = weight(join(c.text for c in run))
    silence = cue.start - run[-1].end
    return silence >= (_BREATH_S if so_far >= _ENOUGH else _PAUSE_S) or so_far + weight(cue.text) >= longest
