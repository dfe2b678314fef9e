"""A follow that is killed again and again while its sources grow: what is lost, doubled, and paid for twice."""

import random
import time
from collections import Counter
from collections.abc import Mapping
from functools import partial
from itertools import islice
from pathlib import Path

from benchmarks.growth_cases.rows import Case, Rows, exactly, told
from benchmarks.online_cases import seeing
from benchmarks.online_cases.following import PATIENCE_S, Follow
from benchmarks.online_cases.paid import paid_model, paid_twice
from benchmarks.online_cases.writing import Growing, Writer, lines_of

STREAMS = 3
SENTENCE_S = 0.25  # seconds between two sentences of a stream
LATENCY_S = 0.3
CHUNK, OVERLAP = 20, 5
LATEST_S = 12.0  # after its first tick that a follow is killed
AT_START = 5  # one kill in so many comes while it starts
LIVE = "live/index.html"  # below OUT
MOST_S = 3_000.0  # after which no other kill is begun, so that a loaded machine gives a result, too
MOST = 400  # sentences of a stream for each kill, more than come before the last one


def _kills(kills: int, scratch: Path, env: Mapping[str, str], most_s: float = MOST_S) -> Rows:
    """Kill every process of a follow at random moments, let it go on, end its day, and compare with what came.

    most_s: seconds after which no other kill is begun; the rows say how many there were.
    """
    dice, lines = random.Random(kills), lines_of(seed=kills)
    files = [Growing(scratch / f"s{k}.txt", list(islice(lines, MOST * kills)), SENTENCE_S) for k in range(STREAMS)]
    log = scratch / "arrivals.jsonl"
    writer = Writer(files, log).start()
    with paid_model(scratch, LATENCY_S, CHUNK, OVERLAP) as (server, profile):
        paths = [file.path for file in files]
        follow = Follow(env, scratch / "out", paths, "--every", "1s", "--profile", profile)
        killed: list[float] = []
        begin = time.monotonic()
        for number in range(kills):
            if time.monotonic() - begin > most_s:
                break
            with follow:
                if number % AT_START != AT_START - 1:
                    _until_at_work(follow)
                time.sleep(dice.uniform(0, LATEST_S))
                follow.check()
                assert not writer.is_over, "there was nothing to be killed over"
                killed.append(follow.kill())
        writer.stop()
        written = _written(files, writer.arrivals())
        with seeing.Prober(follow.out) as prober, follow:
            total = sum(map(len, written.values()))
            prober.wait(lambda: prober.shown() >= total, PATIENCE_S, follow.check)
            follow.stop()
        follow.end_day()
        again, beyond = paid_twice(server.log(), killed)
        calls = server.counts()["requests"]
    seen = seeing.rows(follow.out, "text").to_pylist()
    published = Counter((seeing.stream_of(row["doc_id"]), row["text"]) for row in seen)
    wanted = Counter((stream, text) for stream, texts in written.items() for text in texts)
    about = f"{len(killed)} kills: "
    return [
        exactly(f"{about}sentences lost", (wanted - published).total(), 0),
        exactly(f"{about}sentences doubled", (published - wanted).total(), 0),
        exactly(f"{about}calls paid twice, but those in flight", beyond, 0),
        told(f"{about}calls paid twice, those in flight too", again),
        exactly(
            f"{about}provisional rows after the day", sum(row["chunk_id"].endswith(seeing.OPEN) for row in seen), 0
        ),
        told(f"{about}sentences written", total),
        told(f"{about}calls", calls),
    ]


def _until_at_work(follow: Follow) -> None:
    """Wait until a tick has made the live page anew; the tables are not read, because that would mend them."""
    page, begin = follow.out / LIVE, time.time()
    while not (page.exists() and page.stat().st_mtime > begin):
        follow.check()
        if time.time() > begin + PATIENCE_S:
            raise TimeoutError(f"no tick in {PATIENCE_S:.0f} s: {follow.said()}")
        time.sleep(0.1)


def _written(files: list[Growing], arrivals: Mapping[str, list[float]]) -> dict[str, list[str]]:
    """Return what stands in each file, as sentences; the last line was cut short if the writer was stopped in it."""
    stands = {file.path.stem: file.path.read_text("utf-8").splitlines() for file in files}
    for file in files:
        lines = stands[file.path.stem]
        assert lines == list(file.sentences[: len(lines)]), f"{file.path} was cut"
        assert len(lines) - len(arrivals.get(file.path.stem, ())) in (0, 1), "the log lacks what was written"
    return stands


QUICK: dict[str, Case] = {"kills-5": partial(_kills, 5)}
LONG: dict[str, Case] = {"kills-50": partial(_kills, 50)}
