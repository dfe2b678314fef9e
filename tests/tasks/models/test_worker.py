"""What runs on a worker: models are built once, and what goes wrong in one call stays in it."""

import numpy as np
import pytest

from nightdesk.tasks.errors import TerminalError, TransientError
from nightdesk.tasks.models.address import ModelAddress
from nightdesk.tasks.models.worker import answer_group, embed_group
from nightdesk.tasks.roles import content_organizer, topic_finder, topic_locator
from tests.servers.playing import Playing
from tests.tasks.models.made import ask, at

BASELINE = ModelAddress("embedded", "baseline")
TEXTS = [f"The bridge was closed for the {k}th time." for k in range(1, 31)]


def test_a_group_of_requests_is_answered_in_order() -> None:
    finder = topic_finder.make_request(TEXTS, "en")
    organizer = content_organizer.make_request(TEXTS, "en", ["opinions", "facts"])
    first, second = answer_group(BASELINE, [finder, organizer])
    assert first.error is None
    assert first.answer is not None
    assert [g.numbers for g in first.answer.groups] == [(1, 20), (21, 30)]
    assert second.answer is not None
    assert [(g.label, len(g.numbers)) for g in second.answer.groups] == [("facts", 30)]
    assert first.latency_s >= 0


def test_a_call_that_a_model_cannot_take_fails_alone() -> None:
    right = topic_locator.make_request(TEXTS, "en", ["Bridge"], [(1,)])
    wrong = topic_locator.make_request(TEXTS, "en", ["Bridge"], [(999,)])  # no such sentence was shown
    bad, good = answer_group(ModelAddress("embedded", "static"), [wrong, right])
    assert bad.answer is None
    assert isinstance(bad.error, TerminalError)
    assert str(bad.error).startswith("IndexError: ")
    assert good.answer is not None


def test_texts_become_unit_vectors_alike_for_alike() -> None:
    bridge, again, tax = np.array(embed_group(None, ["the bridge is shut", "the bridge is shut", "income tax"]))
    assert np.linalg.norm(bridge) == pytest.approx(1, abs=1e-3)
    assert (bridge == again).all()
    assert bridge @ tax < bridge @ again


def test_a_reply_that_does_not_end_is_given_up(server: Playing) -> None:
    (reply,) = ask(at(server, "slow", timeout_s=0.5))
    assert isinstance(reply.error, TransientError)
    assert str(reply.error) == "no reply within 0.5 s"
