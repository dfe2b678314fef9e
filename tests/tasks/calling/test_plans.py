"""How questions are drawn: among the models that can be asked them at once."""

import logging
from typing import Any

import pytest

from nightdesk.tasks.calling.plans import Plans
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.messages import RoleRequest
from nightdesk.tasks.roles import topic_finder
from tests.tasks.calling.made import with_changes


def pool(**contexts: int) -> Profile:
    """Return a profile of models with these contexts, the first of which is believed to be the best."""
    models: list[dict[str, Any]] = [
        {
            "name": name, "family": name, "provider": "openai", "base_url": "http://127.0.0.1:9/v1",
            "context_tokens": tokens, "prices": {"input": 0.0, "output": 0.0}, "prior": {"accuracy": 0.9 - 0.1 * k},
        }
        for k, (name, tokens) in enumerate(contexts.items())
    ]  # fmt: skip
    return with_changes(models=models, learner={"strategy": "uniform"})


def question(sentences: int) -> RoleRequest:
    return topic_finder.make_request([f"Officials said that {k} people had left." for k in range(sentences)], "en")


def test_a_question_that_no_model_can_hold_has_no_plan() -> None:
    assert Plans(pool(small=2_000), lambda version: None, greedy=False).of(0, question(500)) is None


def test_a_greedy_run_serves_the_leader_and_judges_nothing() -> None:
    plan = Plans(pool(a=100_000, b=100_000), lambda version: None, greedy=True).of(0, question(5))
    assert plan is not None
    assert sorted(plan.weights.values()) == [0.0, 1.0]
    assert (plan.judge_rate, plan.duel_rate) == (0.0, 0.0)


def test_questions_are_made_for_the_models_that_they_are_drawn_from() -> None:
    profile = pool(small=2_000, large=100_000)
    for pins, smallest in (({}, 2_000), ({"topic_finder": "large"}, 100_000)):
        changed = with_changes(**profile.model_dump() | {"learner": {"strategy": "uniform", "pins": pins}})
        budgets = Plans(changed, lambda version: None, greedy=False).budgets_of("topic_finder", 0, "en")
        assert budgets.smallest() == pytest.approx(smallest, rel=0.3)  # a part of it is kept for the reply


def test_a_question_is_drawn_among_the_models_that_can_hold_it(caplog: pytest.LogCaptureFixture) -> None:
    plans = Plans(pool(small=2_000, large=100_000), lambda version: None, greedy=False)
    short = plans.of(0, question(5))
    assert short is not None
    assert short.weights == pytest.approx({"small": 0.5, "large": 0.5})
    assert not plans.left_out
    for times in (1, 2):
        long = plans.of(0, question(200))
        assert long is not None
        assert long.weights == {"large": 1.0}
        assert plans.left_out == {("topic_finder", "small"): times}
    (told,) = [r.message for r in caplog.records if r.levelno == logging.WARNING]  # said the first time
    assert told.startswith("small is left out of topic_finder where a question does not fit its context of 2000")
