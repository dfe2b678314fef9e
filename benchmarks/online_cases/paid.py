"""A model that answers over HTTP and charges: the profile that asks it, and which answers it sold twice."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.calls import WORLD
from benchmarks.common import shipped_categories
from benchmarks.growth_cases.calls import CONCURRENCY, PROFILE
from tests.servers.llm.counts import SPOILT
from tests.servers.playing import Playing, playing

IN_FLIGHT_S = 1.0  # before a kill: an answer that was sent then may not have been read and stored


@contextmanager
def paid_model(folder: Path, latency_s: float, chunk: int, overlap: int) -> Iterator[tuple[Playing, Path]]:
    """Play one model of so many seconds a call; yield the server, and a profile that asks it alone."""
    with playing(WORLD.format(latency_s=latency_s)) as server:
        profile = folder / "steady.toml"
        said = {"categories": shipped_categories(), "url": server.openai_url, "chunk": chunk, "overlap": overlap}
        profile.write_text(PROFILE.format(**said, concurrency=CONCURRENCY), encoding="utf-8")
        yield server, profile


def paid_twice(requests: Sequence[Mapping[str, Any]], kills: Sequence[float]) -> tuple[int, int]:
    """Return how many answers were sold again after they had been sent, and how many of them beyond those in flight.

    requests: the server's log. kills: when the asker was killed, in s since the epoch.
    """
    sent: dict[str, float] = {}
    again = beyond = 0
    for seen in sorted(requests, key=lambda r: float(r["at"])):
        first = sent.get(seen["body"])
        if first is not None and first < seen["at"]:
            again += 1
            beyond += not any(first <= kill + IN_FLIGHT_S and kill - first < IN_FLIGHT_S for kill in kills)
        if seen["status"] == 200 and seen["fault"] not in SPOILT and seen["body"] not in sent:
            sent[seen["body"]] = float(seen["done"])
    return again, beyond
