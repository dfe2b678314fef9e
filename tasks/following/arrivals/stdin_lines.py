"""Text on stdin, read by a thread as it comes; its end is the end of the stream.

Stdin cannot be read again. So what was taken from it and is held (an unfinished line) stands in the cursor, and is
given out when the stream goes on after a kill. What nobody has read from the pipe yet is lost with its writer.
"""

import json
import os
import threading
from collections.abc import Mapping, Set
from typing import Any

from nightdesk.tasks.following.arrivals import growing_prose
from nightdesk.tasks.following.arrivals.growing_text import whole_characters
from nightdesk.tasks.following.stream import Arrival, Poll
from nightdesk.tasks.reading.sentences import Spoken

KEY = "stdin"
_MOST = 4 * 2**20  # bytes that wait; then the writer waits
_SLICE = 65_536
_CODEC = "latin-1"  # in which bytes are written into the cursor


class _Pipe:
    """What has come from a descriptor and was not taken yet, and the thread that reads it."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.came = bytearray()
        self.is_over = False
        self.given: tuple[str, int] | None = None  # a cursor, and how many bytes of what has come it is beyond
        self.lock = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def settle(self, cursor: str | None) -> None:
        """Let go what was given out, if the cursor beyond it was stored; else it is given out again."""
        with self.lock:
            if self.given is not None and self.given[0] == cursor:
                del self.came[: self.given[1]]
                self.lock.notify_all()
            self.given = None

    def close(self) -> None:
        """Read no further."""
        with self.lock:
            self.is_over = True
            self.lock.notify_all()

    def _read(self) -> None:
        """Take what comes, as long as not too much waits: what the thread does."""
        while True:
            with self.lock:
                while len(self.came) >= _MOST and not self.is_over:
                    self.lock.wait()
                if self.is_over:
                    return
            try:
                raw = os.read(self.number, _SLICE)
            except OSError:
                raw = b""
            with self.lock:
                self.came += raw
                self.is_over = self.is_over or not raw
                if not raw:
                    return


# Of this process's stdin between two days of a follow: its thread is reading, so what comes now is for the next day.
_between: list[_Pipe] = []


class StdinLines:
    """The text of a descriptor, called `stream`. Of stdin itself nothing is lost from one to the next in a process."""

    def __init__(self, stream: str, idle_s: float, number: int = 0) -> None:
        self.stream, self._idle_s = stream, idle_s
        self._pipe = _between.pop() if number == 0 and _between else _Pipe(number)
        self._told_over = False
        self._quiet_since: float | None = None

    def close(self) -> None:
        """Read no further, but for stdin itself, which the next one goes on with."""
        if self._pipe.number == 0:
            _between.append(self._pipe)
        else:
            self._pipe.close()

    def waits(self, held_back: Set[str]) -> bool:
        """Tell whether it is not read on, because too much waits. held_back: streams of which much does."""
        return self.stream in held_back

    def look(self, cursors: Mapping[str, str], now: float) -> Poll:
        """Return the sentences that have become complete."""
        value = cursors.get(KEY)
        known: dict[str, Any] = json.loads(value) if value else {"held": "", "before": "", "state": {}}
        held = known["held"].encode(_CODEC)
        pipe = self._pipe
        pipe.settle(value)
        with pipe.lock:
            came, is_over = bytes(pipe.came[: _SLICE * 16]), pipe.is_over and len(pipe.came) <= _SLICE * 16
        if self._quiet_since is None or came:
            self._quiet_since = now
        over = is_over or (bool(held) and now - self._quiet_since >= self._idle_s)
        if not came and not over:
            return Poll()
        raw, before, state = held + came, known["before"].encode(_CODEC), known["state"]
        whole = len(raw) if is_over or not over else whole_characters(raw, state)
        raw, rest = raw[:whole], raw[whole:]  # of a character that is not whole yet
        if not raw and not is_over:
            return Poll()
        sentences: list[Spoken] = []
        poll = Poll()
        while raw:
            is_last = len(raw) <= _SLICE
            piece = growing_prose.read_on(before, raw[:_SLICE], state, over and is_last)
            if not piece.used and not is_last:
                piece = growing_prose.read_on(before, raw[:_SLICE], state, True)
            sentences += piece.sentences
            poll.troubles += [f"stdin: {piece.trouble}"] if piece.trouble else []
            if not piece.used:
                break
            before, raw = (before + raw[: piece.used])[-growing_prose.BEFORE :], raw[piece.used :]
        if sentences or (is_over and not self._told_over):
            self._told_over = is_over
            poll.arrivals.append(Arrival(self.stream, "stdin", tuple(sentences), is_over=is_over))
        written = {"held": (raw + rest).decode(_CODEC), "before": before.decode(_CODEC), "state": state}
        poll.cursors[KEY] = json.dumps(written, separators=(",", ":"))
        pipe.given = poll.cursors[KEY], len(came)
        return poll
