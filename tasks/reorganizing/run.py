"""One run: its profile, store, workers and auditor, opened together and closed however it ends; and its batches."""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from nightdesk.role_rl import state_versions as states
from nightdesk.tasks.calling.answers.answer_store import Store, UnderWay, is_alive
from nightdesk.tasks.calling.answers.turns import at_work, once_over, turn
from nightdesk.tasks.calling.availability import usable
from nightdesk.tasks.calling.dask.own_workers import own_workers
from nightdesk.tasks.calling.dask.pool import fan_out
from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.errors import AuditFailed
from nightdesk.tasks.learning.catching_up import state_folder
from nightdesk.tasks.reading.fetching.terms import Fetching
from nightdesk.tasks.reading.sources import Reading, check_sources, there_by
from nightdesk.tasks.reorganizing import unfinished
from nightdesk.tasks.reorganizing.affordable import Purse
from nightdesk.tasks.reorganizing.batches.reader import BatchReader
from nightdesk.tasks.reorganizing.batches.spending import Spending
from nightdesk.tasks.reorganizing.control_items import answer_controls
from nightdesk.tasks.reorganizing.document_state import Batch, JoinedTopic, TopicLink
from nightdesk.tasks.reorganizing.filing import file_batch
from nightdesk.tasks.reorganizing.ids.links import Linking
from nightdesk.tasks.reorganizing.joining.packed import marked
from nightdesk.tasks.reorganizing.opening import open_out, unwritable
from nightdesk.tasks.reorganizing.past_dates.standing import Skips
from nightdesk.tasks.reorganizing.role_stages import topic_texts
from nightdesk.tasks.reorganizing.totals import Totals
from nightdesk.tasks.reorganizing.weights import Versions
from nightdesk.tasks.reorganizing.weights import catch_up as catch_up_weights
from nightdesk.tasks.tables import publish, quarantine
from nightdesk.tasks.tables.audit import Auditor, AuditReport, Gone, auditor
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.places import append_part, part_name

log = logging.getLogger("nightdesk")
T = TypeVar("T")


