"""A folder in which files arrive: those that grow are followed, each other one is read whole once it rests.

A file rests if it has not changed between two looks. Links that lead out of the folder are not followed, hidden files
are ignored (writers that do it right write to one and rename it). A file that is what another one was before it was
rotated away is not read again. A file that came whole and changes later arrives again, as <id>#2.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import suppress
from pathlib import Path

from nightdesk.tasks.errors import InputError
from nightdesk.tasks.following.arrivals.growing_rows import whole
from nightdesk.tasks.following.arrivals.place import Place
from nightdesk.tasks.following.arrivals.tailed_file import GROWING, TailedFile
from nightdesk.tasks.following.stream import Poll
from nightdesk.tasks.reading.documents import Document, shown
from nightdesk.tasks.reading.formats.registry import is_read, suffix_of
from nightdesk.tasks.reading.found_documents import Source, distinct_documents, parsed
from nightdesk.tasks.reading.source_files import named
from nightdesk.tasks.safety.links import leads_out

MOST_OPEN = 100  # files of a folder, so that what they have left is read though they are removed; a process has 1,024


class Folder:
    """One folder that was named."""

    def __init__(self, path: Path, idle_s: float, cpu_s: float) -> None:
        self.path, self._idle_s, self._cpu_s = path, idle_s, cpu_s
        self._tails: dict[Path, TailedFile] = {}
        self._resting: dict[Path, tuple[int, ...]] = {}
        self._next = 0

    def close(self) -> None:
        """Close its files."""
        for tail in self._tails.values():
            tail.close()

    def look(
        self, cursors: Mapping[str, str], now: float, is_late: Callable[[], bool], held_back: Set[str] | None = None
    ) -> Poll:
        """Return what is new in its files. is_late: whether the rest is to be left to the next look.

        held_back: as in Watch.poll.
        """
        poll = Poll()
        try:
            files = sorted(self._files(self.path, poll))
        except OSError as e:
            return Poll(troubles=[f"{shown(self.path)}: cannot be read ({e.strerror or e}); see that it is there"])
        poll.add(self._vanished(set(files), cursors, now))
        start = self._next % len(files) if files else 0
        for k, path in enumerate([*files[start:], *files[:start]]):
            if is_late():
                self._next = start + k  # the rest comes first at the next look
                break
            if suffix_of(path.name) in GROWING and not path.name.lower().endswith(".gz"):
                poll.add(self._grown(path, cursors, now, held_back))
            elif held_back is None:
                poll.add(self._whole(path, cursors))
        self._close_some()
        return poll

    def _close_some(self) -> None:
        """Close the files that have been quiet for longest; what comes to them is read all the same."""
        its = sorted((t for t in self._tails.values() if t.is_open), key=lambda t: t.quiet_since)
        for tail in its[: max(0, len(its) - MOST_OPEN)]:
            tail.close()

    def _files(self, folder: Path, poll: Poll) -> Iterator[Path]:
        """Yield the files below a folder that are read."""
        with os.scandir(folder) as entries:
            there = [e for e in entries if not e.name.startswith(".")]
        for entry in there:
            path = folder / entry.name
            if entry.is_symlink() and leads_out(self.path, path):
                if entry.is_dir() or is_read(entry.name):
                    poll.troubles.append(
                        f"{shown(path)}: this link leads out of {shown(self.path)} and is not followed; name what it "
                        "leads to, to have it read"
                    )
            elif entry.is_dir(follow_symlinks=False):
                with suppress(FileNotFoundError):
                    yield from self._files(path, poll)
            elif is_read(entry.name) and entry.is_file():
                yield path

    def _vanished(self, there: set[Path], cursors: Mapping[str, str], now: float) -> Poll:
        """Return what is left of files that were removed or renamed; then they are forgotten."""
        poll = Poll()
        for path in [p for p in self._tails if p not in there]:
            left = self._tails[path].look(cursors, now)
            if left.troubles and not left.cursors:  # it says that the file is gone
                self._tails.pop(path).close()
            else:
                poll.add(left)
        for path in [p for p in self._resting if p not in there]:
            del self._resting[path]
        return poll

    def _grown(self, path: Path, cursors: Mapping[str, str], now: float, held_back: Set[str] | None) -> Poll:
        tail = self._tails.get(path)
        if tail is None:
            tail = self._new_tail(path)
        if held_back is not None and tail.waits(held_back):
            tail.note()
            return Poll()
        if tail.key not in cursors and (known := self._rotated(path, cursors)) is not None:
            return known
        self._tails[path] = tail
        return tail.look(cursors, now)

    def _new_tail(self, path: Path) -> TailedFile:
        return TailedFile(named(path.relative_to(self.path)), path, self.path, self._idle_s, self._cpu_s)

    def _rotated(self, path: Path, cursors: Mapping[str, str]) -> Poll | None:
        """Return, of a file that is what another one of its folder was, that it is not to be read; None of others."""
        key, prefix = f"rotated:{shown(path.absolute())}", f"file:{shown(path.parent.absolute())}/"
        with suppress(OSError):
            number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                its = os.fstat(number)
                is_it, its_inode = f"{its.st_dev} {its.st_ino}", f'"inode":{its.st_ino},'
                if cursors.get(key) == is_it:
                    return Poll()
                for other, value in cursors.items():
                    if other.startswith(prefix) and its_inode in value:
                        place = Place.read(value)
                        if place.offset and place.is_in(number, inode=True):
                            return Poll(cursors={key: is_it})
            finally:
                os.close(number)
        return None

    def _whole(self, path: Path, cursors: Mapping[str, str]) -> Poll:
        """Read a file that does not grow, once it rests."""
        poll = Poll()
        try:
            its = path.stat()
        except OSError:
            return poll
        stamp = (its.st_ino, its.st_size, its.st_mtime_ns)
        key = f"whole:{shown(path.absolute())}"
        number, _, said = cursors.get(key, "0 ").partition(" ")
        if said == repr(stamp):
            return poll
        if self._resting.get(path) != stamp:
            self._resting[path] = stamp
            return poll
        if not os.access(path, os.R_OK):
            poll.troubles.append(f"{shown(path)}: cannot be read (permission denied); check its rights")
            return poll
        source = Source(named(path.relative_to(self.path)), path, self.path)
        again = int(number) + 1
        try:
            for found, result in parsed(distinct_documents([source], self._cpu_s), self._cpu_s):
                if isinstance(result, Document):
                    doc_id = found.doc_id if again == 1 else f"{found.doc_id}#{again}"
                    poll.arrivals.append(whole(doc_id, result))
                elif result is not None:
                    poll.troubles.append(str(result))
        except InputError as e:
            poll.troubles.append(str(e))
        poll.cursors[key] = f"{again} {stamp!r}"
        return poll
