"""What a flow's body came to is kept beside the engine, whatever becomes of that."""

import asyncio
from typing import Any

import pytest
from prefect.states import Completed, Failed

from nightdesk.flows.shared.kept_result import KEPT, Kept, kept
from nightdesk.tasks.errors import BadRun


def ran(came: Any) -> Kept:
    """Run a body that returns something, or raises it; return what was kept."""

    async def body() -> Any:
        if isinstance(came, BaseException):
            raise came
        return came

    keep = Kept()
    token = KEPT.set(keep)
    try:
        asyncio.run(kept(body()))
    except BaseException as e:  # noqa: BLE001  (compared with what was kept)
        assert e is came
    finally:
        KEPT.reset(token)
    return keep


def test_a_state_is_kept_as_what_the_caller_of_the_flow_gets() -> None:
    assert ran(Completed(data={"documents": 2})).came.result() == {"documents": 2}
    with pytest.raises(BadRun, match="Bad: lost"):
        ran(Failed(data=BadRun("Bad: lost", {}))).came.result()
    assert ran("a value").came.result() == "a value"


def test_what_was_raised_is_kept() -> None:
    error = ValueError("no")
    assert ran(error).came.exception() is error


def test_where_nobody_waits_for_it_a_body_is_as_it_is() -> None:
    async def body() -> str:
        return "value"

    assert asyncio.run(kept(body())) == "value"
