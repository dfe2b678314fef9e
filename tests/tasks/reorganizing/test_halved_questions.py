"""Models that read little: what they cannot read at once is asked in parts or of others, and no sentence is lost."""

import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.models.embedded.answers import MODELS
from nightdesk.tasks.reorganizing.halved_questions import halves
from nightdesk.tasks.roles import prompts, topic_locator
from tests.servers.playing import Playing
from tests.tasks.reorganizing.ran import profile, run


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
