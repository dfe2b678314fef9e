"""What the readers of growing text share: how bytes become text when only a part of them is there yet."""

import codecs
from dataclasses import dataclass, field
from typing import Any

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.encodings import decode
from nightdesk.tasks.reading.sentences import Spoken
from nightdesk.tasks.reading.unlabelled import CODECS

State = dict[str, Any]
"""What a reader remembers of a file between two looks, as JSON: codec; count (of sentences); lines (of a .jsonl)."""

ENOUGH = 16_384  # bytes after which an encoding that cannot be told is given up
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
_SHORT = 4  # bytes of a byte-order mark
_SURE = 512  # bytes that tell an encoding other than UTF-8
_MIXED = "mixed"  # told slice by slice
_CODECS = ("utf-16-le", "utf-16-be", "iso2022_jp_2", *CODECS)


@dataclass(slots=True)
class ReadOn:
    """What came of a piece of a file. used: bytes of it that need not be read again; trouble: what was odd in it."""

    used: int
    sentences: list[Spoken] = field(default_factory=list)
    trouble: str = ""


def numbered(sentences: list[str], state: State) -> list[Spoken]:
    """Return sentences of prose with their numbers in the file."""
    return renumbered([Spoken("", text) for text in sentences], state)


def renumbered(sentences: list[Spoken], state: State) -> list[Spoken]:
    """Give sentences the numbers that they have in the file."""
    first = state.get("count", 0) + 1
    state["count"] = first - 1 + len(sentences)
    return [s._replace(id=str(k)) for k, s in enumerate(sentences, first)]


def codec_of(raw: bytes, state: State, over: bool) -> tuple[str | None, str]:
    """Return the codec of a file, and what is odd about it; None if more of the file must be seen.

    It is remembered once a byte beyond ASCII, or a byte-order mark, has told it.
    """
    if known := state.get("codec"):
        return known, ""
    marked = next((codec for mark, codec in _BOMS if raw.startswith(mark)), None)
    if marked is None and raw.isascii() and b"\0" not in raw and b"\x1b" not in raw and (len(raw) >= _SHORT or over):
        return "utf-8", ""
    if marked is None and len(raw) < _SHORT and not over:
        return None, ""
    trouble = ""
    try:
        codec = marked or _told(raw)
        is_sure = over or marked is not None or codec == "utf-8" or len(raw) >= _SURE
    except DocumentError as e:
        codec, is_sure = "utf-8", over or len(raw) >= ENOUGH
        trouble = f"{e}; until then its bytes that are no UTF-8 are read as U+FFFD" if is_sure else ""
    if not is_sure:
        return None, ""
    state["codec"] = codec
    return codec, trouble


def _told(raw: bytes) -> str:
    """Return the codec that gives the text that a night would read.

    Raises:
        DocumentError: the encoding cannot be told.
    """
    try:
        codecs.getincrementaldecoder("utf-8")().decode(raw)  # a character may be cut at the end
        if b"\0" not in raw and b"\x1b" not in raw:
            return "utf-8"
    except UnicodeDecodeError:
        pass
    if not raw.replace(b"\0", b"").strip():
        return "utf-8"
    if b"\0" in raw and raw[::2].count(0) + raw[1::2].count(0) > len(raw) / 3 and len(raw) % 2:
        raw = raw[:-1]
    text = decode(raw)
    for codec in ("utf-8", *_CODECS):
        try:
            if raw.decode(codec, "replace" if codec == "utf-8" else "strict") == text:
                return codec
        except UnicodeError:
            continue
    return _MIXED


def whole_characters(raw: bytes, state: State) -> int:
    """Return how many bytes there are but those of a character of UTF-8 whose rest has not come yet."""
    if state.get("codec", "utf-8") != "utf-8":
        return len(raw)
    for n in range(1, min(3, len(raw)) + 1):
        if raw[-n] >= 0xC0:  # where a character begins; its first byte tells how many it takes
            return len(raw) - n if n < (2 + (raw[-n] >= 0xE0) + (raw[-n] >= 0xF0)) else len(raw)
        if raw[-n] < 0x80:
            break
    return len(raw)


def newline_of(codec: str) -> bytes:
    """Return a line feed in an encoding."""
    return "\n".encode("utf-8" if codec == _MIXED else codec)


def whole_lines(raw: bytes, codec: str) -> int:
    """Return how many bytes the whole lines at the beginning of some bytes take."""
    newline = newline_of(codec)
    at = len(raw)
    while (at := raw.rfind(newline, 0, at)) >= 0:
        if at % len(newline) == 0:
            return at + len(newline)
        at += len(newline) - 1
    return 0


def lines_of(raw: bytes, codec: str) -> list[bytes]:
    """Return the lines of some bytes, each with its line feed; the last one may have none."""
    newline = newline_of(codec)
    found: list[bytes] = []
    start, at = 0, -1
    while (at := raw.find(newline, at + 1)) >= 0:
        if at % len(newline) == 0:
            found.append(raw[start : at + len(newline)])
            start = at + len(newline)
            at = start - 1
    return [*found, raw[start:]] if start < len(raw) else found


def text_of(raw: bytes, codec: str) -> str:
    """Return the text of whole lines; broken bytes are U+FFFD, NUL is left out.

    A file that is truncated while its writer goes on at the old place begins with NULs.
    """
    try:
        text = raw.decode("utf-8" if codec == _MIXED else codec)
    except UnicodeDecodeError:
        text = _mended(raw) if codec in ("utf-8", _MIXED) else raw.decode(codec, "replace")
    return text.replace("\0", "").removeprefix("\ufeff")


def _mended(raw: bytes) -> str:
    """Return text of which some lines are no UTF-8, or are broken."""
    try:
        return decode(raw.replace(b"\0", b""))
    except DocumentError:
        return raw.decode("utf-8", "replace")


def texts_of(before: bytes, pieces: list[bytes], codec: str) -> list[str]:
    """Return the text of each line; what stands before them helps to tell an odd one."""
    together = text_of(before + b"".join(pieces), codec)
    lines = [f"{line}\n" for line in together.split("\n")]
    lines[-1] = lines[-1][:-1]
    lines = lines if lines[-1] else lines[:-1]
    fits = len(lines) == len(lines_of(before, codec)) + len(pieces)
    return lines[-len(pieces) :] if fits and pieces else [text_of(piece, codec) for piece in pieces]


def length_in(text: str, codec: str) -> int | None:
    """Return how many bytes a text takes that was decoded by `exactly`; None if that cannot be told."""
    try:
        return len(text.encode(codec, "surrogateescape"))
    except (UnicodeError, LookupError):
        return None


def exactly(raw: bytes, codec: str) -> str | None:
    """Return a text whose every beginning tells how many bytes it takes; None if there is none."""
    try:
        text = raw.decode(codec, "surrogateescape")
    except (UnicodeError, LookupError):
        return None
    return text if length_in(text, codec) == len(raw) else None
