"""One run: its profile, store, workers and auditor, opened together and closed however it ends; and its batches."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa

from role_rl import state as states
from role_rl.errors import StateError
from role_rl.record import State
from tasks import clearance, history, publish, stories
from tasks.audit import Auditor, AuditReport, auditor
from tasks.calls import Desk
from tasks.contracts import contract
from tasks.control import answer_controls
from tasks.documents import Unreadable
from tasks.errors import InputError
from tasks.fanout import fan_out
from tasks.filing import file_batch, topic_id
from tasks.learning import state_folder
from tasks.profile import Profile
from tasks.reach import usable
from tasks.sources import Reading, check_sources, nothing_readable, there_by
from tasks.stages import topic_texts
from tasks.store import Store, is_alive
from tasks.work import Batch, Story, Work

log = logging.getLogger("nightdesk")


@dataclass(slots=True)
class Served:
    """What one model did in one role: calls, those of them that were to serve, that failed, and their dollars."""

    calls: int = 0
    serving: int = 0
    failed: int = 0
    dollars: float = 0.0


@dataclass(slots=True)
class Totals:
    """What a run has published so far. `topics` counts topics of documents; stages: seconds by name.

    models: what each model did, by (role, model); answers that were in the store do not count.
    unjoined: documents whose topics could not all be compared, so that one story may stand there as several.
    left_out: (role, model) -> questions that were longer than the model can be asked, so that others answered.
    """

    documents: int = 0
    unreadable: int = 0
    skipped: int = 0
    sentences: int = 0
    placed: int = 0
    unplaced: int = 0
    topics: int = 0
    quarantined: int = 0
    unjoined: int = 0
    left_out: dict[tuple[str, str], int] = field(default_factory=dict)
    stages: dict[str, float] = field(default_factory=dict)
    models: dict[tuple[str, str], Served] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)  # why documents could not be read

    def count_calls(self, calls: pa.Table) -> None:
        """Add published rows of `calls`."""
        columns = ("role", "model", "purpose", "error", "cost_usd", "from_cache")
        for role, model, purpose, error, dollars, cached in zip(
            *calls.select(columns).to_pydict().values(), strict=True
        ):
            if not cached:
                did = self.models.setdefault((role, model), Served())
                did.calls += 1
                did.serving += purpose == "serve"
                did.failed += error is not None
                did.dollars += dollars


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
        desk: Desk,
        audits: Auditor,
        weights_version: int,
    ) -> None:
        self.run_id, self.run_date, self.out, self.profile = run_id, run_date, out, profile
        self.reading, self.store, self.desk, self.weights_version = reading, store, desk, weights_version
        self.batches: dict[int, Batch] = {}
        self.cleared: dict[int, clearance.Cleared] = {}
        self.reports: list[AuditReport] = []
        self.totals = Totals()
        self.served_versions: set[int] = set()
        self._audits = audits
        self._published_docs: set[str] = set()
        self._reader: Iterator[Batch] = iter(())

    def begin(self, only_new: bool, reassign: bool) -> None:
        """Say how documents are read. only_new: skip those that an earlier date has published unchanged."""
        self._reader = self._read(only_new, reassign)

    def next_batch(self) -> Batch | None:
        """Read the next batch of about the profile's size; what cannot be read goes along with its reason.

        Raises:
            InputError: not one document could be read.
        """
        batch = next(self._reader, None)
        if batch is None:
            self._audits.hang_up()
        return batch

    def _read(self, only_new: bool, reassign: bool) -> Iterator[Batch]:
        known = history.published_before(self.out, self.run_date) if only_new else set()
        batch = Batch(1)
        readable = 0
        for document in self.reading.documents():
            if isinstance(document, Unreadable):
                batch.unreadable.append(document)
                log.warning("%s", document.reason)
                continue
            readable += 1
            if (document.doc_id, document.content_hash) in known:
                self.totals.skipped += 1
                continue
            batch.works.append(Work(document, self.weights_version))
            if batch.sentences >= self.profile.batches.sentences:
                yield self._assigned(batch, reassign)
                batch = Batch(batch.number + 1)
        if not readable and self.reading.sources:
            raise InputError(nothing_readable(batch.unreadable[0].reason, len(batch.unreadable)))
        if batch.works or batch.unreadable:
            yield self._assigned(batch, reassign)

    def _assigned(self, batch: Batch, reassign: bool) -> Batch:
        """Fix the weights version that serves each document: that of its first run for this date."""
        hashes = [w.document.content_hash for w in batch.works]
        versions = self.store.assign(
            self.profile.name, self.run_date.isoformat(), hashes, self.weights_version, reassign
        )
        for work in batch.works:
            work.weights_version = versions[work.document.content_hash]
            self.served_versions.add(work.weights_version)
        self.batches[batch.number] = batch
        return batch

    async def check(self, batch: Batch) -> None:
        """File every sentence and audit the batch's tables; what fails goes to quarantine.

        Raises:
            AuditFailed: a table expectation failed.
        """
        its_stories = {w.document.doc_id: w.stories() for w in batch.works}
        links = await self._links(batch, its_stories)
        tables = file_batch(batch, its_stories, links, self.run_id)
        if batch.number == 1 and not self.desk.greedy:
            await answer_controls(self.desk, self.profile, self.run_date, {w.document.language for w in batch.works})
        part = publish.append_part("calls", self.run_date, self._part(batch)).as_posix()
        calls, judgements = self.desk.ledger.rows(self.store.claim(part), self.run_id)
        tables |= {"calls": contract("calls").build(calls), "judgements": contract("judgements").build(judgements)}

        categories = list(self.profile.categories)
        cleared = await asyncio.to_thread(clearance.clear, tables, categories, self.run_id, self._audits.audit)
        self.cleared[batch.number] = cleared
        self.reports += cleared.reports

    async def publish(self, batch: Batch) -> None:
        """Put the audited tables in place, and forget the batch."""
        tables = self.cleared.pop(batch.number).tables
        buckets = self.profile.tables.buckets
        await asyncio.to_thread(publish.publish, self.out, self.run_date, self._part(batch), buckets, tables)
        documents = tables["documents"].to_pydict()
        unreadable = documents["status"].count("unreadable")
        self.totals.unreadable += unreadable
        self.totals.documents += len(documents["doc_id"]) - unreadable
        for column in ("sentences", "placed", "unplaced", "topics"):
            setattr(self.totals, column, getattr(self.totals, column) + sum(documents[column]))
        self.totals.quarantined += len(tables["quarantine"])
        self.totals.unjoined += sum(w.unjoined for w in batch.works)
        self.totals.left_out = dict(self.desk.plans.left_out)
        self.totals.reasons += [u.reason for u in batch.unreadable]
        self.totals.count_calls(tables["calls"])
        del self.batches[batch.number]

    def _part(self, batch: Batch) -> str:
        return f"{self.run_id}-{batch.number}"

    async def _links(self, batch: Batch, its_stories: Mapping[str, Sequence[Story]]) -> dict[str, tuple[str, bytes]]:
        """Relate the batch's topics to those of other documents and nights: topic_id -> (story_id, packed vector)."""
        ids, docs, titles, texts = [], [], [], []
        for work in batch.works:
            for number, story in enumerate(its_stories[work.document.doc_id], 1):
                ids.append(topic_id(work, number))
                docs.append(work.document.doc_id)
                titles.append(work.lead(story).title)
                texts.append([work.document.texts[p] for p in story.positions])
        if not ids:
            return {}
        vectors = await self.desk.embed(topic_texts(titles, texts))
        packed = [stories.pack(v) for v in vectors]
        # The other documents of this run are known by what was published of them before this batch, no more: then a
        # rerun, which finds all of them published, comes to the same stories.
        later = self.reading.doc_ids - self._published_docs
        known = history.known_topics(self.out, self.run_date, later)
        self._published_docs |= set(docs)
        names = stories.relate(ids, docs, stories.unpack(packed), known, self.run_date.isoformat())
        return dict(zip(ids, zip(names, packed, strict=True), strict=True))


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
) -> AsyncIterator[Run]:
    """Open everything that a run needs, take over what killed runs left, and close it all in the end.

    text_id: what the text on stdin is called. greedy: leading models serve, nothing is explored or judged.
    by: of sources that do not name their date, take only files that were last changed by then.
    teaches: whether the learner may learn from the calls of this run.

    Raises:
        InputError: bad sources, or OUT cannot be written.
        PublishError: the answers' store is broken.
    """
    reading = check_sources(arguments, run_date, text_id)
    if by is not None:
        reading = there_by(reading, arguments, run_date, by)
    async with fan_out(profile.dask.scheduler, profile.dask.workers, profile.limits.call_timeout_s) as pool:
        able = await usable(profile, pool)  # before anything is written
        try:
            out.mkdir(parents=True, exist_ok=True)
            await asyncio.to_thread(publish.recover, out)
            publish.sweep_staging(out, lambda run: not is_alive(out, run))
            store = Store(out, run_id)
        except OSError as e:
            raise InputError(f"{out}: cannot be written ({e.strerror}); name another folder with --out") from None
        try:
            if adopted := store.adopt():
                log.info("%d calls that an ended run paid for will be published by this one", adopted)
            newest, warnings = states.latest(state_folder(out, profile.name))
            for warning in warnings:
                log.warning("%s", warning)
            version_of = _Versions(state_folder(out, profile.name), newest)
            desk = Desk(able, run_date, version_of, store, pool, greedy, teaches)
            with auditor() as audits:
                version = newest.version if newest else 0
                yield Run(run_id, run_date, out, profile, reading, store, desk, audits, version)
        finally:
            await pool.cancel()
            publish.sweep_staging(out, lambda run: run == run_id)
            store.close()


class _Versions:
    """Finds the weights of a version; if it is gone or broken, those of the newest, and says so once."""

    def __init__(self, folder: Path, newest: State | None) -> None:
        self._folder, self._newest = folder, newest
        self._known: dict[int, State | None] = {0: None, newest.version if newest else 0: newest}

    def __call__(self, version: int) -> State | None:
        if version not in self._known:
            try:
                self._known[version] = states.load(self._folder, version)
            except StateError as e:
                log.warning("%s; the newest weights serve instead", e)
                self._known[version] = self._newest
        return self._known[version]
