"""A reader that polls the tables as a user's program does, and notes when each sentence of a stream is first seen.

Streams are told apart by the part of doc_id before "@". A row of passages_open has a chunk_id that ends in "/open"; all
others are settled. Sentences are counted, and not looked at one by one, because those of a document come in order and
each is to be seen once: a row that is missing or doubled moves what comes after it.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nightdesk.tasks import tables

POLL_S = 0.25
OPEN = "/open"  # how the chunk_id of a provisional row ends


def rows(out: Path, *columns: str) -> pa.Table:
    """Return the sentences that are seen now, provisional ones too."""
    return tables.scan(out, "passages", columns=["doc_id", "position", "chunk_id", *columns], open=True)


def counted(seen: pa.Table) -> tuple[Counter[str], Counter[str]]:
    """Return how many sentences of each stream are seen, and how many of them are settled."""
    if not seen.num_rows:
        return Counter(), Counter()
    is_open = pc.ends_with(seen["chunk_id"], OPEN)
    return _by_stream(seen["doc_id"]), _by_stream(seen["doc_id"].filter(pc.invert(is_open)))


def _by_stream(doc_ids: pa.ChunkedArray) -> Counter[str]:
    found: Counter[str] = Counter()
    for each in pc.value_counts(doc_ids).to_pylist():
        found[stream_of(each["values"])] += each["counts"]
    return found


def stream_of(doc_id: str) -> str:
    """Return the name of the stream whose document it is."""
    return doc_id.rpartition("@")[0] or doc_id


class Prober:
    """Polls in a thread until it is closed. provisional, settled: stream -> when its sentences were first seen.

    A sentence that is settled before it was seen as provisional counts as seen in both ways at that moment.
    """

    def __init__(self, out: Path, read: Callable[[Path], pa.Table] = rows, every_s: float = POLL_S) -> None:
        self.provisional: dict[str, list[float]] = {}
        self.settled: dict[str, list[float]] = {}
        self.error: BaseException | None = None
        self._out, self._read, self._every_s = out, read, every_s
        self._news, self._is_over = threading.Condition(), threading.Event()
        self._thread = threading.Thread(target=self._poll, daemon=True)

    def __enter__(self) -> "Prober":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join()

    def shown(self) -> int:
        """Return how many sentences have been seen."""
        return sum(map(len, self.provisional.values()))

    def filed(self) -> int:
        """Return how many sentences have been seen settled."""
        return sum(map(len, self.settled.values()))

    def wait(self, happened: Callable[[], bool], patience_s: float, alive: Callable[[], object]) -> None:
        """Wait until something can be seen. alive: called every second; raises if there is nothing to wait for.

        Raises:
            TimeoutError: it did not happen in time.
        """
        deadline = time.monotonic() + patience_s
        with self._news:
            while not happened():
                if self.error is not None:
                    raise self.error
                if time.monotonic() > deadline:
                    raise TimeoutError(
                        f"after {patience_s:.0f} s {self.shown()} sentences are seen, {self.filed()} settled"
                    )
                alive()
                self._news.wait(1.0)

    def _poll(self) -> None:
        try:
            while not self._is_over.wait(self._every_s):
                seen, settled = counted(self._read(self._out))
                with self._news:
                    _note(self.provisional, seen)
                    _note(self.settled, settled)
                    self._news.notify_all()
        except BaseException as e:  # noqa: BLE001 (told to who waits)
            self.error = e


def _note(first_seen: dict[str, list[float]], counts: Mapping[str, int]) -> None:
    now = time.time()
    for stream, count in counts.items():
        times = first_seen.setdefault(stream, [])
        times += [now] * (count - len(times))


def delays(arrivals: Mapping[str, list[float]], seen: Mapping[str, list[float]]) -> list[float]:
    """Return how many seconds after its arrival each sentence that was seen was first seen."""
    return [at - came for name, times in arrivals.items() for came, at in zip(times, seen.get(name, ()), strict=False)]


def waited(figures: list[float], share: float) -> Any:
    """Return the delay that so many of the sentences (a share in [0, 1]) do not exceed; endless if none was seen."""
    ordered = sorted(figures)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("inf")
