"""Settling with the real router, store and workers: what a round costs that is asked again after a kill."""

import asyncio
from pathlib import Path

from nightdesk.tasks.calling.answers.answer_store import Store
from nightdesk.tasks.calling.dask.pool import fan_out
from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.following.journal import Journal
from nightdesk.tasks.following.settling import states
from nightdesk.tasks.following.settling.settle import settle
from nightdesk.tasks.following.settling.settled import Settled
from nightdesk.tasks.following.settling.stream_state import StreamState, to_settle
from nightdesk.tasks.following.settling.stream_stories import StreamStories
from nightdesk.tasks.reading.sentences import Spoken
from tests.tasks.made import DAY
from tests.texts import evening

STREAMS = ("talk@2026-03-01", "radio@2026-03-01")


async def two_rounds(router: Router, out: Path, journal: Journal) -> tuple[list[Settled], list[StreamState]]:
    """Settle two streams in two rounds, from their beginning."""
    profile, stories, found = load_profile("news"), StreamStories(out, DAY, journal.db), list[Settled]()
    its = [states.begin(journal.db, doc_id, "in", None, 0) for doc_id in STREAMS]
    texts = [[Spoken(str(k), s) for k, s in evening(seed, 20)] for seed in (3, 5)]
    for end, is_over in ((200, False), (280, True)):
        windows = [sentences[state.closed.start : end] for state, sentences in zip(its, texts, strict=True)]
        asked = [to_settle(s, window, profile.chunks, is_over) for s, window in zip(its, windows, strict=True)]
        found += await settle(router, [a for a in asked if a is not None], stories)
    return found, its


def test_a_round_that_is_asked_again_after_a_kill_finds_its_answers_and_comes_to_the_same(
    cluster: str, out: Path
) -> None:
    async def main() -> tuple[list[Settled], int, list[Settled], int]:
        profile = load_profile("news")
        with Journal(out, "news") as journal:
            store = Store(out, "run-1")
            try:
                async with fan_out(cluster, 2, profile.limits.call_timeout_s) as pool:
                    router = Router(profile, DAY, lambda version: None, store, pool)
                    first, _ = await two_rounds(router, out, journal)
                    again = Router(profile, DAY, lambda version: None, store, pool)
                    second, _ = await two_rounds(again, out, journal)  # nothing of the first was saved
                    return first, router.ledger.made, second, again.ledger.made
            finally:
                store.close()

    first, paid, second, paid_again = asyncio.run(main())
    assert paid > 0
    assert paid_again == 0
    assert first == second
    for doc_id in STREAMS:
        its = [s for s in first if s.doc_id == doc_id]
        assert [row["position"] for s in its for row in s.passages] == list(range(1, 281))
        assert its[-1].document["unplaced"] == 0
        assert its[-1].is_closed
