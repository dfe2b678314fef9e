"""Growing `.txt` and stdin: which of its lines can be cut to sentences, and these.

Lines are paragraphs, so a whole line (one that ends in a line feed) is cut at once. Where the text is wrapped at a
fixed width, lines are held until one ends in a full stop, because a sentence goes on in the next line; and as long as
that is not known, which takes up to eight lines, all are held of which one may go on.

The language, the width and the punctuation are judged by what is new and the 4 KiB before it, and so can differ from
what a reading of the whole file finds where the text changes its manner later. A line that has grown beyond 4,000
bytes without a line feed is cut after its last complete sentence but one. What is held for too long is cut as it
stands (`over`).
"""

import re
from collections.abc import Sequence

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.following.arrivals.growing_text import (
    ReadOn,
    State,
    codec_of,
    exactly,
    length_in,
    lines_of,
    numbered,
    text_of,
    texts_of,
    whole_lines,
)
from nightdesk.tasks.reading.formats import prose
from nightdesk.tasks.reading.language import detect_language
from nightdesk.tasks.reading.sentence_ends import goes_on, uses_capitals
from nightdesk.tasks.reading.sentences import (
    ends,
    longest_in,
    paragraphs,
    split_sentences,
    weight,
    wrapped_at,
)

BEFORE = 4_096  # bytes before the new ones by which the manner of a text is judged
LONGEST_LINE = 4_000  # bytes; a line that is longer without a line feed is cut before it ends
_KNOWN_LINES = 8  # lines that tell whether a text is wrapped
_NARROWEST, _WIDEST = 40, 110  # characters of a wrapped line
_MOST_HELD = 12_000  # bytes of whole lines without a full stop
_LIST = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,20}\[\s{0,20}[\[(]")  # sentences as Python or JSON writes them
_LEFT = 2  # sentences at the end of a growing line that may still change


def read_on(before: bytes, raw: bytes, state: State, over: bool) -> ReadOn:
    """Cut what has become complete. before: whole lines before the new bytes; over: nothing is to be held."""
    if not before and not state.get("count") and _LIST.match(raw):
        return _listed(raw, state, over)
    codec, trouble = codec_of(raw[: raw.rfind(b"\n") + 1] or raw, state, over)
    if codec is None:
        return ReadOn(0)
    end = len(raw) if over else whole_lines(raw, codec)
    if not end:
        return _of_long_line(before, raw, codec, state, trouble) if len(raw) > LONGEST_LINE else ReadOn(0)
    context = text_of(before, codec).splitlines()
    pieces = lines_of(raw[:end], codec)
    texts = texts_of(before, pieces, codec)
    known = [*context, *(line for text in texts for line in text.splitlines())]
    width = wrapped_at(known)
    capitals, language = uses_capitals("\n".join(known)), detect_language(known)
    count = len(pieces) if over else _complete(texts, context, width, language, capitals)
    if not count and end > _MOST_HELD:
        count = len(pieces)
    lines = "".join(texts[:count]).splitlines()
    if width is not None:
        lines = paragraphs(lines, width)
    longest = longest_in("\n".join(known))
    sentences = [s for line in lines for s in split_sentences(line, language, longest, capitals)]
    return ReadOn(sum(map(len, pieces[:count])), numbered(sentences, state), trouble)


def window(before: bytes, codec: str) -> bytes:
    """Return whole lines at the end of some bytes that begin in one; none if there is no whole one."""
    return b"".join(lines_of(before, codec)[1:])


def _complete(texts: Sequence[str], context: Sequence[str], width: int | None, language: str, capitals: bool) -> int:
    """Return how many whole lines can be cut: all of a text that is not wrapped, else up to one that ends a sentence.

    Of a text of few lines it is not known whether it is wrapped, as long as one of them may go on in the next.
    """
    lines = [text.rstrip("\r\n") for text in texts]
    if width is None:
        known = [*context, *lines]
        if sum(bool(line.strip()) for line in known) >= _KNOWN_LINES or max(map(len, known), default=0) > _WIDEST:
            return len(lines)
        open_ended = [line for line in lines if len(line) >= _NARROWEST and not ends(line)]
        if not open_ended:
            return len(lines)
        return 0
    for k in range(len(lines) - 1, -1, -1):
        after = lines[k + 1] if k + 1 < len(lines) else "The"
        if not lines[k].strip() or (
            ends(lines[k]) and not goes_on(f"{lines[k]} {after}", 0, len(lines[k]) + 1, language, capitals)
        ):
            return k + 1
    return 0


def _of_long_line(before: bytes, raw: bytes, codec: str, state: State, trouble: str) -> ReadOn:
    """Cut the complete sentences of a line that has no end yet."""
    usable = len(raw) - len(raw) % 4
    text = next((t for n in range(4) if (t := exactly(raw[: usable - n], codec)) is not None), None)
    context = text_of(before, codec)
    if text is None:
        return ReadOn(0, trouble=trouble)
    known = f"{context}\n{text}"
    language, longest, capitals = detect_language([context, text]), longest_in(known), uses_capitals(known)
    sentences = split_sentences(text, language, longest, capitals)[:-_LEFT]
    at = 0
    for sentence in sentences:
        at = text.index(sentence, at) + len(sentence)
    used = length_in(text[:at], codec)
    if not used or weight(text[:at]) == 0:
        return ReadOn(0, trouble=trouble)
    done = text_of(raw[:used], codec)
    return ReadOn(used, numbered(split_sentences(done, language, longest, capitals), state), trouble)


def _listed(raw: bytes, state: State, over: bool) -> ReadOn:
    """Read a list of sentences, which is complete only when its last bracket is there."""
    state["whole"] = True
    if not over:
        return ReadOn(0)
    codec, trouble = codec_of(raw, state, over)
    text = text_of(raw, codec or "utf-8")
    try:
        return ReadOn(len(raw), numbered([s[1] for s in prose.read(text).sentences()], state), trouble)
    except DocumentError as e:
        return ReadOn(len(raw), trouble=str(e))
