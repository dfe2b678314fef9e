"""A file that grows: what is new in it, also when it is rotated, truncated, replaced or written anew as a whole.

- Another file stands there (rotation): the rest of the old one is read first, by the open descriptor or, after a
  restart, from the file of its folder that begins as it did; the new one is read from its beginning, as the same
  stream.
- The same bytes stand before the place (a recorder has written it anew): reading goes on at the place.
- It is shorter, and as far as it goes the same: it is being written, and is waited for.
- It begins otherwise (truncated): from its beginning; what a copy beside it holds of the old text is read first.
An unfinished end is held until the file has not changed for `idle_s` seconds, or has been replaced.
"""

import os
import stat
from collections.abc import Mapping, Set
from contextlib import suppress
from pathlib import Path

from nightdesk.tasks.following.arrivals import growing_captions, growing_prose, growing_rows
from nightdesk.tasks.following.arrivals.growing_text import ReadOn, whole_characters
from nightdesk.tasks.following.arrivals.place import Place
from nightdesk.tasks.following.stream import Arrival, Poll
from nightdesk.tasks.reading.documents import shown
from nightdesk.tasks.reading.formats.registry import suffix_of
from nightdesk.tasks.reading.sentences import Spoken
from nightdesk.tasks.safety.links import leads_out

GROWING = (".txt", ".vtt", ".srt", ".jsonl", ".ndjson")
MOST = 4 * 2**20  # bytes of a file that are read in one look
_SLICE = 65_536  # bytes that are parsed at once
_ROWS = (".jsonl", ".ndjson")
_CAPTIONS = (".vtt", ".srt")
_GENERATIONS = 8  # files that took each other's place while none was read on, which are kept open until they are
_SIBLINGS = 50  # files of its folder that may be what was rotated away


