"""The tree of errors."""

import pickle

import pytest

from nightdesk.tasks import errors
from nightdesk.tasks.errors import BadReply, BadRun, NightdeskError, RateLimited, TransientError
from nightdesk.tasks.messages import Usage

CLASSES = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, NightdeskError)]


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_comes_through_a_pickle_with_its_message(kind: type[NightdeskError]) -> None:
    back = pickle.loads(pickle.dumps(kind("a.txt: line 3: broken")))
    assert type(back) is kind
    assert str(back) == "a.txt: line 3: broken"


def test_a_bad_run_keeps_its_figures() -> None:
    back = pickle.loads(pickle.dumps(BadRun("Bad: 3 documents", {"documents": 3})))
    assert (str(back), back.result) == ("Bad: 3 documents", {"documents": 3})


def test_a_rate_limit_keeps_how_long_to_wait() -> None:
    back = pickle.loads(pickle.dumps(RateLimited("too many requests", retry_after=7.5)))
    assert (str(back), back.retry_after) == ("too many requests", 7.5)
    assert isinstance(back, TransientError)


def test_a_reply_that_was_paid_for_keeps_what_it_said_and_took() -> None:
    back = pickle.loads(pickle.dumps(BadReply("not JSON", "Sure!", Usage(100, 0, 7))))
    assert (str(back), back.text, back.usage) == ("not JSON", "Sure!", Usage(100, 0, 7))
    assert BadReply("not JSON").usage == Usage()
