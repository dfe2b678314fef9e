"""What speech recognition and video sites write as JSON: pieces of speech with their times, read as captions.

Whisper (its own, whisper.cpp's, WhisperX's with speakers), youtube-transcript-api's list, and YouTube's json3.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from nightdesk.tasks.reading.formats.captions import content_of
from nightdesk.tasks.reading.formats.content import Content
from nightdesk.tasks.reading.formats.cues import Cue, Line
from nightdesk.tasks.reading.formats.entries import unescaped

_LONGEST_S = 1e7  # seconds: of no recording


def read(data: Any) -> Content | None:
    """Return the sentences of a transcript; None if it is none of those that are known."""
    pieces = _pieces(data)
    return None if pieces is None else spoken(pieces)


def spoken(pieces: Iterable[tuple[float, float, str, str]]) -> Content:
    """Return what is said in pieces of (begin in seconds, end in seconds, text, speaker or "")."""
    cues: list[Cue] = []
    latest = 0.0
    for begin, end, text, speaker in pieces:
        latest = max(latest, begin)
        shown = [line for line in (" ".join(x.split()) for x in unescaped(text).splitlines()) if line]
        if shown:
            cues.append(Cue(latest, max(latest, end), tuple(Line(line, speaker or None) for line in shown)))
    return content_of(cues)


def _pieces(data: Any) -> Iterator[tuple[float, float, str, str]] | None:
    """Return the pieces of a transcript, or None."""
    match data:
        case {"segments": [{"text": str(), "start": int() | float()}, *_] as found}:
            return _timed(found)
        case {"snippets": [{"text": str(), "start": int() | float()}, *_] as found}:
            return _timed(found)
        case [{"text": str(), "start": int() | float()}, *_]:
            return _timed(data)
        case {"transcription": [{"text": str(), "offsets": {"from": int() | float()}}, *_] as found}:
            return (
                (_seconds(o.get("from"), 0.001), _seconds(o.get("to"), 0.001), text, "")
                for item, text in _texts(found)
                for o in [item["offsets"] if isinstance(item.get("offsets"), dict) else {}]
            )
        case {"events": [*found], "wireMagic": "pb3"}:
            return _events(found)
    return None


def _timed(items: list[Any]) -> Iterator[tuple[float, float, str, str]]:
    for item, text in _texts(items):
        begin = _seconds(item.get("start"))
        end = _seconds(item["end"]) if "end" in item else begin + _seconds(item.get("duration"))
        speaker = item.get("speaker")
        yield begin, end, text, speaker if isinstance(speaker, str) else ""


def _events(items: list[Any]) -> Iterator[tuple[float, float, str, str]]:
    for item in items:
        segments = item.get("segs") if isinstance(item, dict) else None
        if isinstance(segments, list):
            text = "".join(s["utf8"] for s in segments if isinstance(s, dict) and isinstance(s.get("utf8"), str))
            begin = _seconds(item.get("tStartMs"), 0.001)
            yield begin, begin + _seconds(item.get("dDurationMs"), 0.001), text, ""


def _texts(items: list[Any]) -> Iterator[tuple[dict[str, Any], str]]:
    for item in items:
        if isinstance(item, dict) and isinstance(item.get("text"), str):
            yield item, item["text"]


def _seconds(value: Any, unit: float = 1.0) -> float:
    """Return a time in seconds; 0 where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        return 0.0
    return float(min(value, _LONGEST_S / unit)) * unit