class TailedFile:
    """One file. within: the folder that was named, if it was not the file. cpu_s: seconds of CPU for a .jsonl's row.

    quiet_since: when it was last seen to have changed, by the clock that looks are told.
    """

    def __init__(self, stream: str, path: Path, within: Path | None, idle_s: float, cpu_s: float) -> None:
        self.stream, self.path, self.within = stream, path, within
        self.key = f"file:{shown(path.absolute())}"
        self.source = shown(path)
        self._idle_s, self._cpu_s = idle_s, cpu_s
        self._kind = suffix_of(path.name)
        self._number: int | None = None  # the descriptor of the file that is being read
        self._next: list[int] = []  # those of files that came after it while it was not read on, the earliest first
        self._seen: tuple[object, ...] = ()
        self.quiet_since = 0.0
        self._held = False
        self._old_size = -1  # of a file that was rotated away, as it was at the last look

    @property
    def is_open(self) -> bool:
        """Tell whether it has a file open, of which something may be left."""
        return self._number is not None

    def close(self) -> None:
        """Close the file, and those that came after it."""
        self._leave()
        while self._next:
            os.close(self._next.pop())

    def _leave(self) -> None:
        if self._number is not None:
            os.close(self._number)
            self._number = None

    def waits(self, held_back: Set[str]) -> bool:
        """Tell whether it is not read on, because too much waits. held_back: streams of which much does."""
        return self._kind in _ROWS or self.stream in held_back

    def note(self) -> None:
        """Keep open what has come in the place of another file while it is not read on: it may be rotated away, too."""
        last = self._next[-1] if self._next else self._number
        if last is None or len(self._next) >= _GENERATIONS:
            return
        with suppress(OSError):
            is_other = not os.path.samestat(os.fstat(last), self.path.stat())
            if is_other and (number := self._opened()) is not None:
                self._next.append(number)

    def look(self, cursors: Mapping[str, str], now: float) -> Poll:
        """Return what is new. now: in seconds of a clock that only goes forward."""
        value = cursors.get(self.key)
        try:
            its = self.path.stat()
        except OSError as e:
            return self._vanished(value, e)
        stamp = (its.st_dev, its.st_ino, its.st_size, its.st_mtime_ns)
        if stamp != self._seen[:4]:
            self.quiet_since = now
        is_quiet = now - self.quiet_since >= self._idle_s
        if (*stamp, value) == self._seen and not (self._held and is_quiet):
            return Poll()
        self._seen = (*stamp, value)
        try:
            return self._read(value, is_quiet)
        except OSError as e:
            self._seen = ()  # whether it can be read by then does not show in its size or time
            return Poll(troubles=[f"{self.source}: cannot be read ({e.strerror or e}); check the file and its rights"])

    def _vanished(self, value: str | None, why: OSError) -> Poll:
        """Finish a file that is no more."""
        self._seen, self._held = (), False
        if self._next:
            return self._read(value, is_quiet=False)
        place = Place.read(value)
        if self._number is not None and place.is_in(self._number, inode=True):
            poll = self._finish(self._number, place)
            if poll is not None:
                return poll
        return Poll(
            troubles=[f"{self.source}: {(why.strerror or str(why)).lower()}; its stream goes on when it is there again"]
        )

    def _read(self, value: str | None, is_quiet: bool) -> Poll:
        place = Place.read(value)
        is_noted = bool(self._next)
        number = self._next[0] if is_noted else self._opened()
        if number is None:
            return Poll(troubles=[f"{self.source}: {self._refused()}"])
        taken = False
        try:
            if place.is_new or place.is_in(number):
                taken = True
                self._take(number)
                return self._go_on(number, place, is_quiet)
            shared = place.shared(number)
            if not shared and (old := self._old(place, number)) is not None:
                left = self._finish(old, place)
                if left is not None:
                    return left
            if shared is None:  # for as long as it takes: what it holds was read before, as far as it goes
                self._seen = ()
                return Poll()
            trouble = self._lost(place) if not shared and self._number is None else ""
            place.back_to(shared or 0)
            taken = True
            self._take(number)
            poll = self._go_on(number, place, is_quiet)
            poll.cursors.setdefault(self.key, place.written())
            poll.troubles += [trouble] if trouble else []
            return poll
        finally:
            if taken and is_noted:
                del self._next[0]
                self._seen = ()  # there are others after it, or it is there still and may have grown
            elif not taken and not is_noted:
                os.close(number)

    def _opened(self) -> int | None:
        """Open the file that stands there now; None if it is not to be read."""
        if self.within is not None and leads_out(self.within, self.path):
            return None
        number = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        if stat.S_ISREG(os.fstat(number).st_mode):
            return number
        os.close(number)
        return None

    def _refused(self) -> str:
        if self.within is not None and leads_out(self.within, self.path):
            return (
                f"it has become a link that leads out of {shown(self.within)}, which is not followed; put a file there"
            )
        return "no regular file; name a file, or - for stdin"

    def _take(self, number: int) -> None:
        self._leave()
        self._number, self._old_size = number, -1

    def _old(self, place: Place, new: int) -> int | None:
        """Return an open file that is the one that was read before another stood in its place."""
        if self._number is not None and place.is_in(self._number, inode=True):
            return self._number
        stem = self.path.name.partition(".")[0]
        names = [n for n in sorted(p.name for p in self.path.parent.iterdir()) if n != self.path.name]
        likely = [n for n in names if n.startswith(stem)][:_SIBLINGS]
        for name in likely:
            with suppress(OSError):
                number = os.open(self.path.parent / name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
                if (
                    stat.S_ISREG(os.fstat(number).st_mode)
                    and not os.path.samestat(os.fstat(number), os.fstat(new))
                    and place.heads
                    and place.is_in(number)
                ):
                    self._leave()
                    self._number = number
                    return number
                os.close(number)
        return None

    def _finish(self, old: int, place: Place) -> Poll | None:
        """Return what is left of a file that was rotated away; None if nothing is. Its writer may still add to it."""
        size = os.fstat(old).st_size
        is_still = size == self._old_size
        self._old_size = size
        self._seen = ()
        if is_still and size == place.offset:
            return None
        return self._go_on(old, place, final=is_still, is_old=True)

    def _lost(self, place: Place) -> str:
        count = place.state.get("count", 0)
        return (
            f"{self.source}: it was replaced or truncated while it was not being read, and no file beside it holds the "
            f"old text; what came after sentence {count} of the old one is not known; restore it to have it read"
        )

    def _go_on(self, number: int, place: Place, final: bool, is_old: bool = False) -> Poll:
        """Return what is new in an open file from a place on, which is moved. is_old: it was rotated away, or removed.

        final: nothing is to be held any more.
        """
        poll = Poll()
        begin, sentences = place.offset, list[Spoken]()
        while place.offset - begin < MOST:
            size = os.fstat(number).st_size
            most = MOST if self._kind in _ROWS or place.state.get("whole") else _SLICE
            raw = os.pread(number, most, place.offset)
            if not raw:
                break
            is_last = place.offset + len(raw) >= size
            if final and is_last and not is_old:
                raw = raw[: whole_characters(raw, place.state)]  # the rest of a character may still come
            piece = self._cut(number, place, raw, final and is_last, poll)
            if not piece.used and len(raw) == _SLICE and place.state.get("whole"):
                continue  # now all of it is read
            if not piece.used and len(raw) == most:  # nothing of it can be cut: not to wait for ever
                piece = self._cut(number, place, raw, True, poll)
            sentences += piece.sentences
            if piece.trouble:
                poll.troubles.append(f"{self.source}: {piece.trouble}")
            if not piece.used:
                break
            place.move(number, place.offset + piece.used)
            if most == MOST:
                self._seen = ()  # there may be more
                break
        self._held = os.fstat(number).st_size > place.offset
        if place.offset - begin >= MOST:
            self._seen = ()  # there is more
        if sentences:
            poll.arrivals.append(Arrival(self.stream, self.source, tuple(sentences)))
        if place.offset != begin:
            poll.cursors[self.key] = place.written()
        return poll

    def _cut(self, number: int, place: Place, raw: bytes, over: bool, poll: Poll) -> ReadOn:
        if self._kind in _ROWS:
            used, rows = growing_rows.rows_of(self.stream, self.source, raw, place.state, over, self._cpu_s)
            poll.add(rows)
            return ReadOn(used)
        is_captions = self._kind in _CAPTIONS
        read_on = growing_captions.read_on if is_captions else growing_prose.read_on
        window = growing_captions.window if is_captions else growing_prose.window
        begin = max(0, place.offset - (growing_captions.BEFORE if is_captions else growing_prose.BEFORE))
        before = os.pread(number, place.offset - begin, begin)
        if begin:
            before = window(before, place.state.get("codec", "utf-8"))
        return read_on(before, raw, place.state, over)
