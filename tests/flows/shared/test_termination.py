"""Being told to end: whatever runs at the moment when Prefect's signal comes, the flow's task alone hears of it."""

import asyncio
import os
import signal
import threading

import pytest
from prefect.exceptions import TerminationSignal
from prefect.utilities.engine import can_ack_control_intent, capture_sigterm

from nightdesk.flows.shared.termination import heeding_termination

PATIENCE_S = 120


@pytest.mark.parametrize("busy", [True, False])
@pytest.mark.parametrize("after_ms", range(0, 40, 8))
def test_a_termination_cancels_the_flow_and_leaves_what_is_under_way(after_ms: int, busy: bool) -> None:
    seen: list[str] = []

    async def beside() -> None:
        while True:
            sum(range(2000))
            await asyncio.sleep(0 if busy else PATIENCE_S)

    async def flow() -> None:
        others = [asyncio.create_task(beside()) for _ in range(10)]
        with heeding_termination():
            assert can_ack_control_intent()  # else Prefect would call the run crashed, not cancelled
            others += [asyncio.create_task(beside()) for _ in range(10)]
            answer = asyncio.create_task(asyncio.sleep(0.05, "an answer"))
            threading.Timer(after_ms / 1000, os.kill, (os.getpid(), signal.SIGTERM)).start()
            try:
                await asyncio.sleep(PATIENCE_S)
            except asyncio.CancelledError:
                seen.append(await answer)
                assert not any(task.done() for task in others)
                raise

    before = signal.signal(signal.SIGTERM, lambda *_: None)  # what Prefect hands a signal of nobody's on to
    try:
        with pytest.raises(TerminationSignal), capture_sigterm():
            asyncio.run(flow())
    finally:
        signal.signal(signal.SIGTERM, before)
    assert seen == ["an answer"]


def test_where_prefect_has_no_handler_nothing_changes() -> None:
    async def flow() -> object:
        with heeding_termination():
            return signal.getsignal(signal.SIGTERM)

    assert asyncio.run(flow()) is signal.getsignal(signal.SIGTERM)


def test_a_cancellation_of_another_cause_stays_one() -> None:
    async def flow() -> None:
        with heeding_termination():
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await asyncio.sleep(PATIENCE_S)

    with capture_sigterm(), pytest.raises(asyncio.CancelledError):
        asyncio.run(flow())
