"""Streams for tests: texts of many kinds, a clock that is turned by hand, and reading a file as it grows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nightdesk.tasks.following.arrivals.tailed_file import TailedFile
from nightdesk.tasks.following.stream import Arrival, Poll
from nightdesk.tasks.reading.encodings import decode
from nightdesk.tasks.reading.formats import captions, prose
from nightdesk.tasks.reading.sentences import Spoken

SAMPLES = Path(__file__).resolve().parents[3] / "datasets" / "samples"
IDLE_S = 600.0
ENGLISH = "".join(
    f"The ferry to pier {k} left at {k % 12 + 1} o'clock. Nobody knew why Mr. Hale was late!\nHe said nothing.\n"
    for k in range(40)
)
CHINESE = "".join(
    f"第{k}班渡轮今天早上准时出发了。没有人受伤，港口也没有关闭！\n市长说明天会更好。\n" for k in range(40)
)
WRAPPED = (
    "The harbour board closed two of its piers on Friday after a storm had\n"
    "damaged the moorings of the older one. Ferries to the islands were sent\n"
    "to the northern quay, where passengers waited for up to three hours.\n"
    "\n"
    "Engineers expect the repairs to take a week, and the board has asked the\n"
    "city for a loan. It will be decided upon by the council on Tuesday next,\n"
    "said a spokesman who did not want to be named in this report of today.\n"
) * 4  # fmt: skip
ONE_LINE = "The tide rose again. Nobody at the quay had expected that so soon. " * 200


def rolling(lines: int = 40) -> str:
    """Return captions that roll up: each shows the line before once more."""
    said = [f"The boat number {k} came in at noon." if k % 2 else f"And boat {k} was seen" for k in range(lines)]
    text = "WEBVTT\n\n"
    for k, line in enumerate(said):
        shown = f"{said[k - 1]}\n{line}" if k else line
        text += f"{_time(2 * k)} --> {_time(2 * k + 2)}\n{shown}\n\n"
    return text


def numbered(lines: int = 40) -> str:
    """Return .srt captions, each a part of a sentence or a whole one."""
    parts = ["Good evening from the harbour.", "Two piers are closed", "and nobody was hurt.", "Thank you."]
    return "".join(
        f"{k + 1}\n{_time(3 * k, ',')} --> {_time(3 * k + 2, ',')}\n{parts[k % 4]}\n\n" for k in range(lines)
    )


def _time(seconds: int, point: str = ".") -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{point}000"


KINDS: dict[str, tuple[str, bytes]] = {
    "utf-8": (".txt", (ENGLISH + "Café Müller opened, too.\n" * 3).encode()),
    "chinese": (".txt", CHINESE.encode()),
    "gb18030": (".txt", CHINESE.encode("gb18030")),
    "utf-16": (".txt", CHINESE.encode("utf-16")),
    "utf-16-be": (".txt", b"\xfe\xff" + ENGLISH.encode("utf-16-be")),
    "crlf": (".txt", ENGLISH.replace("\n", "\r\n").encode()),
    "no newline at the end": (".txt", ENGLISH.encode().rstrip()),
    "wrapped": (".txt", WRAPPED.encode()),
    "broken byte": (".txt", ENGLISH.encode() + "Café Müller schließt früh.\n".encode() * 9 + b"One \xff is broken.\n"),
    "rolling": (".vtt", rolling().encode()),
    "srt": (".srt", numbered().encode()),
    "srt, crlf, mark": (".srt", b"\xef\xbb\xbf" + numbered().replace("\n", "\r\n").encode()),
    "sample": (".vtt", (SAMPLES / "zhibo.vtt").read_bytes()),
    "sample prose": (".txt", (SAMPLES / "live-commerce.txt").read_bytes()),
}


def whole(suffix: str, raw: bytes) -> list[str]:
    """Return the sentences of a file that is read at once, as a night reads it."""
    read = prose.read if suffix == ".txt" else captions.read
    return [s[1] for s in read(decode(raw)).sentences()]


@dataclass
class Follower:
    """Looks at a file again and again. restarts: with another process's eyes each time, by the cursors alone."""

    path: Path
    restarts: bool = False
    now: float = 0.0
    cursors: dict[str, str] = field(default_factory=dict)
    sentences: list[Spoken] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    tail: TailedFile | None = None

    def look(self, times: int = 1, after_s: float = 1.0) -> Poll:
        """Look, the clock going on before each time."""
        poll = Poll()
        for _ in range(times):
            if self.restarts or self.tail is None:
                self.close()
                self.tail = TailedFile("talk", self.path, None, IDLE_S, 5.0)
            self.now += after_s
            poll = self.tail.look(self.cursors, self.now)
            self.cursors |= poll.cursors
            self.sentences += [s for a in poll.arrivals for s in a.sentences]
            self.troubles += poll.troubles
        return poll

    def idle(self) -> None:
        """Let so much time pass that nothing is held any more."""
        if self.restarts:  # the clock of a process begins when it does
            self.restarts = False
        self.look(2)
        self.look(2, IDLE_S + 1)

    def close(self) -> None:
        """Close what is open."""
        if self.tail is not None:
            self.tail.close()

    @property
    def texts(self) -> list[str]:
        """The sentences that have come."""
        return [s.text for s in self.sentences]


def texts(arrivals: list[Arrival]) -> list[str]:
    """Return the sentences of arrivals."""
    return [s.text for a in arrivals for s in a.sentences]


def until(found: Callable[[], bool], looks: int = 2_000) -> Iterator[int]:
    """Yield until something has been found."""
    for k in range(looks):
        yield k
        if found():
            return
    raise AssertionError("it has not come")
