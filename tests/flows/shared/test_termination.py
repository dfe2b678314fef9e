"""Being told to end: whatever runs at the moment when Prefect's signal comes, the flow's task hears of it."""

import asyncio
import gc
import os
import signal
import threading
from collections.abc import Iterator

import pytest
from prefect.utilities.engine import capture_sigterm

from nightdesk.flows.shared.termination import heeding_termination

PATIENCE_S = 120


@pytest.fixture
def no_garbage_is_collected() -> Iterator[None]:
    """What is heard only when a task is collected may be heard minutes later, or never."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("after_ms", range(0, 40, 4))
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("no_garbage_is_collected")
def test_a_termination_that_hits_other_tasks_ends_the_flow(after_ms: int) -> None:
    ended: list[str] = []

    async def busy() -> None:
        while True:
            sum(range(2000))
            await asyncio.sleep(0)

    async def flow() -> None:
        others = [asyncio.create_task(busy()) for _ in range(10)]
        try:
            with heeding_termination():
                others += [asyncio.create_task(busy()) for _ in range(10)]
                threading.Timer(after_ms / 1000, os.kill, (os.getpid(), signal.SIGTERM)).start()
                await asyncio.sleep(PATIENCE_S)
        except BaseException as e:
            ended.append(type(e).__name__)
            raise

    before = signal.signal(signal.SIGTERM, lambda *_: None)  # what Prefect hands a signal of nobody's on to
    # Not asyncio.run: it would also wait for the other tasks, one of which the signal may have torn for good.
    loop = asyncio.new_event_loop()
    task = loop.create_task(flow())
    try:
        with capture_sigterm():
            loop.run_until_complete(task)
    except BaseException:  # noqa: BLE001  (cancelled, or the signal's own exception, which ends the loop)
        task.cancel()
        loop.run_until_complete(asyncio.wait({task}, timeout=PATIENCE_S))
    finally:
        signal.signal(signal.SIGTERM, before)
        loop.close()
    assert ended in (["CancelledError"], ["TerminationSignal"])
