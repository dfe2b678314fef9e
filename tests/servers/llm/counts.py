"""What the server saw: requests, tokens, bodies that came again, and its own CPU seconds."""

import time
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from typing import Any

SPOILT = ("cut", "truncated", "refusal", "unshown")
"""Faults after which an answer is of no use, so that asking again is right."""


@dataclass(slots=True)
class Seen:
    """One request. status: what was sent back, 0 while it is out, 499 if the client had gone."""

    model: str
    role: str
    lane: str
    body: str  # its digest
    at: float  # s since the epoch, as are all times here
    done: float = 0.0
    status: int = 0
    fault: str | None = None
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0


@dataclass(slots=True)
class Counts:
    """Everything since the last reset."""

    log: list[Seen] = field(default_factory=list)
    batches: int = 0
    cpu_start_s: float = field(default_factory=time.process_time)

    def summary(self) -> dict[str, Any]:
        """Return the counts.

        duplicates: requests whose body had come before. paid_again: those of them that came after an answer to that
        body had been sent in full, so that the same answer was bought twice.
        """
        by_model: dict[str, Counter[str]] = defaultdict(Counter)
        came: set[str] = set()
        sent = {seen.body: seen.done for seen in reversed(self.log) if seen.status == 200 and seen.fault not in SPOILT}
        duplicates = paid_again = 0
        for seen in self.log:
            count = by_model[seen.model]
            count["requests"] += 1
            count[f"lane_{seen.lane}"] += 1
            count[f"status_{seen.status}"] += 1
            if seen.fault:
                count[f"fault_{seen.fault}"] += 1
            for name in ("input_tokens", "cached_tokens", "output_tokens"):
                count[name] += getattr(seen, name)
            duplicates += seen.body in came
            paid_again += seen.body in came and sent.get(seen.body, seen.at) < seen.at
            came.add(seen.body)
        return {
            "requests": len(self.log),
            "out": sum(seen.status == 0 for seen in self.log),
            "duplicates": duplicates,
            "paid_again": paid_again,
            "batches": self.batches,
            "cpu_s": time.process_time() - self.cpu_start_s,
            "models": {name: dict(sorted(count.items())) for name, count in sorted(by_model.items())},
        }

    def requests(self) -> list[dict[str, Any]]:
        """Return every request, in the order in which they came."""
        return [asdict(seen) for seen in self.log]