class Run:
    """A run that is under way. Batches are kept by number until they are published."""

    def __init__(
        self,
        run_id: str,
        run_date: date,
        out: Path,
        profile: Profile,
        reading: Reading,
        store: Store,
        router: Router,
        audits: Auditor,
        weights_version: int,
        night: date | None = None,
    ) -> None:
        self.run_id, self.run_date, self.out, self.profile = run_id, run_date, out, profile
        self.reading, self.store, self.router, self.weights_version = reading, store, router, weights_version
        self.batches: dict[int, Batch] = {}
        self.cleared: dict[int, quarantine.Cleared] = {}
        self.reports: list[AuditReport] = []
        self.totals = Totals(missing=list(reading.missing))
        self._spending = Spending(router)
        purse = Purse(router, weights_version, self._spending)
        self._reader = BatchReader(out, profile, run_date, night, reading, store, purse, weights_version, self.totals)
        self._attempt = uuid.uuid4().hex[:8]
        self._audits = audits
        self._published_docs: set[str] = set()
        self._linking = Linking(out, run_date, audits, profile.stories)

    @property
    def served_versions(self) -> set[int]:
        """Return the versions of the weights that serve the documents that were read so far."""
        return self._reader.versions

    def begin(
        self,
        only_new: bool,
        reassign: bool,
        late: bool = False,
        done_runs: frozenset[str] = frozenset(),
        skips: Skips | None = None,
    ) -> None:
        """Say how documents are read. only_new: skip those that an earlier date has published unchanged.

        late: skip those of later dates, too. done_runs: skip what these runs have published for this very date.
        skips: in place of all that, of a run that was given its date.
        """
        self._reader.begin(only_new, reassign, late, done_runs, skips)

    async def read_batch(self) -> Batch | None:
        """Read the next batch of about the profile's size; what cannot be read goes along with its reason.

        Raises:
            InputError: not one document could be read.
        """
        return self._kept(await self._reader.next_batch())

    def next_batch(self) -> Batch | None:
        """Read the next batch in this thread (see read_batch)."""
        return self._kept(self._reader.next_batch_here())

    def _kept(self, batch: Batch | None) -> Batch | None:
        if batch is not None:
            self.batches[batch.number] = batch
        return batch

    async def beside(self, function: Callable[..., T], *arguments: Any) -> T:
        """Return function(*arguments), called in the auditor's process once all batches are audited, which then ends.

        So its CPU and memory are not this process's. If that process is gone, it is called here.
        """
        try:
            return await asyncio.to_thread(self._audits.do, function, *arguments)
        except Gone:
            return await asyncio.to_thread(function, *arguments)
        finally:
            self._audits.hang_up()

    def close(self) -> None:
        """Let go what still waits for this run, and close what its documents were looked up in."""
        self._reader.close()
        self._spending.close()

    async def check(self, batch: Batch) -> None:
        """File every sentence and audit the batch's tables; what fails goes to quarantine.

        Raises:
            AuditFailed: a table expectation failed.
        """
        its_stories = {w.document.doc_id: w.stories() for w in batch.works}
        links = await self._links(batch, its_stories)
        tables = file_batch(batch, its_stories, links, self.run_id, self.profile.name)
        if batch.number == 1 and self.router.teaches and not self.router.greedy:  # control items only teach
            await answer_controls(self.router, self.profile, self.run_date, {w.document.language for w in batch.works})
        self._spending.note(batch.number)
        others = {w.document.doc_id for b in self.batches.values() if b is not batch for w in b.works}
        claimed = self.store.claim(self._calls_part(batch), others)
        calls, judgements = self.router.ledger.rows(claimed, self.run_id, others)
        tables |= {"calls": contract("calls").build(calls), "judgements": contract("judgements").build(judgements)}

        categories = list(self.profile.categories)
        cleared = await asyncio.to_thread(quarantine.clear, tables, categories, self.run_id, self._audits.audit)
        self.cleared[batch.number] = cleared
        self.reports += cleared.reports

    async def publish(self, batch: Batch) -> None:
        """Put the audited tables in place, and forget the batch."""
        tables = self.cleared.pop(batch.number).tables
        where = self.out, self.run_date, self._part(batch)
        tables = await asyncio.to_thread(publish.publish, *where, tables, self.store.forgotten.names)
        self.store.published(self._calls_part(batch))
        self.totals.count(tables, batch)
        self.totals.left_out = dict(self.router.plans.left_out)
        del self.batches[batch.number]

    def withhold(self, batch: Batch, why: AuditFailed) -> None:
        """Forget a batch that did not pass the audit: nothing of it is published, and the run goes on."""
        docs = [w.document.doc_id for w in batch.works]
        more = f" and {len(docs) - 3} more" if len(docs) > 3 else ""
        self.totals.withheld.append(f"batch {batch.number} ({', '.join(docs[:3])}{more}): {why}")
        del self.batches[batch.number]

    def absent(self) -> dict[str, str]:
        """Return the models of the profile that did not serve for all of the run, and why."""
        gone = dict.fromkeys(set(self.router.profile.exclude) - set(self.profile.exclude), "it could not be reached")
        return {**gone, **self.router.absent()}

    def _part(self, batch: Batch) -> str:
        return part_name(self.run_id, self._attempt, batch.number)

    def _calls_part(self, batch: Batch) -> str:
        return append_part("calls", self.run_date, self._part(batch)).as_posix()

    async def _links(
        self, batch: Batch, its_stories: Mapping[str, Sequence[JoinedTopic]]
    ) -> dict[str, list[TopicLink]]:
        """Name the batch's topics, and relate them to those of other documents and nights: doc_id -> their links."""
        docs, titles, texts = [], [], []
        for work in batch.works:
            for story in its_stories[work.document.doc_id]:
                docs.append(work.document.doc_id)
                titles.append(work.lead(story).title)
                texts.append([work.document.texts[p] for p in story.positions])
        marks = marked(*await self.router.embed_with_terms(topic_texts(titles, texts))) if texts else []
        # The other documents of this run are known by what was published of them before this batch, no more: then a
        # rerun, which finds all of them published, comes to the same stories.
        later = self.reading.doc_ids - self._published_docs
        self._published_docs |= set(docs)
        return await asyncio.to_thread(self._linking.of, batch.works, its_stories, marks, later)


