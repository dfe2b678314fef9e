"""All sources of a follow, and one look at them."""

import time
from collections.abc import Callable, Mapping, Set
from pathlib import Path

from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.following.arrivals.feeds import Feed, Hosts
from nightdesk.tasks.following.arrivals.folders import Folder
from nightdesk.tasks.following.arrivals.stdin_lines import StdinLines
from nightdesk.tasks.following.arrivals.tailed_file import GROWING, TailedFile
from nightdesk.tasks.following.stream import Poll
from nightdesk.tasks.reading.documents import shown
from nightdesk.tasks.reading.fetching.addresses import is_url
from nightdesk.tasks.reading.fetching.terms import Fetching
from nightdesk.tasks.reading.formats.registry import suffix_of
from nightdesk.tasks.reading.found_documents import STDIN
from nightdesk.tasks.reading.source_files import named

LOOK_S = 2.0  # seconds after which a look leaves the other sources to the next one
_Look = Callable[[Mapping[str, str], float], Poll]


class Watch:
    """The sources that were named. idle_s: seconds without a change after which nothing is held any more.

    stdin_id: what the stream of stdin is called. clock: seconds that only go forward.

    Raises:
        InputError: a source is not one that can be followed, or two would be one stream.
    """

    def __init__(
        self,
        arguments: list[str],
        profile: Profile,
        out: Path,
        idle_s: float,
        stdin_id: str = "stdin",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._cpu_s = profile.reading.cpu_s
        self._terms, self._hosts = Fetching.of_run(profile.fetch, out), Hosts()
        self._idle_s, self._stdin_id = idle_s, stdin_id
        self._next = 0
        self._told: dict[int, set[str]] = {}
        if not arguments:
            raise InputError("no source was named; name files, folders, addresses, or - for stdin")
        streams: dict[str, str] = {}
        self._sources = [self._source(argument, streams) for argument in dict.fromkeys(arguments)]

    def close(self) -> None:
        """Close all files."""
        for source in self._sources:
            source.close()

    def poll(self, cursors: Mapping[str, str], held_back: Set[str] | None = None) -> Poll:
        """Return what is new since the cursors, and the new cursors of the sources that have moved.

        held_back: streams that are not read on, because too much waits; then nothing that comes whole is read either.
        It takes at most about LOOK_S seconds, and reads at most 4 MiB of a file; what is left comes with the next call.
        """
        now = self._clock()
        until = time.monotonic() + LOOK_S
        found = Poll()
        count = len(self._sources)
        for k in range(count):
            at = (self._next + k) % count
            if k and time.monotonic() > until:
                self._next = at
                break
            source = self._sources[at]
            if isinstance(source, Folder):
                one = source.look(cursors, now, lambda: time.monotonic() > until, held_back)
            elif held_back is not None and (isinstance(source, Feed) or source.waits(held_back)):
                if isinstance(source, TailedFile):
                    source.note()
                continue
            else:
                one = source.look(cursors, now)
            one.troubles = self._untold(at, one)
            found.add(one)
        return found

    def _untold(self, at: int, poll: Poll) -> list[str]:
        """Return the troubles of a source that were not told at its last looks."""
        told = self._told.setdefault(at, set())
        new = [line for line in dict.fromkeys(poll.troubles) if line not in told]
        if not poll.troubles and poll.arrivals and not isinstance(self._sources[at], Folder):
            told.clear()  # it is well again: should it fail once more, that is news
        told.update(new)
        return new

    def _source(self, argument: str, streams: dict[str, str]) -> "TailedFile | Folder | Feed | StdinLines":
        path = Path(argument)
        if argument == STDIN:
            _claim(streams, self._stdin_id, "stdin")
            return StdinLines(self._stdin_id, self._idle_s)
        if is_url(argument):
            return Feed(argument, self._terms, self._hosts, self._cpu_s)
        if path.is_dir():
            return Folder(path, self._idle_s, self._cpu_s)
        if suffix_of(path.name) not in GROWING or path.name.lower().endswith(".gz"):
            raise InputError(
                f"{shown(argument)}: no file that grows; name one of {' '.join(GROWING)}, or the folder in which it is"
            )
        if not path.parent.is_dir() or (path.exists() and not path.is_file()):
            raise InputError(f"{shown(argument)}: no file, and none can come there; check the path")
        stream = named(Path(path.name))
        _claim(streams, stream, shown(path))
        return TailedFile(stream, path, None, self._idle_s, self._cpu_s)


def _claim(streams: dict[str, str], stream: str, source: str) -> None:
    if stream in streams:
        raise InputError(
            f"{streams[stream]} and {source} would both be stream {stream!r}; rename one, or name the folder above both"
        )
    streams[stream] = source
