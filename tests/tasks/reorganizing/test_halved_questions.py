"""Models that read little: what they cannot read at once is asked in parts or of others, and no sentence is lost."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.calling.answer_store import Store
from nightdesk.tasks.calling.dask_pool import fan_out
from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.config.profile import Profile, load_profile
from nightdesk.tasks.models.embedded.answers import MODELS
from nightdesk.tasks.reorganizing.document_state import Batch, Work
from nightdesk.tasks.reorganizing.halved_questions import halves
from nightdesk.tasks.reorganizing.role_stages import ROLE_STAGES
from nightdesk.tasks.roles import prompts, topic_locator
from nightdesk.tasks.tables.contracts import contract
from tests.servers.playing import Playing
from tests.tasks.made import DAY, Row, document
from tests.texts import evening

EVERY = "{ topic_finder = 1.0, topic_locator = 1.0, relationship_checker = 1.0, content_organizer = 1.0 }"
TEXTS = [s for _, s in evening(7, 20)][:200]
WORLD = f"""
[[models]]
name = "narrow"
family = "arctic"
accuracy = {EVERY}
context = 2500

[[models]]
name = "wide"
family = "tropic"
accuracy = {EVERY}
"""


def profile(server: Playing, **contexts: int) -> Profile:
    """Return a profile of models of the server with what it says of their contexts (0: nothing)."""
    models = [
        {"name": name, "family": name, "provider": "openai", "base_url": server.openai_url, "context_tokens": tokens}
        | {"prices": {"input": 0.0, "output": 0.0}}
        for name, tokens in contexts.items()
    ]
    return Profile.model_validate(load_profile("news").model_dump() | {"models": models, "learner": {}})


class Ran:
    """What came of taking one document through the roles."""

    def __init__(self, work: Work, rows: list[Row], left_out: dict[tuple[str, str], int]) -> None:
        self.work, self.rows, self.left_out = work, rows, left_out

    def assert_whole(self) -> None:
        assert all(p in self.work.placed[k] and p in self.work.filed[k] for p, k in self.work.owned())
        assert not (self.work.unjoined or self.work.notes or self.work.not_located or self.work.not_organized)


def run(scheduler: str, out: Path, profile: Profile, texts: Sequence[str] = TEXTS) -> Ran:
    """Take a document through the roles."""

    async def main() -> Ran:
        store = Store(out, "run-1")
        try:
            async with fan_out(scheduler, 2, profile.limits.call_timeout_s) as pool:
                desk = Router(profile, DAY, lambda version: None, store, pool)
                batch = Batch(1, [Work(document("d", texts), 0)])
                for stage in ROLE_STAGES.values():
                    await stage(desk, batch, lambda done, of: None)
                rows, _ = desk.ledger.rows(store.claim("tables/run-1.parquet"), "run-1")
                return Ran(batch.works[0], rows, dict(desk.plans.left_out))
        finally:
            store.close()

    ran = asyncio.run(main())
    contract("calls").build(ran.rows)
    return ran


@pytest.fixture
def server(stand_in: Callable[..., Playing]) -> Playing:
    playing = stand_in(WORLD)
    playing.control("reset")
    return playing


def test_a_chunk_that_no_model_can_read_is_asked_in_halves(cluster: str, out: Path, server: Playing) -> None:
    ran = run(cluster, out, profile(server, narrow=2500))
    ran.assert_whole()
    assert all(r["valid"] for r in ran.rows)  # nothing that its context cannot hold was sent
    assert {"#" in r["unit"] for r in ran.rows if r["role"] == "topic_finder"} == {True}
    assert not ran.left_out


def test_a_question_that_the_provider_finds_too_long_is_halved_and_asked_again(
    cluster: str, out: Path, server: Playing
) -> None:
    ran = run(cluster, out, profile(server, narrow=0))  # taken for 16,384
    ran.assert_whole()
    refused = [r for r in ran.rows if not r["valid"]]
    assert refused
    assert all("context" in r["error"] and not r["served"] for r in refused)
    assert {model for _, model in ran.left_out} == {"narrow"}


def test_a_model_that_cannot_hold_a_chunk_is_left_out_of_it_with_its_propensities(
    cluster: str, out: Path, server: Playing, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "nightdesk"):
        ran = run(cluster, out, profile(server, narrow=2500, wide=0))
    ran.assert_whole()
    drawn = [r for r in ran.rows if r["purpose"] in ("serve", "duel")]
    assert {(r["model"], *r["eligible"]) for r in drawn if r["role"] != "relationship_checker"} == {("wide", "wide")}
    assert {r["propensity"] for r in drawn if r["role"] != "relationship_checker"} == {1.0}
    assert not any(r["model"] == "narrow" for r in ran.rows if r["role"] != "relationship_checker")
    assert all(r["valid"] for r in ran.rows)
    said = [r.getMessage() for r in caplog.records if "narrow is left out of topic_finder" in r.getMessage()]
    assert len(said) == 1
    assert "2500 tokens (profile)" in said[0]
    assert ran.left_out["topic_finder", "narrow"] == len(ran.work.chunks)


def test_a_document_whose_topics_do_not_fit_any_model_says_that_they_were_not_compared(
    cluster: str, out: Path, server: Playing
) -> None:
    long = [" and ".join(s.rstrip(".") for s in TEXTS[k : k + 8]) + "." for k in range(0, 112, 8)]  # 14 a story, of 8
    ran = run(cluster, out, profile(server, narrow=1500), long)
    assert all(p in ran.work.placed[k] and p in ran.work.filed[k] for p, k in ran.work.owned())
    assert ran.work.unjoined
    assert "were not compared: longer than any model" in ran.work.notes[0]


@given(st.integers(2, 50), st.integers(1, 8))
def test_halves_hold_every_sentence_once_with_its_anchors(n: int, labels: int) -> None:
    texts = [f"Sentence {k}." for k in range(1, n + 1)]
    anchors = [tuple(range(1 + k, n + 1, labels)) for k in range(labels)]
    whole = topic_locator.make_request(texts, "en", [f"Topic {k}" for k in range(labels)], anchors)
    left, right = halves(whole)
    assert left.items + right.items == whole.items
    assert left.labels == right.labels == whole.labels
    named = [[half.items[i - 1] for half in (left, right) for i in half.anchors[k]] for k in range(labels)]
    assert named == [[texts[i - 1] for i in a] for a in anchors]
    for half in (left, right):
        answer = MODELS["static"]().compute(half)
        assert sorted(x for g in answer.groups for x in g.numbers) == list(range(1, len(half.items) + 1))


def test_a_label_without_anchors_is_shown_without_them() -> None:
    left, _ = halves(topic_locator.make_request(["A.", "B."], "en", ["One", "Two"], [(1,), (2,)]))
    assert prompts.render(left).question.endswith("\n1. One (sentences 1)\n2. Two")
