"""How late a sentence is in the tables, provisional and settled, with a model of one second a call."""

from collections.abc import Mapping
from functools import partial
from itertools import islice
from pathlib import Path

from benchmarks.growth_cases.rows import Case, Rows, at_most, told
from benchmarks.online_cases.following import PATIENCE_S, Follow
from benchmarks.online_cases.paid import paid_model
from benchmarks.online_cases.seeing import Prober, delays, waited
from benchmarks.online_cases.writing import Growing, Writer, lines_of

STREAMS = 3
CHUNK, OVERLAP = 120, 30  # sentences, as in the shipped profiles
EVERY_S = 5
LATENCY_S = 1.0
FIRST = 10  # sentences of each stream that are there when it begins; the start of the process is no delay


def _delay(sentence_s: float, chunks: int, scratch: Path, env: Mapping[str, str]) -> Rows:
    """Let streams grow by a sentence each so many seconds, until so many chunks of each can settle."""
    count = CHUNK + (chunks - 1) * (CHUNK - OVERLAP) + OVERLAP + 2
    lines = lines_of(seed=5)
    files = [Growing(scratch / f"s{k}.txt", list(islice(lines, count)), sentence_s) for k in range(STREAMS)]
    for file in files:
        file.path.write_text("".join(f"{next(lines)}\n" for _ in range(FIRST)), encoding="utf-8")
    with paid_model(scratch, LATENCY_S, CHUNK, OVERLAP) as (_, profile):
        follow = Follow(
            env, scratch / "out", [file.path for file in files], "--every", f"{EVERY_S}s", "--profile", profile
        )
        writer = Writer(files, scratch / "arrivals.jsonl")
        with Prober(follow.out) as prober, follow:
            prober.wait(lambda: prober.shown() >= STREAMS * (FIRST - 1), PATIENCE_S, follow.check)
            writer.start()
            prober.wait(lambda: writer.is_over, count * sentence_s + PATIENCE_S, follow.check)
            least = STREAMS * (CHUNK + (chunks - 1) * (CHUNK - OVERLAP) - OVERLAP)
            prober.wait(lambda: prober.filed() >= least, PATIENCE_S, follow.check)
            follow.stop()
    arrivals = writer.arrivals()
    seen = [
        delays(arrivals, {stream: times[FIRST:] for stream, times in when.items()})
        for when in (prober.provisional, prober.settled)
    ]
    length = CHUNK * sentence_s
    about = f"{STREAMS} streams, a sentence each {sentence_s:g} s, {LATENCY_S:g} s a call, every {EVERY_S} s: "
    return [
        at_most(f"{about}from arrival to provisional row, p95, s", waited(seen[0], 0.95), 7.0),
        told(f"{about}from arrival to provisional row, median, s", waited(seen[0], 0.5)),
        at_most(f"{about}from arrival to settled row, p95, s", waited(seen[1], 0.95), length + 10),
        told(f"{about}from arrival to settled row, median, s", waited(seen[1], 0.5)),
        # A chunk closes when the overlap behind it is there: its first own sentence waits for it the longest.
        told(f"{about}of these, the wait for the chunk to close, p95, s", 0.95 * (CHUNK + OVERLAP / 2) * sentence_s),
        told(f"{about}sentences settled", len(seen[1])),
    ]


QUICK: dict[str, Case] = {"delay": partial(_delay, 0.5, 2)}
LONG: dict[str, Case] = {"delay-slow-talk": partial(_delay, 2.0, 4)}
