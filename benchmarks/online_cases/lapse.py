"""A time-lapse: the transcripts of a day in a few minutes; memory and open files are to be flat."""

import json
import time
from collections.abc import Callable, Mapping
from functools import partial
from itertools import islice
from pathlib import Path

from benchmarks.common import SHARED
from benchmarks.growth_cases.rows import Case, Rows, at_most, told
from benchmarks.online_cases.following import PATIENCE_S, Follow, Sample
from benchmarks.online_cases.seeing import Prober
from benchmarks.online_cases.writing import Growing, Writer, lines_of

DAY = 17_280  # sentences of 24 h of talk, one each 5 s
PARTS = 5  # of the samples; the last part is held against the second, because the first one has the start in it
LANGUAGES = {"EN": "en", "CN": "zh"}


def _lapse(sentences: int, minutes: float, scratch: Path, env: Mapping[str, str]) -> Rows:
    """Let an English and a Chinese stream grow by so many sentences together, at an even pace."""
    each = sentences // len(LANGUAGES)
    pace_s = 60 * minutes / each
    files = [Growing(scratch / f"{name}.txt", _talk(prefix, each), pace_s) for prefix, name in LANGUAGES.items()]
    for file in files:
        file.path.touch()
    follow = Follow(env, scratch / "out", [file.path for file in files], "--every", "5s")
    writer = Writer(files, scratch / "arrivals.jsonl")
    with Prober(follow.out, every_s=2.0) as prober, follow:
        writer.start()
        prober.wait(lambda: prober.shown() > 0, PATIENCE_S, follow.check)
        begin = time.time()
        prober.wait(lambda: writer.is_over, 60 * minutes + PATIENCE_S, follow.check)
        samples = [s for s in follow.samples if s.at >= begin]
        follow.stop()
        shown = prober.shown()
    begin_s = time.perf_counter()
    follow.end_day()
    about = f"a day of {2 * each:,} sentences in {minutes:g} min: "
    return [
        at_most(f"{about}memory of all processes, last fifth over second", _growth(samples, lambda s: s.pss_mb), 1.1),
        at_most(f"{about}memory of the flow, last fifth over second", _growth(samples, lambda s: s.flow_mb), 1.1),
        at_most(f"{about}open files, last fifth over second", _growth(samples, lambda s: s.files), 1.1),
        told(f"{about}peak PSS of all processes, MB", max(s.pss_mb for s in samples)),
        told(f"{about}open files, most", max(s.files for s in samples)),
        told(f"{about}CPU a sentence, ms", 1000 * (samples[-1].cpu_s - samples[0].cpu_s) / (2 * each)),
        told(f"{about}sentences seen before the end over lines written", shown / (2 * each)),
        told(f"{about}wall of the day's end with a start, s", time.perf_counter() - begin_s),
    ]


def _talk(prefix: str, sentences: int) -> list[str]:
    """Return the transcripts of a language one after the other, and varied news where there are no more of them."""
    texts = [
        " ".join(text.split())
        for path in sorted((SHARED / "data" / "olp_mini").glob(f"{prefix}*.json"))
        for _, text in json.loads(path.read_text(encoding="utf-8"))
        if text.strip()
    ]
    return [*texts[:sentences], *islice(lines_of(seed=24), max(0, sentences - len(texts)))]


def _growth(samples: list[Sample], figure: Callable[[Sample], float]) -> float:
    """Return the mean of a figure in the last part of the samples over that in the second."""
    size = len(samples) // PARTS
    early, late = samples[size : 2 * size], samples[-size:]
    return sum(map(figure, late)) / max(1, sum(map(figure, early)))


QUICK: dict[str, Case] = {"lapse-1m": partial(_lapse, DAY // 10, 1)}
LONG: dict[str, Case] = {"lapse-10m": partial(_lapse, DAY, 10)}
