"""Many streams at once with embedded models: how late a sentence is seen, and what memory they take."""

from collections.abc import Mapping
from functools import partial
from itertools import islice
from pathlib import Path

from benchmarks.growth_cases.rows import Case, Rows, at_most, exactly, told
from benchmarks.online_cases.following import PATIENCE_S, Follow
from benchmarks.online_cases.seeing import Prober, delays, waited
from benchmarks.online_cases.writing import Growing, Writer, lines_of

SENTENCE_S = 2.0  # seconds between two sentences of a stream
EVERY_S = 5
BEGUN = 40  # sentences of a stream by which workers and models are warm


def _streams(streams: int, minutes: float, scratch: Path, env: Mapping[str, str]) -> Rows:
    folder, lines = scratch / "in", lines_of(seed=streams)
    folder.mkdir()
    count = int(60 * minutes / SENTENCE_S)
    files = [
        Growing(folder / f"s{k:04d}.txt", list(islice(lines, count)), SENTENCE_S, SENTENCE_S * k / streams)
        for k in range(streams)
    ]
    begun = folder / "begun.txt"
    begun.write_text("".join(f"{next(lines)}\n" for _ in range(BEGUN)), encoding="utf-8")
    follow = Follow(env, scratch / "out", [folder], "--every", f"{EVERY_S}s")
    writer = Writer(files, scratch / "arrivals.jsonl")
    with Prober(follow.out, every_s=0.5) as prober, follow:
        prober.wait(lambda: "begun" in prober.provisional, PATIENCE_S, follow.check)  # workers and models are warm
        before = follow.spent_s()
        writer.start()
        prober.wait(lambda: writer.is_over, 60 * minutes + PATIENCE_S, follow.check)
        spent = follow.spent_s() - before
        prober.wait(lambda: prober.shown() >= streams * count + BEGUN, PATIENCE_S, follow.check)
        follow.stop()
    lags = delays(writer.arrivals(), prober.provisional)
    about = f"{streams} streams for {minutes:g} min, a sentence each {SENTENCE_S:g} s: "
    return [
        at_most(f"{about}lag, p95, s", waited(lags, 0.95), 10.0),
        told(f"{about}lag, median, s", waited(lags, 0.5)),
        told(f"{about}lag, most, s", max(lags)),
        at_most(f"{about}peak PSS of all processes, MB", max(s.pss_mb for s in follow.samples), 2048),
        exactly(f"{about}sentences seen, of those written", len(lags) / (streams * count), 1.0),
        told(f"{about}sentences settled", prober.filed()),
        told(f"{about}CPU a second, all processes", spent / (60 * minutes)),
        told(f"{about}CPU a sentence, ms", 1000 * spent / (streams * count)),
        told(f"{about}open files, most", max(s.files for s in follow.samples)),
    ]


QUICK: dict[str, Case] = {"streams-20": partial(_streams, 20, 1)}
LONG: dict[str, Case] = {"streams-200": partial(_streams, 200, 5), "streams-200-hour": partial(_streams, 200, 60)}
