"""The stages of a run as Prefect tasks: one task run per stage and batch, with small arguments and no stored results.

The run itself (profile, store, workers, batches) is reached through RUN, which the flow sets. What a stage resumes from
is the answers' store, so Prefect neither caches nor retries.
"""

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from nightdesk.flows.artifacts.progress import RunProgress
from nightdesk.flows.shared.stopping.termination import stoppable_task, whole
from nightdesk.tasks.calling.call_rows import tally
from nightdesk.tasks.edition.pages import write_edition
from nightdesk.tasks.forget.pruning.outgoing import Outgoing
from nightdesk.tasks.forget.pruning.prune import retain
from nightdesk.tasks.learning.learn import Learned, learn_from_tables
from nightdesk.tasks.reorganizing.document_state import Batch
from nightdesk.tasks.reorganizing.role_stages import ROLE_STAGES
from nightdesk.tasks.reorganizing.run import Run

log = logging.getLogger("nightdesk.stages")  # for the run's page; a terminal has bars

RUN: ContextVar[Run] = ContextVar("nightdesk_run")
PROGRESS: ContextVar[RunProgress] = ContextVar("nightdesk_progress")

BATCH_STAGES = (*ROLE_STAGES, "check", "publish")


@task(name="read", cache_policy=NO_CACHE, persist_result=False, retries=0)
async def read() -> Any:
    """Read the next batch of documents; return its number of sentences, or -1 if there is none."""
    return await stoppable_task(_read())


async def _read() -> int:
    run = RUN.get()
    with _timed(run, "read"):
        batch = await run.read_batch()
    if batch is None:
        return -1
    log.info("batch %d: %d documents, %d sentences", batch.number, len(batch.works), batch.sentences)
    return batch.sentences


@task(name="stage", cache_policy=NO_CACHE, persist_result=False, retries=0)
async def stage(name: str, number: int) -> Any:
    """Take a batch through one stage; return its number of sentences."""
    return await stoppable_task(_stage(name, number))


async def _stage(name: str, number: int) -> int:
    run, progress = RUN.get(), PROGRESS.get()
    batch = run.batches[number]
    documents, sentences = len(batch.works) + len(batch.unreadable), batch.sentences

    total = 1

    def tell(done: int, of: int) -> None:
        nonlocal total
        total = of
        progress.tell(name, number, documents, done, of)

    tell(0, total)
    began, took = time.perf_counter(), tally()
    with _timed(run, name):
        if name in ROLE_STAGES:
            await ROLE_STAGES[name](run.router, batch, tell)
        elif name == "check":
            await run.check(batch)
        else:
            await whole(_published(run, batch, progress, documents))
    tell(total, total)
    made = f", {took.calls} calls, ${took.cost_usd:.4f}" if took.calls else ""
    log.info("%s %d: %d sentences in %.1f s%s", name, number, sentences, time.perf_counter() - began, made)
    return sentences


async def _published(run: Run, batch: Batch, progress: RunProgress, documents: int) -> None:
    await run.publish(batch)
    progress.is_published(batch.number, documents)


@task(name="edition", task_run_name="edition", cache_policy=NO_CACHE, persist_result=False, retries=0)
async def edition_stage() -> Any:
    """Make the date's edition of what has been published; return its path."""
    return await stoppable_task(_edition())


async def _edition() -> str:
    run = RUN.get()
    with _timed(run, "edition"):
        categories = {run.profile.name: list(run.profile.categories)}
        return str(await run.beside(write_edition, run.out, run.run_date, categories))


@task(name="learn", task_run_name="learn", cache_policy=NO_CACHE, persist_result=False, retries=0)
async def learn_stage() -> Any:
    """Update the weights from what has been published."""
    return await stoppable_task(_learn())


async def _learn() -> Learned:
    run = RUN.get()
    with _timed(run, "learn"):
        return await asyncio.to_thread(learn_from_tables, run.out, run.profile, run.run_date, run.run_id)


@task(name="prune", task_run_name="prune", cache_policy=NO_CACHE, persist_result=False, retries=0)
async def prune_stage() -> Any:
    """Remove what the profile's [retention] keeps no longer; return what went, and why something stays."""
    return await stoppable_task(_prune())


async def _prune() -> Outgoing:
    run = RUN.get()
    with _timed(run, "prune"):
        return await asyncio.to_thread(retain, run.out, run.profile, run.run_date)


@contextmanager
def _timed(run: Run, name: str) -> Iterator[None]:
    """Add the seconds of a block to a stage of the run's totals."""
    start = time.perf_counter()
    try:
        yield
    finally:
        seconds = run.totals.stages
        seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - start
