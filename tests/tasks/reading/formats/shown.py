"""Caption files made of what is shown when."""

from nightdesk.tasks.reading.formats.captions import read
from nightdesk.tasks.reading.sentences import Spoken

Shown = tuple[float, float, str]  # from, to (seconds), text


def stamp(seconds: float) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"


def vtt(*cues: Shown) -> str:
    return "WEBVTT\n\n" + "\n\n".join(f"{stamp(a)} --> {stamp(b)}\n{text}" for a, b, text in cues)


def in_a_row(*texts: str, length: float = 1.0, pause: float = 0.0) -> str:
    """Return captions that follow each other at once, or after so many seconds."""
    at = [k * (length + pause) for k in range(len(texts))]
    return vtt(*((a, a + length, text) for a, text in zip(at, texts, strict=True)))


def spoken(text: str) -> list[Spoken]:
    return [Spoken(*s) for s in read(text).sentences()]


def texts(text: str) -> list[str]:
    return [s.text for s in spoken(text)]


def by(text: str) -> list[tuple[str | None, str]]:
    return [(s.speaker, s.text) for s in spoken(text)]
