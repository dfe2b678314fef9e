"""Many small calls: the questions about documents of 25 sentences, answered by the embedded models on two workers.

flow_ms and workers_ms: CPU of a call in this process (draw, key, store, record, submission) and in the workers.
"""

import argparse
import asyncio
import cProfile
import pstats
import time
from datetime import date
from pathlib import Path

import psutil

from benchmarks.common import scratch, show
from nightdesk.tasks.calling.answers.answer_store import Store
from nightdesk.tasks.calling.call_rows import Unit
from nightdesk.tasks.calling.dask.pool import fan_out
from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.roles import content_organizer, topic_finder, topic_locator

LENGTH = 25  # sentences of a document


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--profile", action="store_true", help="show where this process's time goes")
    a = parser.parse_args()
    with scratch() as folder:
        show("embedded_calls", [asyncio.run(measured(folder, a.documents, a.profile))])


async def measured(out: Path, documents: int, profiled: bool) -> dict[str, float]:
    """Ask finder, locator and organizer about each document; return the figures."""
    profile = load_profile("news")
    store = Store(out, "run-1")
    async with fan_out("", 2, profile.limits.call_timeout_s) as pool:
        router = Router(profile, date(2026, 1, 1), lambda version: None, store, pool)
        await router.ask(_units(documents=20, first=documents), lambda: None)
        units = _units(documents)
        flow, workers = time.process_time(), _workers_s()
        start = time.perf_counter()
        profiler = cProfile.Profile(time.process_time) if profiled else None
        if profiler:
            profiler.enable()
        outcomes = await router.ask(units, lambda: None)
        if profiler:
            profiler.disable()
            pstats.Stats(profiler).sort_stats("tottime").print_stats(60)
        assert all(o.answer is not None for o in outcomes)
        n = router.ledger.made
        row = {
            "calls": n,
            "wall_s": time.perf_counter() - start,
            "flow_ms": 1000 * (time.process_time() - flow) / n,
            "workers_ms": 1000 * (_workers_s() - workers) / n,
        }
    store.close()
    row["store_bytes"] = (out / "answers.db").stat().st_size / n
    return row


def _units(documents: int, first: int = 0) -> list[Unit]:
    units, categories = [], ["facts", "opinions", "assumptions", "future_plans"]
    for k in range(first, first + documents):
        texts = [f"Officials said {j} people saw the flood {k} in the {j * k % 97}th district." for j in range(LENGTH)]
        titles, anchors = ["The flood", "The district"], [(1, 2), (11, 12)]
        for request in (
            topic_finder.make_request(texts, "en"),
            topic_locator.make_request(texts, "en", titles, anchors),
            content_organizer.make_request(texts, "en", categories),
        ):
            units.append(Unit(f"d{k}", f"d{k}/c00000", 0, request))
    return units


def _workers_s() -> float:
    times = [p.cpu_times() for p in psutil.Process().children(recursive=True)]
    return sum(t.user + t.system for t in times)


if __name__ == "__main__":
    main()
