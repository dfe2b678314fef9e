"""Tails for tests: what is said in streams, a pool that answers here, and settling that is played."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from nightdesk.tasks.calling.dask.pool import FanOut
from nightdesk.tasks.config.profile import Chunks, Profile, load_profile
from nightdesk.tasks.following.provisional.tail import Tails
from nightdesk.tasks.following.provisional.tail_work import TailWork, file_group
from nightdesk.tasks.following.settling.settled import Settled
from nightdesk.tasks.reading.sentences import Spoken

SAMPLES = Path(__file__).resolve().parents[4] / "datasets" / "samples"
CHUNK = Chunks(sentences=20, overlap=5, characters=24_000)
PROFILE: Profile = load_profile("news").model_copy(update={"chunks": CHUNK})


def sample(name: str) -> list[str]:
    """Return the sentences of a sample."""
    return [text for _, text in json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))]


def spoken(texts: Sequence[str], first: int = 1) -> list[Spoken]:
    """Return sentences as they arrive; their ids are their positions."""
    return [Spoken(str(first + k), text) for k, text in enumerate(texts)]


class PoolHere:
    """A pool without workers: the same function, in this process. asked: what it was asked."""

    def __init__(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        self.asked: list[TailWork] = []
        self._meanwhile = meanwhile

    async def call(self, function: Any, shared: Any, item: TailWork, size: int = 0) -> Any:
        """Answer one call, as FanOut.call does."""
        assert function is file_group
        self.asked.append(item)
        self._meanwhile()
        return function(shared, [item])[0]


def tails_of(pool: PoolHere, profile: Profile = PROFILE, **options: Any) -> Tails:
    """Return tails that are filed in this process."""
    return Tails(cast(FanOut, pool), profile, "run-1", **options)


def rows(tails: Tails, doc_id: str | None = None) -> list[dict[str, Any]]:
    """Return the rows of all tails, or of one."""
    found: list[dict[str, Any]] = tails.table().to_pylist()
    return [row for row in found if doc_id in (None, row["doc_id"])]


def settled_of(
    doc_id: str,
    texts: Sequence[str],
    topics: Sequence[tuple[str, str] | None],
    first: int = 1,
    category: str = "facts",
    closed: bool = False,
    merged: Mapping[str, str] | None = None,
) -> Settled:
    """Return a round of settling. topics: (topic_id, title) of each sentence."""
    passages = [
        {
            "doc_id": doc_id, "position": position, "sentence_id": str(position), "text": text,
            "start_s": None, "end_s": None, "speaker": None, "chunk_id": f"{doc_id}/c00000",
            "topic_id": topic[0] if topic else None, "topic": topic[1] if topic else None,
            "category": category if topic else "unplaced", "reason": None if topic else "not located",
            "confidence": 0.9 if topic else None, "organizer_model": "big",
        }
        for position, (text, topic) in enumerate(zip(texts, topics, strict=True), first)
    ]  # fmt: skip
    changed = [{"doc_id": doc_id, "topic_id": i, "title": title} for i, title in dict(filter(None, topics)).items()]
    last = first + len(texts) - 1
    document = {"doc_id": doc_id, "sentences": last, "language": ""}
    return Settled(doc_id, first, last, passages, changed, document, merged=merged or {}, is_closed=closed)
