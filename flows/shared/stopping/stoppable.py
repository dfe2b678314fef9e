"""A flow that can be stopped: it ends Cancelled, and its page says by what, what stands, and how to go on."""

import logging
from collections.abc import Coroutine
from contextlib import nullcontext
from typing import Any

from prefect import runtime
from prefect.artifacts import acreate_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.states import Cancelled

from nightdesk.flows.artifacts.markdown import plain
from nightdesk.flows.artifacts.own_run import root_run
from nightdesk.flows.artifacts.progress import RunProgress
from nightdesk.flows.artifacts.reporting import report
from nightdesk.flows.shared.kept_result import KEPT
from nightdesk.flows.shared.stopping.cancelled_in_prefect import BY_PREFECT, CANCELLED, heeding_prefect
from nightdesk.flows.shared.stopping.termination import Stopped, stopping, tell_cancelled_calmly

log = logging.getLogger("nightdesk.stages")  # for the run's page; the command line says it itself


async def stoppable(body: Coroutine[Any, Any, Any], stands: str = "") -> Any:
    """Run the body of a flow; if it is stopped, return the state Cancelled, whose message says what stands.

    stands: what stands and how to go on, of a flow that publishes no documents. Whoever called the flow gets Stopped.
    A flow below it that was stopped has said what stands; so this one says that.
    """
    stop = stopping()
    is_below = stop.has_begun  # another flow, which heeds for both
    tell_cancelled_calmly()
    try:
        with stop.session():
            try:
                async with nullcontext() if is_below else heeding_prefect(stop):
                    with stop.place():
                        return await body
            except Stopped as e:
                if not e.line:
                    await say(e, None, stands)
                if e.told_by != str(runtime.flow_run.id) or e.is_bare:
                    await _show_bare(e)
                log.info("%s", e.line)
                return Cancelled(message=e.line, data=e)
    finally:
        body.close()


async def say(stopped: Stopped, progress: RunProgress | None, told: str = "") -> None:
    """Complete what stopped a run with what stands and how to go on. progress: None before it read anything."""
    stopped.why = await _by_whom(stopped.why)
    stopped.told_by, stopped.is_bare = str(runtime.flow_run.id), progress is None
    if told:
        stopped.line = f"cancelled by {stopped.why}; {told}"
        return
    after, stands = "before anything was read", "nothing of it is published yet"
    if progress is not None:
        batch = progress.published
        after = f"after batch {batch} was published" if batch else "before its first batch was published"
        stands = f"{progress.finished} of {progress.documents} documents are published and stand"
    how = "the same command goes on from there" if KEPT.get() is not None else "Retry goes on from there"
    stopped.line = f"cancelled by {stopped.why} {after}; {stands}, what was answered is stored, and {how}"


async def _by_whom(why: str) -> str:
    """Tell what stopped this run: Prefect's signal comes when a person cancels the run, and when `serve` ends."""
    if "SIGTERM" not in why:
        return why
    root = root_run()

    async def state() -> StateType | None:
        async with get_client() as client:
            return (await client.read_flow_run(root)).state_type

    return BY_PREFECT if await report(state()) in CANCELLED else why


async def _show_bare(stopped: Stopped) -> None:
    line = plain(f"{stopped.line[:1].upper()}{stopped.line[1:]}.", 600)
    await report(acreate_markdown_artifact(f"# Cancelled\n\n{line}\n", key="summary", description=line))
