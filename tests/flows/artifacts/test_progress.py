"""Progress: who listens hears of every step, and the run's page shows the share that came through, all in the end."""

import asyncio

from prefect import flow, runtime

from nightdesk.flows.artifacts.progress import LISTENER, RunProgress
from tests.flows.conftest import Desk

STEPS = [("find", 1, 0, 4), ("find", 1, 3, 4), ("find", 1, 4, 4), ("publish", 1, 0, 1), ("publish", 1, 1, 1)]


def tell_all(progress: RunProgress) -> None:
    """Tell every step of one batch of three documents."""
    for stage, batch, done, of in STEPS:
        progress.tell(stage, batch, 3, done, of)


def test_who_listens_hears_of_every_step_though_the_page_is_not_written_for_each() -> None:
    heard: list[tuple[str, int, int, int]] = []
    listening = LISTENER.set(lambda *step: heard.append(step))
    try:
        tell_all(RunProgress(3, ("find", "publish")))
    finally:
        LISTENER.reset(listening)
    assert heard == STEPS


def test_a_run_that_nobody_listens_to_is_told_of_all_the_same() -> None:
    tell_all(RunProgress(0, ("find", "publish")))


def test_the_page_begins_at_nothing_and_ends_at_100_whatever_was_told_last(in_process: Desk) -> None:
    seen: list[float] = []

    @flow(name="told-progress")
    async def told() -> str:
        run_id = str(runtime.flow_run.id)
        progress = RunProgress(3, ("find", "publish"))
        await progress.open()
        seen.append((await asyncio.to_thread(in_process.artifacts, run_id))["progress"]["data"])
        tell_all(progress)  # and documents of a later batch are never told of
        await progress.close()
        return run_id

    shown = in_process.artifacts(asyncio.run(told()))["progress"]
    assert (seen, shown["data"]) == ([0.0], 100.0)
    assert shown["description"] == "Documents through all stages"
