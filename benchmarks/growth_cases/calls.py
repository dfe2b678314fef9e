"""Nights whose model is asked over HTTP and takes its time: what is spent beside waiting for it."""

from collections.abc import Mapping
from pathlib import Path

from benchmarks.calls import WORLD, bare
from benchmarks.common import shipped_categories
from benchmarks.growth_cases.metering import Metered, metered_run
from benchmarks.growth_cases.rows import Case, Rows, at_most, told
from benchmarks.growth_cases.texts import write_varied
from tests.servers.playing import Playing, playing

CHUNK = 20  # sentences
CONCURRENCY = 50
SLOW_S, FAST_S = 1.0, 0.5  # of a call, in the small case and in the large one
PROFILE = """name = "steady"
{categories}
[chunks]
sentences = {chunk}
overlap = {overlap}

[limits]
max_cost_usd = 1e6

[[models]]
name = "steady"
family = "lowland"
provider = "openai"
base_url = "{url}"
prices = {{ input = 1.0, output = 4.0 }}
limits = {{ concurrency = {concurrency} }}
"""


def _small(scratch: Path, env: Mapping[str, str]) -> Rows:
    """Take 33 chunks through a model of one second a call, which answers all that it is asked at once."""
    with playing(WORLD.format(latency_s=SLOW_S)) as server:
        metered = _night(server, scratch, env, chunks=33, documents=1)
    return [
        at_most("33 chunks at 1 s a call: wall, s", metered.wall_s, 10.0),
        at_most("33 chunks at 1 s a call: CPU, s", metered.total_s, 6.0),
        *(told(f"33 chunks at 1 s a call: CPU, {kind}, s", s) for kind, s in sorted(metered.cpu_s.items())),
    ]


def _large(scratch: Path, env: Mapping[str, str]) -> Rows:
    """Take 1,000 chunks through a model of half a second a call; a start is what a night of one chunk takes."""
    with playing(WORLD.format(latency_s=FAST_S)) as server:
        start = _night(server, scratch / "start", env, chunks=1, documents=1)
        metered = _night(server, scratch / "night", env, chunks=1000, documents=100)
        calls = metered.result["calls"]
        loop = bare(server, scratch, "openai", 1000, CONCURRENCY)
    ideal = calls * FAST_S / CONCURRENCY
    cpu_ms = {
        kind: 1000 * (metered.cpu_s[kind] - start.cpu_s[kind]) / (calls - start.result["calls"])
        for kind in sorted(metered.cpu_s)
    }
    name = "1,000 chunks, 50 at once: "
    return [
        at_most(f"{name}wall over calls x latency / 50", metered.wall_s / ideal, 1.2),
        told(f"{name}the same, net of start-up", (metered.wall_s - start.wall_s) / ideal),
        told(f"{name}the same, of a bare loop", loop["wall_s"] / (1000 * FAST_S / CONCURRENCY)),
        at_most(f"{name}CPU a call, flow and workers, net of start-up, ms", cpu_ms["flow"] + cpu_ms["dask"], 5.5),
        *(told(f"{name}CPU a call, {kind}, ms", ms) for kind, ms in cpu_ms.items()),
        told(f"{name}CPU a call, bare loop, ms", loop["cpu_ms"]),
        told(f"{name}calls", calls),
    ]


def _night(server: Playing, folder: Path, env: Mapping[str, str], chunks: int, documents: int) -> Metered:
    """Run a night of documents that have so many chunks together."""
    sentences = chunks * CHUNK
    write_varied(folder / "in", sentences, sentences // documents, seed=chunks)
    profile = folder / "steady.toml"
    said = {"categories": shipped_categories(), "url": server.openai_url}
    text = PROFILE.format(**said, chunk=CHUNK, overlap=0, concurrency=CONCURRENCY)
    profile.write_text(text, encoding="utf-8")
    return metered_run(env, folder / "in", folder / "out", "--profile", profile)


QUICK: dict[str, Case] = {"calls-33": _small, "calls-1000": _large}
