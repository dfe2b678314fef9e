"""The published rule, by hand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.role_rl.feedback import Step
from nightdesk.role_rl.strategies.qlearning import learned, plan

ROLE = ("topic_finder", "en")
ARMS = ("a", "b", "c")
worths = st.floats(-1, 1)


def steps(*rewards: tuple[tuple[str, float], ...]) -> list[Step]:
    return [Step(ROLE, reward) for reward in rewards]


def test_the_published_rule_by_hand() -> None:
    """A sweep of a 1.0, b 0.5, c -1.0; then a duel of a and b, in which b does better."""
    swept = learned({}, steps((("a", 1.0),), (("b", 0.5),), (("c", -1.0),)), ARMS)
    table = swept["topic_finder/en"]
    assert (table["incumbent"], table["succeeded"], table["sweep"]) == ("a", True, None)
    assert table["q"]["a succeeded"] == pytest.approx({"a": 0.1, "b": 0.05, "c": -0.1})
    assert table["q"]["c failed"] == pytest.approx({"a": 0.1, "b": 0.05, "c": -0.1})
    assert plan(swept, ARMS, *ROLE).leader == "a"

    after = learned(swept, steps((("a", 0.0), ("b", 0.8))), ARMS)["topic_finder/en"]
    # The state before was a's success; a's own answer failed this time (0 is none), b's succeeded.
    assert after["q"]["a succeeded"] == pytest.approx({"a": 0.09, "b": 0.05 + 0.1 * (0.8 - 0.05), "c": -0.1})
    assert after["q"]["a failed"] == pytest.approx({"b": 0.08})
    assert after["q"]["b succeeded"]["a"] == pytest.approx(0.1 + 0.1 * (0.0 - 0.1))
    assert (after["incumbent"], after["succeeded"]) == ("b", True)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ARMS), worths), max_size=30))
def test_the_published_rule_leaves_what_it_was_given_alone(rows: list[tuple[str, float]]) -> None:
    memory = learned({}, steps((("a", 1.0),), (("b", 0.5),), (("c", -1.0),)), ARMS)
    before = repr(memory)
    learned(memory, steps(*((row,) for row in rows)), ARMS)
    assert repr(memory) == before


def test_until_every_model_was_swept_all_serve_alike_and_are_judged() -> None:
    begun = learned({}, steps((("a", 1.0),), (("gone", 9.0),), (("b", 0.5),)), ARMS)
    for memory in ({}, begun):
        made = plan(memory, ARMS, *ROLE)
        assert made.weights == pytest.approx(dict.fromkeys(ARMS, 1 / 3))
        assert (made.judge_rate, made.duel_rate) == (1.0, 0.0)
