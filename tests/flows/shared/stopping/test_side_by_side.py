"""Work side by side in one flow: an error or a stop ends all of it, and tears nothing."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from nightdesk.flows.shared.stopping.side_by_side import Start, side_by_side
from nightdesk.flows.shared.stopping.termination import Stopped, Stopping, in_engine, stopping, whole

FOREVER_S = 600


def flow(body: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run the body of a flow that can be stopped."""

    async def main() -> None:
        with stopping().session(), stopping().place():
            await body()

    asyncio.run(main())


def test_all_that_was_started_is_over_in_the_end() -> None:
    seen: list[int] = []

    async def piece(k: int, start: Start) -> None:
        if k < 5:
            start(piece(k + 1, start))
        await asyncio.sleep(0)
        seen.append(k)

    flow(lambda: side_by_side(lambda start: piece(1, start)))
    assert sorted(seen) == [1, 2, 3, 4, 5]


def test_an_error_stops_what_goes_on_beside_it_and_is_raised() -> None:
    ended: list[str] = []

    async def waits() -> None:
        try:
            await asyncio.sleep(FOREVER_S)
        finally:
            ended.append("the other")

    async def fails(start: Start) -> None:
        start(waits())
        await asyncio.sleep(0)
        raise ValueError("a broken disk")

    with pytest.raises(ValueError, match="a broken disk"):
        flow(lambda: side_by_side(fails))
    assert ended == ["the other"]


def test_an_error_of_a_piece_stops_the_one_that_has_started_it_and_waits_for_it() -> None:
    over = asyncio.Event()

    async def fails() -> None:
        await asyncio.sleep(0)
        raise ValueError("a lost scheduler")

    async def reads(start: Start) -> None:
        await asyncio.sleep(0)  # by now it is awaited
        start(fails())
        await over.wait()

    with pytest.raises(ValueError, match="a lost scheduler"):
        flow(lambda: asyncio.wait_for(side_by_side(reads), FOREVER_S))


def test_whoever_is_told_to_stop_ends_each_piece_and_what_is_not_to_be_torn_is_whole() -> None:
    seen: list[str] = []

    async def publishes(told: asyncio.Event) -> None:
        await told.wait()
        for name in ("topics", "documents"):
            await asyncio.sleep(0.01)
            seen.append(name)

    async def body(stop: Stopping, start: Start) -> None:
        told = asyncio.Event()
        start(whole(publishes(told)))
        await asyncio.sleep(0.01)
        stop.tell("Ctrl-C")
        told.set()
        await asyncio.sleep(FOREVER_S)

    async def side() -> None:
        stop = stopping()
        await side_by_side(lambda start: body(stop, start))

    with pytest.raises(Stopped, match="cancelled by Ctrl-C"):
        flow(side)
    assert seen == ["topics", "documents"]


def test_an_engine_at_work_is_not_cancelled_and_nothing_starts_after_it() -> None:
    seen: list[str] = []

    async def engine() -> None:
        stopping_flow.tell("SIGTERM")
        await asyncio.sleep(0.01)  # as the engine reports to its server
        seen.append("reported")

    async def body(_: Start) -> None:
        await in_engine(engine)
        seen.append("went on")
        await in_engine(engine)

    async def side() -> None:
        nonlocal stopping_flow
        stopping_flow = stopping()
        await side_by_side(body)

    stopping_flow = Stopping()
    with pytest.raises(Stopped):
        flow(side)
    assert seen == ["reported", "went on"]
