"""Growing `.vtt` and `.srt`: which of its captions can be joined to sentences, and these.

A caption is whole when the time line of the next one is there: until then recorders change its end and add to its text.
Captions are cut before a caption that begins a sentence whether or not the ones after it are known. Each cut parses the
8 KiB before it again, because captions roll up, and names and punctuation are judged by many of them.

A reading of the whole file can find otherwise: where captions begin to roll after six that do not; where a caption is
corrected after 40 were held; in speech without punctuation, where a sentence ends after so many held captions; where
segments of a stream begin at zero each, times count from the first segment of the window.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from nightdesk.tasks.following.arrivals.growing_text import (
    ReadOn,
    State,
    codec_of,
    lines_of,
    renumbered,
    text_of,
)
from nightdesk.tasks.reading.formats import captions
from nightdesk.tasks.reading.formats.cues import Cue, is_time_line, parse
from nightdesk.tasks.reading.formats.speakers import Said, said
from nightdesk.tasks.reading.formats.unrolling import unrolled
from nightdesk.tasks.reading.sentences import Spoken, ends

BEFORE = 8_192  # bytes before the new ones that are parsed again
_FIRST = 6  # captions that tell whether a file rolls
_MOST_HELD = 40  # captions
_RARE = 10  # fewer than one stop in so many captions: sentences end at pauses
_TRIED = 12  # cuts that are tried, from the last one back
_OTHER_ENDS = re.compile("[\r\u2028\u2029]")


class _Shown(float):
    """When a caption ends, in seconds; cue: the number of its time line."""

    __slots__ = ("cue",)
    cue: int


def read_on(before: bytes, raw: bytes, state: State, over: bool) -> ReadOn:
    """Cut what has become complete. before: whole captions before the new bytes; over: nothing is to be held."""
    codec, trouble = codec_of(raw[: raw.rfind(b"\n") + 1] or raw, state, over)
    if codec is None:
        return ReadOn(0)
    if raw.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").replace(b"\0", b"").startswith(b"WEBVTT"):
        state["vtt"] = True
    begins = _begins(raw, codec)
    earlier = _text(before, codec)
    seen = sum(map(is_time_line, earlier.split("\n")))
    last = len(begins) - 1 if not over else len(begins)
    if over and not before and len(begins) <= 1:
        return ReadOn(len(raw), _whole(text_of(raw, codec), state), trouble)
    if last <= 0 or (not over and seen + last < _FIRST):
        return ReadOn(len(raw) if over else 0, trouble=trouble)
    header = "WEBVTT\n\n" if state.get("vtt") and before else ""
    spoken = said(unrolled([_marked(cue) for cue in parse(header + earlier + _text(raw, codec))]))
    context = _between(spoken, 0, seen)
    everything = _sentences(spoken, context, seen, seen + len(begins))
    if over:
        return ReadOn(len(raw), renumbered(everything, state), trouble)
    cut = _cut(spoken, context, seen, last, everything)
    some = _sentences(spoken, context, seen, seen + cut) if cut else []
    return ReadOn(begins[cut] if cut else 0, renumbered(some, state), trouble)


def window(before: bytes, codec: str) -> bytes:
    """Return whole captions at the end of some bytes: from the first that begins in them."""
    begins = _begins(before, codec)
    return before[begins[1] if len(begins) > 1 else 0 :]


def _whole(text: str, state: State) -> list[Spoken]:
    """Return the sentences of captions that come all at once, also where lines end in CR alone."""
    cues = parse(text)
    return renumbered([Spoken(*s) for s in captions.content_of(cues).sentences()], state) if cues else []


def _text(raw: bytes, codec: str) -> str:
    """Return text whose lines end in LF and nothing else, so that time lines are counted as the parser does."""
    return _OTHER_ENDS.sub(" ", text_of(raw, codec).replace("\r\n", "\n").replace("\r\n", "\n"))


def _cut(spoken: Sequence[Said], context: Sequence[Said], seen: int, last: int, everything: list[Spoken]) -> int:
    """Return how many new captions can be cut: the most of which the sentences stand without the captions after."""
    stops = sum(ends(said_.text) for said_ in spoken)
    unpunctuated = seen + last >= _MOST_HELD and stops * _RARE < len(spoken)
    for cut in range(last, max(0, last - _TRIED), -1):
        some = _sentences(spoken, context, seen, seen + cut)
        stands = some and [s.text for s in some] == [s.text for s in everything[: len(some)]]
        if stands and (unpunctuated or ends(some[-1].text)):
            return cut
    return last if last >= _MOST_HELD else 0


def _sentences(spoken: Sequence[Said], context: Sequence[Said], begin: int, end: int) -> list[Spoken]:
    found = captions.sentences(_between(spoken, begin, end), context)
    return [Spoken(*s)._replace(end=_plain(Spoken(*s).end)) for s in found]


def _plain(value: float | None) -> float | None:
    return None if value is None else float(value)


def _between(spoken: Sequence[Said], begin: int, end: int) -> list[Said]:
    """Return what captions say, of which the time lines have the numbers from begin to end."""
    found: list[Said] = []
    for s in spoken:
        spans = [span for span in s.spans if begin <= _cue(span[2]) < end]
        if not spans:
            continue
        places = [*(at for at, _, _ in s.spans), len(s.text)]
        upto = {a: b for a, b in pairwise(places)}
        first, to = spans[0][0], upto.get(spans[-1][0], len(s.text))
        if len(spans) == len(s.spans):
            first, to = 0, len(s.text)
        text = s.text[first:to]
        left = len(text) - len(text.lstrip())
        begins = s.begins and first == 0
        found.append(Said(text.strip(), s.speaker, begins, [(max(0, at - first - left), a, b) for at, a, b in spans]))
    return [s for s in found if s.text]


def _marked(cue: Cue) -> Cue:
    end = _Shown(cue.end)
    end.cue = cue.number
    return replace(cue, end=end)


def _cue(end: float) -> int:
    return end.cue if isinstance(end, _Shown) else 0


def _begins(raw: bytes, codec: str) -> list[int]:
    """Return where each caption begins in some bytes: with its time line, or with the name or number before it."""
    found: list[int] = []
    starts: list[int] = []
    lines: list[str] = []
    at = 0
    for piece in lines_of(raw, codec):
        starts.append(at)
        lines.append(_text(piece, codec).strip())
        at += len(piece)
    for k, line in enumerate(lines):
        if is_time_line(line):
            named = k > 0 and lines[k - 1] != "" and (k == 1 or lines[k - 2] == "" or lines[k - 1].isdecimal())
            found.append(starts[k - 1] if named and not is_time_line(lines[k - 1]) else starts[k])
    return found
