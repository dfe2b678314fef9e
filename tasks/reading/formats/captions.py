"""`.srt` and `.vtt`: captions joined to sentences, each with when it is said and, where they tell, by whom."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.formats.content import Content
from nightdesk.tasks.reading.formats.cues import Cue, parse
from nightdesk.tasks.reading.formats.speakers import Said, said
from nightdesk.tasks.reading.formats.unrolling import join, unrolled
from nightdesk.tasks.reading.language import detect_language
from nightdesk.tasks.reading.sentence_ends import uses_capitals
from nightdesk.tasks.reading.sentences import (
    LONGEST_UNPUNCTUATED,
    Cut,
    Spoken,
    ends,
    longest_in,
    split_sentences,
    weight,
)

# Seconds of silence at which unpunctuated speech is cut, and those that do if it has gone on for so many letters.
_PAUSE_S, _BREATH_S, _ENOUGH = 1.0, 0.4, 60
_FEW_PAUSES = 3  # fewer do not tell whether the punctuation can be trusted
_RARE = 3  # fewer than one stop in so many captions, and most pauses without one: the punctuation tells little


def read(text: str) -> Content:
    """Return the sentences of a caption file.

    Raises:
        DocumentError: there is not one caption in it.
    """
    cues = parse(text)
    if not cues:
        raise DocumentError("no caption in it (no line like 00:00:01.000 --> 00:00:02.000); name a .srt or .vtt file")
    return content_of(cues)


def content_of(cues: Sequence[Cue]) -> Content:
    """Return captions as content; their start times never run back."""
    spoken = said(unrolled(cues))
    return Content(lambda: sentences(spoken), not spoken)


def sentences(spoken: Sequence[Said], context: Sequence[Said] = ()) -> Cut:
    """Join captions to sentences. context: what was said before them, which helps to tell how the text is punctuated.

    A sentence ends where the punctuation says so and where the speaker changes; where there is next to no punctuation,
    also at a pause, and at the end of the last caption that still fits.
    """
    known = [*context, *spoken]
    whole = joined(s.text for s in known)
    language, longest = detect_language([s.text for s in known]), longest_in(whole)
    capitals = uses_capitals(whole)
    stops = [ends(s.text) for s in known]
    at_pauses = [stop for stop, (a, b) in zip(stops, pairwise(known), strict=False) if _silence(a, b) >= _PAUSE_S]
    rare = sum(stops) * _RARE < len(stops) and sum(at_pauses) * 2 < len(at_pauses) >= _FEW_PAUSES
    unpunctuated = longest == LONGEST_UNPUNCTUATED or not any(stops) or rare
    found: list[Spoken] = []
    for run in _runs(spoken, LONGEST_UNPUNCTUATED if unpunctuated else None):
        text, spans = _text_of(run)
        places = [at for at, _, _ in spans]
        at = 0
        for sentence in split_sentences(text, language, longest, capitals):
            at = text.index(sentence, at)
            first = spans[bisect_right(places, at) - 1]
            at += len(sentence)
            last = spans[bisect_right(places, at - 1) - 1]
            found.append(Spoken(str(len(found) + 1), sentence, first[1], last[2], run[0].speaker))
    return Cut(found, language)


def joined(parts: Iterable[str]) -> str:
    """Join parts of one text: by a space, but by nothing between Chinese, Japanese or Korean characters."""
    return "".join(_joints(parts))


def _joints(parts: Iterable[str]) -> Iterator[str]:
    """Yield parts, each with what joins it to the one before."""
    before = ""
    for part in parts:
        yield join(before[-1:], part)[len(before[-1:]) :]
        before = part or before


def _text_of(run: list[Said]) -> tuple[str, list[tuple[int, float, float]]]:
    """Return captions as one text, and from which place of it each is shown and when."""
    parts: list[str] = []
    spans: list[tuple[int, float, float]] = []
    length = 0
    for s, part in zip(run, _joints(s.text for s in run), strict=True):
        begin = length + len(part) - len(s.text)
        spans += [(begin + at, start, end) for at, start, end in s.spans]
        parts.append(part)
        length += len(part)
    return "".join(parts), spans


def _runs(spoken: Sequence[Said], longest: int | None) -> Iterator[list[Said]]:
    """Yield captions that are spoken in one go; longest: how many letters, or None if sentences tell themselves."""
    run: list[Said] = []
    so_far = 0
    for s in spoken:
        letters = weight(s.text) + 1
        if run and (s.begins or _is_cut(run[-1], s, so_far, longest, letters)):
            yield run
            run, so_far = [], 0
        run.append(s)
        so_far += letters
    if run:
        yield run


def _is_cut(before: Said, after: Said, so_far: int, longest: int | None, letters: int) -> bool:
    """Tell whether a caption begins another sentence: after a stop and a pause, in unpunctuated speech also without."""
    if longest is None:
        return _silence(before, after) >= _PAUSE_S and ends(before.text)
    return so_far + letters > longest or _silence(before, after) >= (_BREATH_S if so_far >= _ENOUGH else _PAUSE_S)


def _silence(before: Said, after: Said) -> float:
    return after.spans[0][1] - before.spans[-1][2]
