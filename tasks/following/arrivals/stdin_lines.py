"""Text on stdin, read by a thread as it comes; its end is the end of the stream.

Stdin cannot be read again. So what was taken from it and is held (an unfinished line) stands in the cursor, and is
given out when the stream goes on after a kill. What nobody has read from the pipe yet is lost with its writer.
"""

import json
import os
import threading
from collections.abc import Mapping
from typing import Any

from nightdesk.tasks.following.arrivals import growing_prose
from nightdesk.tasks.following.stream import Arrival, Poll
from nightdesk.tasks.reading.sentences import Spoken

KEY = "stdin"
_MOST = 4 * 2**20  # bytes that wait; then the writer waits
_SLICE = 65_536
_CODEC = "latin-1"  # in which bytes are written into the cursor


class StdinLines:
    """The text of a descriptor, called `stream`."""

    def __init__(self, stream: str, idle_s: float, number: int = 0) -> None:
        self.stream, self._idle_s, self._number = stream, idle_s, number
        self._came = bytearray()
        self._is_over = False
        self._told_over = False
        self._lock = threading.Condition()
        self._quiet_since: float | None = None
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def close(self) -> None:
        """Read no further."""
        with self._lock:
            self._is_over = True
            self._lock.notify_all()

    def look(self, cursors: Mapping[str, str], now: float) -> Poll:
        """Return the sentences that have become complete."""
        value = cursors.get(KEY)
        known: dict[str, Any] = json.loads(value) if value else {"held": "", "before": "", "state": {}}
        held = known["held"].encode(_CODEC)
        with self._lock:
            came, is_over = bytes(self._came[: _SLICE * 16]), self._is_over and len(self._came) <= _SLICE * 16
        if self._quiet_since is None or came:
            self._quiet_since = now
        over = is_over or (bool(held) and now - self._quiet_since >= self._idle_s)
        if not came and not over:
            return Poll()
        raw, before, state = held + came, known["before"].encode(_CODEC), known["state"]
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
        written = {"held": raw.decode(_CODEC), "before": before.decode(_CODEC), "state": state}
        poll.cursors[KEY] = json.dumps(written, separators=(",", ":"))
        with self._lock:
            del self._came[: len(came)]
            self._lock.notify_all()
        return poll

    def _read(self) -> None:
        """Take what comes, as long as not too much waits: what the thread does."""
        while True:
            with self._lock:
                while len(self._came) >= _MOST and not self._is_over:
                    self._lock.wait()
                if self._is_over:
                    return
            try:
                raw = os.read(self._number, _SLICE)
            except OSError:
                raw = b""
            with self._lock:
                self._came += raw
                self._is_over = self._is_over or not raw
                if not raw:
                    return