@asynccontextmanager
async def open_run(
    run_id: str,
    run_date: date,
    arguments: list[str],
    out: Path,
    profile: Profile,
    text_id: str = "",
    greedy: bool = False,
    by: datetime | None = None,
    teaches: bool = True,
    night: date | None = None,
    again: frozenset[str] | None = None,
    catch_up: bool = False,
    alone: bool = True,
    fail_on_missing: bool = False,
    left_out: Callable[[Path | str], bool] | None = None,
) -> AsyncIterator[Run]:
    """Open everything that a run needs, take over what killed runs left, and close it all in the end.

    text_id: what the text on stdin is called. greedy: leading models serve, nothing is explored or judged.
    by: of sources that do not name their date, take only files that were last changed by then.
    teaches: whether the learner may learn from the calls of this run.
    night: the date of the night that this run is a part of; None: it is part of none. A night goes on without sources
    that are missing, if others are there. If that is not run_date, the run takes up what was lost, and asks again.
    again: read these documents as they were published for run_date, and none of the arguments.
    catch_up: learn from published runs that no weights version has seen, before the weights are picked.
    alone: wait for another run of this date and profile that is under way.
    fail_on_missing: end, before anything is asked or written, if a source is missing or cannot be read at all.
    left_out: tells of a file or an address that this run is not to read it.

    Raises:
        InputError: bad sources, or OUT cannot be written.
        PublishError: the answers' store is broken.
    """
    if again is not None:
        reading: Reading = unfinished.rebuilt(out, run_date, again)
    else:
        terms = Fetching.of_run(profile.fetch, out)
        how = night is not None, profile.reading.cpu_s, terms, fail_on_missing, left_out
        reading = check_sources(arguments, run_date, text_id, *how)
        if by is not None:
            reading = there_by(reading, arguments, run_date, by)
    dask, own = profile.dask, own_workers(profile)
    async with (
        fan_out(dask.scheduler, own.number, profile.limits.call_timeout_s, dask.wait_s, own.preload) as pool,
        AsyncExitStack() as held,
    ):
        able = await usable(profile, pool)  # before anything is written
        if alone:
            try:
                await held.enter_async_context(turn(out, profile.name, run_date, run_id))
            except OSError as e:
                raise unwritable(out, e) from None
        store = await _opened(out, run_id)
        try:
            await asyncio.to_thread(held.enter_context, at_work(out, run_date))  # waits while the date is being pruned
            store.keep_terms(profile.name, profile.retention.terms())
            if catch_up:
                await asyncio.to_thread(catch_up_weights, out, profile, run_date, run_id)
            newest, warnings = states.latest(state_folder(out, profile.name))
            for warning in warnings:
                log.warning("%s", warning)
            version_of = Versions(state_folder(out, profile.name), newest)
            is_again = night is not None and night != run_date
            router = Router(able, run_date, version_of, store, pool, greedy, teaches, is_again)
            with auditor() as audits:
                version = newest.version if newest else 0
                run = Run(run_id, run_date, out, profile, reading, store, router, audits, version, night)
                try:
                    yield run
                finally:
                    run.close()
        finally:
            await pool.cancel()
            publish.sweep_staging(out, lambda run: run == run_id)
            store.close()


async def _opened(out: Path, run_id: str) -> Store:
    """Open OUT once no other process is at work on this very run."""
    while True:
        await once_over(lambda: is_alive(out, run_id), out, run_id)
        with suppress(UnderWay):  # yet another process was faster
            return await asyncio.to_thread(open_out, out, run_id)
