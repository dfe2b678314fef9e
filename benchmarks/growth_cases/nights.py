"""One night of many small documents with the embedded models: time, memory, CPU by kind of process, coverage."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from benchmarks.growth_cases.metering import Metered, metered_run
from benchmarks.growth_cases.rows import Case, Rows, at_most, exactly, told
from benchmarks.growth_cases.texts import write_varied
from nightdesk.tasks import tables

LENGTH = 25  # sentences of a document
TENTH = 10  # the batch whose memory the last one's is held against, when all that is loaded once is there


def _night(sentences: int, seed: int, goals: Mapping[str, float], scratch: Path, env: Mapping[str, str]) -> Rows:
    """Run a night of so many sentences; goals: what is asked of it beside coverage."""
    source, out = scratch / "in", scratch / "out"
    write_varied(source, sentences, LENGTH, seed)
    metered = metered_run(env, source, out)
    values = {
        "wall, s": metered.wall_s,
        "peak PSS of all processes, MB": metered.peak_mb,
        "CPU a sentence, ms": 1000 * metered.total_s / sentences,
        "share of CPU not on workers": metered.share_off_workers,
    }
    if (growth := _growth(metered)) is not None:
        values["flow's PSS, last batch over tenth"] = growth
    name = f"{sentences:,} sentences: "
    rows = [
        at_most(name + what, value, goals[what]) if what in goals else told(name + what, value)
        for what, value in values.items()
    ]
    rows.append(exactly(name + "coverage", _coverage(out, sentences), 1.0))
    for kind, cpu_s in sorted(metered.cpu_s.items()):
        rows.append(told(f"{name}CPU a sentence, {kind}, ms", 1000 * cpu_s / sentences))
    largest = max(page.stat().st_size for page in (out / "editions").rglob("*") if page.is_file())
    return [*rows, at_most(name + "largest file of the edition, MB", largest / 1e6, 2.0)]


def _growth(metered: Metered) -> float | None:
    """Return the flow's memory in the last three batches over that in the three up to the tenth; None for a few."""
    last = max(metered.flow_mb)
    if last < 2 * TENTH:
        return None

    def most(end: int) -> float:
        return max(mb for n, mb in metered.flow_mb.items() if end - 3 <= n < end)

    return most(last) / most(TENTH)


def _coverage(out: Path, sentences: int) -> float:
    """Return how many of the sentences stand in `passages`, each once, under a topic or with a reason."""
    rows = tables.scan(out, "passages", columns=["doc_id", "position", "topic_id", "reason"])
    (whole,) = (
        tables.connect(out)
        .sql("select count(distinct (doc_id, position)) from passages where topic_id is not null or reason is not null")
        .fetchall()
    )
    return float(whole[0] / max(sentences, len(rows)))


_MANY = {
    "wall, s": 360,
    "peak PSS of all processes, MB": 2048,
    "flow's PSS, last batch over tenth": 1.1,
    "CPU a sentence, ms": 0.7,
}
_FEW = {"CPU a sentence, ms": 0.6, "share of CPU not on workers": 0.15}

QUICK: dict[str, Case] = {"night-20k": partial(_night, 20_000, 1, {})}
LONG: dict[str, Case] = {
    "night-100k": partial(_night, 100_000, 2, _FEW),
    "night-1m": partial(_night, 1_000_000, 3, _MANY),
}
