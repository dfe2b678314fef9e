"""Being told to stop: the flow's task alone hears of it, in a place of its own, and Prefect's engine is left alone."""

import asyncio
import logging
import os
import signal
import threading

import pytest
from prefect.utilities.engine import can_ack_control_intent, capture_sigterm

from nightdesk.flows.shared.stopping import termination
from nightdesk.flows.shared.stopping.termination import Stopped, Stopping, tell_cancelled_calmly, whole

PATIENCE_S = 120


@pytest.mark.parametrize("busy", [True, False])
@pytest.mark.parametrize("after_ms", range(0, 40, 8))
def test_a_termination_stops_the_flow_and_leaves_what_is_under_way(after_ms: int, busy: bool) -> None:
    seen: list[str] = []

    async def beside() -> None:
        while True:
            sum(range(2000))
            await asyncio.sleep(0 if busy else PATIENCE_S)

    async def flow() -> None:
        others = [asyncio.create_task(beside()) for _ in range(10)]
        stop = Stopping()
        with stop.session(), stop.place():
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

    with capture_sigterm(), pytest.raises(Stopped, match="SIGTERM"):
        asyncio.run(flow())
    assert seen == ["an answer"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_handlers_are_as_they_were_afterwards(number: signal.Signals) -> None:
    async def flow() -> tuple[object, object]:
        stop, before = Stopping(), signal.getsignal(number)
        with stop.session():
            assert signal.getsignal(number) is not before
            with Stopping().session():  # nothing to be heeded by this one
                pass
        return before, signal.getsignal(number)

    with capture_sigterm():
        before, after = asyncio.run(flow())
    assert after is before


def test_where_prefect_has_no_handler_nothing_changes() -> None:
    async def flow() -> object:
        with Stopping().session():
            return signal.getsignal(signal.SIGTERM)

    assert asyncio.run(flow()) is signal.getsignal(signal.SIGTERM)


def test_a_cancellation_of_another_cause_stays_one() -> None:
    async def flow() -> None:
        stop = Stopping()
        with stop.session(), stop.place():
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await asyncio.sleep(PATIENCE_S)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(flow())


def test_while_the_engine_is_at_work_nothing_is_cancelled_and_the_next_place_is_not_entered() -> None:
    done: list[str] = []

    async def flow() -> None:
        stop = Stopping()
        with stop.session(), stop.place(), stop.engine_at_work():
            stop.tell("a test")
            stop.tell("another")  # the first counts
            await asyncio.sleep(0.01)
            done.append("the engine's work")
            with stop.place():
                done.append("a stage")

    with pytest.raises(Stopped, match="cancelled by a test"):
        asyncio.run(flow())
    assert done == ["the engine's work"]


def test_an_engine_that_hangs_is_cancelled_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(termination, "INSIST_S", 0.01)

    async def flow() -> None:
        stop = Stopping()
        with stop.session(), stop.place(), stop.engine_at_work():
            stop.tell("a test")
            await asyncio.sleep(PATIENCE_S)

    with pytest.raises(Stopped, match="a test"):
        asyncio.run(flow())


def test_what_is_said_after_the_stop_is_not_torn_by_a_second_one() -> None:
    said: list[str] = []

    async def flow() -> None:
        stop = Stopping()
        with stop.session():
            try:
                with stop.place():
                    asyncio.get_running_loop().call_soon(stop.tell, "a test")
                    await asyncio.sleep(PATIENCE_S)
            except Stopped as e:
                stop.tell("a second")
                await asyncio.sleep(0.01)
                said.append(str(e))

    asyncio.run(flow())
    assert said == ["cancelled by a test"]


def test_the_first_time_limit_counts_and_flows_below_are_stopped_with_it() -> None:
    async def below(stop: Stopping) -> None:
        with stop.session(), stop.place():
            stop.end_after(1000)
            await asyncio.sleep(PATIENCE_S)

    async def flow() -> None:
        stop = Stopping()
        with stop.session(), stop.place():
            stop.end_after(1e-6)
            with stop.engine_at_work():
                await below(stop)

    with pytest.raises(Stopped, match=r"the time limit of 1e-06 hours \(limits.max_hours in the profile\)"):
        asyncio.run(flow())


def test_a_stop_does_not_outlast_its_flow() -> None:
    async def flows() -> str:
        stop = Stopping()
        with pytest.raises(Stopped), stop.session(), stop.place():
            stop.tell("a test")
            await asyncio.sleep(PATIENCE_S)
        with stop.session(), stop.place():
            return await asyncio.sleep(0, "the next one runs")

    assert asyncio.run(flows()) == "the next one runs"


def test_what_is_whole_is_done_before_the_stop_is_heard() -> None:
    done: list[int] = []

    async def publish() -> None:
        await asyncio.sleep(0.05)
        done.append(1)

    async def flow() -> None:
        stop = Stopping()
        with stop.session(), stop.place():
            asyncio.get_running_loop().call_soon(stop.tell, "a test")
            await whole(publish())

    with pytest.raises(Stopped):
        asyncio.run(flow())
    assert done == [1]


@pytest.mark.parametrize(
    ("said", "level"),
    [("Finished in state Cancelled('by a test')", logging.INFO), ("Finished in state Failed()", logging.ERROR)],
)
def test_prefects_last_line_about_a_cancelled_run_is_no_error(
    said: str, level: int, caplog: pytest.LogCaptureFixture
) -> None:
    tell_cancelled_calmly()
    logger = logging.getLogger("prefect.flow_runs")
    logger.addHandler(caplog.handler)
    try:
        logger.error(said)
    finally:
        logger.removeHandler(caplog.handler)
    assert {r.levelno for r in caplog.records} == {level}
