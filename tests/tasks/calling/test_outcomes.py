"""Why a question has no answer."""

import pytest

from nightdesk.tasks.calling.outcomes import Call, cause, cause_of
from nightdesk.tasks.errors import BadReply, ModelError, OverBudget, Refused, TransientError, Unusable
from nightdesk.tasks.messages import Cause


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (OverBudget("$1 could pass the run's $0"), "budget"),
        (Refused("the model declined"), "text"),
        (BadReply("not JSON"), "models"),
        (TransientError("500"), "models"),
        (Unusable("no key"), "models"),
        (None, "models"),  # it answered, and its answer did not pass the format checker
    ],
)
def test_an_error_says_why_there_is_no_answer(error: ModelError | None, why: Cause) -> None:
    assert cause(error) == why


@pytest.mark.parametrize(
    ("causes", "why"),
    [
        (["text", "models", "budget"], "budget"),  # more dollars might have bought an answer
        (["text", "models"], "models"),  # asking later may help
        (["text", "text"], "text"),
    ],
)
def test_of_several_reasons_the_one_is_told_that_something_can_be_done_about(causes: list[Cause], why: Cause) -> None:
    calls = [Call({"model": "m", "lane": "sync"}, None, True, c) for c in causes]
    assert cause_of(calls) == cause_of(calls[::-1]) == why


def test_a_call_over_lane_batch_is_one_of_that_arm() -> None:
    assert [Call({"model": "m", "lane": lane}, None, True).arm for lane in ("sync", "batch")] == ["m", "m@batch"]
