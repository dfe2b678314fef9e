"""A tick late in a long stream, over one at its beginning: CPU, and memory and open files at both moments."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from benchmarks.growth_cases.rows import Case, Rows, at_most, told
from benchmarks.online_cases.following import PATIENCE_S, Follow
from benchmarks.online_cases.seeing import Prober
from benchmarks.online_cases.writing import append, lines_of

EARLY = 2_000  # the sentence that ticks late in the stream are held against
TICKS, PORTION = 12, 90  # ticks that are measured, and sentences of each: one chunk of the news profile settles
WAITING = 150  # sentences that may be unsettled at any moment: a chunk, and the overlap that closes it
BULK = 2_000  # sentences that come at once in between


@dataclass(frozen=True, slots=True)
class _Moment:
    """What TICKS ticks took, a tick's share of it, and what the processes have at their end."""

    tick_s: float
    flow_mb: float
    pss_mb: float
    files: int


def _late(late: int, scratch: Path, env: Mapping[str, str]) -> Rows:
    """Bring a stream to its 2,000th sentence, measure; bring it to a late one, measure again."""
    path, lines = scratch / "long.txt", lines_of(seed=late)
    path.touch()
    follow = Follow(env, scratch / "out", [path], "--every", "2s")
    with Prober(follow.out) as prober, follow:
        moments = []
        written = 0

        def come(count: int) -> None:
            nonlocal written
            append(path, list(islice(lines, count)))
            written += count
            prober.wait(lambda: _is_done(prober, written), PATIENCE_S, follow.check)

        for until in (EARLY, late):
            while written < until - TICKS * PORTION // 2:
                come(min(BULK, until - TICKS * PORTION // 2 - written))
            begin = follow.spent_s()
            for _ in range(TICKS):
                come(PORTION)
            spent = follow.spent_s() - begin
            time.sleep(2.0)  # so that the last sample is of a follow that waits
            sample = follow.samples[-1]
            moments.append(_Moment(spent / TICKS, sample.flow_mb, sample.pss_mb, sample.files))
        follow.stop()
    first, last = moments
    about = f"a tick at sentence {late:,} over one at {EARLY:,}: "
    return [
        at_most(f"{about}CPU", last.tick_s / first.tick_s, 1.2),
        told(f"CPU of a tick at sentence {EARLY:,}, s", first.tick_s),
        told(f"CPU of a tick at sentence {late:,}, s", last.tick_s),
        at_most(f"{about}memory of the flow", last.flow_mb / first.flow_mb, 1.2),
        told(f"memory of the flow at sentence {late:,}, MB", last.flow_mb),
        told(f"memory of all processes at sentence {late:,}, MB", last.pss_mb),
        at_most(f"{about}open files", last.files / first.files, 1.1),
        told(f"open files at sentence {late:,}", last.files),
    ]


def _is_done(prober: Prober, written: int) -> bool:
    """Tell whether all that was written is seen, but for a line that reading may hold, and no more can settle."""
    return prober.shown() >= written - 1 and prober.filed() >= written - WAITING


QUICK: dict[str, Case] = {"tick-at-10k": partial(_late, 10_000)}
LONG: dict[str, Case] = {"tick-at-200k": partial(_late, 200_000)}
