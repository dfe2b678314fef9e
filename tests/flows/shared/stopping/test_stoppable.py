"""A flow that is stopped, with a flow and a task below it, against a real server: all end Cancelled, and say why."""

import asyncio
from typing import Any

import pytest
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from nightdesk.flows.shared.kept_result import KEPT, Kept, kept
from nightdesk.flows.shared.stopping.stoppable import stoppable
from nightdesk.flows.shared.stopping.termination import Stopped, in_engine, stoppable_task, stopping
from tests.flows.conftest import Desk

PATIENCE_S = 120
LIMIT = "the time limit of 0.0002 hours (limits.max_hours in the profile)"


@task(cache_policy=NO_CACHE)
async def long_stage() -> Any:
    return await stoppable_task(asyncio.sleep(PATIENCE_S))


@flow
async def below() -> Any:
    return await stoppable(_below())


async def _below() -> None:
    await in_engine(long_stage)
    pytest.fail("it went on after the stop")


@flow
async def above() -> Any:
    return await kept(stoppable(_above()))


async def _above() -> Any:
    stopping().end_after(0.0002)
    try:
        return await in_engine(below)
    except Exception:  # noqa: BLE001  (what goes on after errors does not go on after a stop)
        pytest.fail("it was taken for an error")


@flow
async def alone() -> Any:
    return await stoppable(_alone(), "nothing was measured; run it again")


async def _alone() -> None:
    stopping().end_after(0.0002)
    await asyncio.sleep(PATIENCE_S)


def newest(desk: Desk, *names: str) -> list[dict[str, Any]]:
    """Return the newest run of each flow."""
    asked = {"sort": "START_TIME_DESC", "limit": 1}
    return [desk.post("/flow_runs/filter", {**asked, "flows": {"name": {"any_": [name]}}})[0] for name in names]


def test_all_of_it_ends_cancelled_and_says_by_what(in_process: Desk) -> None:
    keep = Kept()
    token = KEPT.set(keep)
    try:
        with pytest.raises(Stopped, match="the time limit"):
            asyncio.run(above())
    finally:
        KEPT.reset(token)
    with pytest.raises(Stopped, match="the same command goes on from there"):
        keep.came.result()
    for run in newest(in_process, "above", "below"):
        assert run["state"]["type"] == "CANCELLED"
        assert run["state"]["message"].startswith(f"cancelled by {LIMIT} before anything was read; nothing of it is")
        assert in_process.artifacts(run["id"])["summary"]["data"].startswith(
            "# Cancelled\n\nCancelled by the time limit"
        )


def test_a_flow_without_documents_says_what_stands_in_its_own_words(in_process: Desk) -> None:
    with pytest.raises(Stopped):
        asyncio.run(alone())
    (run,) = newest(in_process, "alone")
    assert run["state"]["message"] == f"cancelled by {LIMIT}; nothing was measured; run it again"
