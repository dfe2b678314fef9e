"""One long document, every sentence of it different: CPU as it doubles, and memory of all processes."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from benchmarks.growth_cases.metering import Metered, metered_run
from benchmarks.growth_cases.rows import Case, Rows, at_most, told
from benchmarks.growth_cases.texts import write_varied

_TINY = 500  # sentences of the document by which everything is compiled and cached before it is measured


def _document(sentences: int, scratch: Path, env: Mapping[str, str]) -> Rows:
    """Run one document of so many sentences, and one of half as many."""
    _run(_TINY, scratch, env)
    half, whole = _run(sentences // 2, scratch, env), _run(sentences, scratch, env)
    name = f"one document of {sentences:,} sentences: "
    rows = [
        at_most(f"{name}CPU over that of one of half its length", whole.total_s / half.total_s, 2.2),
        at_most(f"{name}peak PSS of all processes, MB", whole.peak_mb, 2048),
        told(f"{name}wall, s", whole.wall_s),
        told(f"{name}most memory of the flow, MB", max(whole.flow_mb.values())),
        told(f"{name}CPU a sentence, ms", 1000 * whole.total_s / sentences),
    ]
    for kind in sorted(whole.cpu_s):
        half_s, whole_s = half.cpu_s[kind], whole.cpu_s[kind]
        rows.append(told(f"{name}CPU a sentence, {kind}, ms", 1000 * whole_s / sentences))
        rows.append(told(f"{name}CPU a sentence at half its length, {kind}, ms", 2000 * half_s / sentences))
    return rows


def _run(sentences: int, scratch: Path, env: Mapping[str, str]) -> Metered:
    source, out = scratch / f"in-{sentences}", scratch / f"out-{sentences}"
    write_varied(source, sentences, sentences, seed=sentences)
    return metered_run(env, source, out)


QUICK: dict[str, Case] = {"document-60k": partial(_document, 60_000)}
LONG: dict[str, Case] = {"document-300k": partial(_document, 300_000)}
