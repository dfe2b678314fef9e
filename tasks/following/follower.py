"""Opening a follow of one date: its profile, store, journal, workers, auditor and sources, closed however it ends."""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from datetime import date, datetime
from functools import partial
from pathlib import Path

from nightdesk.role_rl import state_versions
from nightdesk.tasks.calling.answers.turns import at_work
from nightdesk.tasks.calling.arm_choice import ArmChoice, NightlyWeights
from nightdesk.tasks.calling.availability import usable
from nightdesk.tasks.calling.dask.own_workers import own_workers
from nightdesk.tasks.calling.dask.pool import fan_out
from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.following.arrivals.watch import Watch
from nightdesk.tasks.following.backlog import Backlog
from nightdesk.tasks.following.calls import notes
from nightdesk.tasks.following.calls.choices import JournaledChoice
from nightdesk.tasks.following.calls.parts import CallParts
from nightdesk.tasks.following.calls.spending import NO_CAPS, Caps, Purse, expected_dollars
from nightdesk.tasks.following.held_sources import hold
from nightdesk.tasks.following.journal import Journal
from nightdesk.tasks.following.provisional.live_page import open_live_page
from nightdesk.tasks.following.provisional.live_state import LiveState
from nightdesk.tasks.following.provisional.tail import Tails
from nightdesk.tasks.following.resuming import open_dates, settled_count
from nightdesk.tasks.following.rounds import Rounds
from nightdesk.tasks.following.steady_auditor import SteadyAuditor
from nightdesk.tasks.following.ticks import Follower, Parts, Tick
from nightdesk.tasks.learning.catching_up import state_folder
from nightdesk.tasks.reading.found_documents import STDIN
from nightdesk.tasks.reorganizing.opening import open_out, unwritable
from nightdesk.tasks.reorganizing.weights import Versions, catch_up
from nightdesk.tasks.tables import publish

__all__ = ["Caps", "Follower", "Tick", "open_dates", "open_follow"]
log = logging.getLogger("nightdesk")


@asynccontextmanager
async def open_follow(
    run_id: str,
    run_date: date,
    sources: Sequence[str],
    out: Path,
    profile: Profile,
    every_s: float = 30.0,
    idle_s: float = 600.0,
    caps: Caps = NO_CAPS,
    stdin_id: str = "stdin",
    choice: ArmChoice | None = None,
) -> AsyncIterator[Follower]:
    """Open everything that a follow needs, take over what killed ones left, and close it all in the end.

    sources: files, folders, addresses, - for stdin; none: only what is in the journal is worked on, to finish a date.
    every_s: seconds between two looks, for the live page. idle_s: after which nothing is held any more (see Watch).
    caps: without one for a day, that is the profile's limits.max_cost_usd. choice: who chooses among the arms for a
    question; None: the weights of the night.

    Raises:
        InputError: bad sources, OUT cannot be written, or another process follows this profile in this OUT.
        PublishError: the answers' store or the journal is broken.
    """
    profile = _not_waiting_long(profile)
    dask, own, attempt = profile.dask, own_workers(profile), uuid.uuid4().hex[:8]
    day_usd = caps.day_usd or profile.limits.max_cost_usd or None
    async with AsyncExitStack() as held:
        watch = None
        if sources:
            watch = held.enter_context(closing(Watch(list(sources), profile, out, idle_s, stdin_id)))
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as e:
            raise unwritable(out, e) from None
        journal = held.enter_context(Journal(out, profile.name))
        hold(journal.db, sources)  # nights leave them out
        pool = await held.enter_async_context(
            fan_out(dask.scheduler, own.number, profile.limits.call_timeout_s, dask.wait_s, own.preload)
        )
        able = await usable(profile, pool)
        store = await asyncio.to_thread(open_out, out, run_id)
        held.callback(publish.sweep_staging, out, lambda run: run == run_id)
        held.callback(store.close)
        held.push_async_callback(pool.cancel)
        await asyncio.to_thread(held.enter_context, at_work(out, run_date))
        store.keep_terms(profile.name, profile.retention.terms())
        if not journal.documents(run_date):  # else it goes on, and the weights change only after the day
            await asyncio.to_thread(catch_up, out, profile, run_date, run_id)
        newest, warnings = state_versions.latest(state_folder(out, profile.name))
        for warning in warnings:
            log.warning("%s", warning)
        notes.recover(journal.db, out)
        versions = Versions(state_folder(out, profile.name), newest)
        journaled = JournaledChoice(journal.db, choice or NightlyWeights())
        router = Router(able, run_date, versions, store, pool, choice=journaled)
        audits = SteadyAuditor()
        held.callback(audits.close)
        version = newest.version if newest else 0
        backlog = Backlog(journal, profile.chunks, version)
        purse = Purse(journal.db, run_date, Caps(day_usd, caps.hour_usd), expected_dollars(router, version))
        parts = CallParts(out, run_date, run_id, attempt, store, audits.audit, list(profile.categories))
        rounds = Rounds(out, run_date, run_id, attempt, router, journal, backlog, purse, audits.audit, parts)
        its = Parts(
            watch,
            journal,
            backlog,
            rounds,
            Tails(pool, able, run_id, partial(settled_count, journal.db)),
            purse,
            audits,
            held.enter_context(open_live_page(out, profile.name)),
            LiveState(run_date, profile.name, list(profile.categories), every_s),
        )
        only_stdin = list(dict.fromkeys(sources)) == [STDIN]
        follower = Follower(out, run_date, run_id, attempt, profile, its, only_stdin)
        held.push_async_callback(follower.give_up)
        rounds.on_published = follower.take_published
        await follower.load(datetime.now().astimezone())
        await rounds.publish()
        yield follower


def _not_waiting_long(profile: Profile) -> Profile:
    """Return the profile with calls that are given up sooner, since streams go on meanwhile."""
    limits, own = profile.limits, profile.follow
    sooner = {
        "call_timeout_s": min(limits.call_timeout_s, own.call_timeout_s),
        "attempts": min(limits.attempts, own.attempts),
    }
    return profile.model_copy(update={"limits": limits.model_copy(update=sooner)})
