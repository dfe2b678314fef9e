"""The documents of a run, in batches of about the profile's size, as far as its dollars reach."""

import asyncio
import logging
from collections.abc import Container, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

from nightdesk.tasks.calling.answers.answer_store import Store
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reading.documents import Document, Unreadable
from nightdesk.tasks.reading.sources import Reading, nothing_readable
from nightdesk.tasks.reorganizing import unfinished
from nightdesk.tasks.reorganizing.affordable import Purse
from nightdesk.tasks.reorganizing.document_state import Batch, Work
from nightdesk.tasks.reorganizing.past_dates.standing import Skips
from nightdesk.tasks.reorganizing.totals import Totals
from nightdesk.tasks.tables.index.known_documents import PublishedElsewhere

log = logging.getLogger("nightdesk")


class BatchReader:
    """Reads a run's batches. known: documents that are skipped; reassign: draw anew what serves each document.

    Documents are read in a thread, and the store is asked in that of the flow.
    """

    def __init__(
        self,
        out: Path,
        profile: Profile,
        run_date: date,
        night: date | None,
        reading: Reading,
        store: Store,
        purse: Purse,
        weights_version: int,
        totals: Totals,
    ) -> None:
        self.versions: set[int] = set()  # of the weights that serve
        self._out, self._profile, self._run_date, self._night = out, profile, run_date, night
        self._reading, self._store, self._purse = reading, store, purse
        self._weights_version, self._totals = weights_version, totals
        self._known: Container[tuple[str, str]] = ()
        self._skips: Skips | None = None
        self._reassign = False
        self._stood: unfinished.Stood | None = None
        self._batches = self._read()
        self._held = ExitStack()

    def close(self) -> None:
        """Close what documents were looked up in."""
        self._held.close()

    def begin(self, only_new: bool, reassign: bool, late: bool, done_runs: frozenset[str], skips: Skips | None) -> None:
        """Say how documents are read (see Run.begin)."""
        self._skips, self._reassign = skips, reassign
        if skips is not None:
            self._held.callback(skips.standing.close)
        elif only_new:
            known = PublishedElsewhere(self._out, self._run_date, late, done_runs)
            self._held.callback(known.close)
            self._known = known

    async def next_batch(self) -> Batch | None:
        """Read the next batch; return None if there is none.

        Raises:
            InputError: not one document could be read.
        """
        return self._assigned(await asyncio.to_thread(next, self._batches, None))

    def next_batch_here(self) -> Batch | None:
        """Read the next batch in this thread (see next_batch)."""
        return self._assigned(next(self._batches, None))

    def _read(self) -> Iterator[Batch]:
        self._stood = unfinished.Stood(self._out, self._profile.name, self._run_date)
        self._held.callback(self._stood.close)
        batch, purse, readable, sentences = Batch(1), self._purse, 0, 0
        for document in self._reading.documents():
            if isinstance(document, Unreadable):
                batch.unreadable.append(document)
                log.warning("%s", document.reason)
                continue
            readable += 1
            if (document.doc_id, document.content_hash) in self._known or self._is_left_out(document):
                self._totals.skipped += 1
                continue
            waits = purse.refusal(document)
            if waits is not None and batch.served:  # these may take less than expected, so they come first
                yield batch
                batch, sentences = Batch(batch.number + 1), 0
                purse.settle()
                waits = purse.refusal(document)
            batch.works.append(Work(document, self._weights_version, waits=waits))
            sentences += len(document.texts)
            if sentences >= self._profile.document_batches.sentences:
                yield batch
                batch, sentences = Batch(batch.number + 1), 0
                purse.settle()
        if not readable and self._reading.sources:
            raise InputError(nothing_readable(batch.unreadable[0].reason, len(batch.unreadable)))
        if batch.works or batch.unreadable:
            yield batch

    def _is_left_out(self, document: Document) -> bool:
        """Tell whether a run that was given its date leaves a document out, and count that."""
        if self._skips is None or not self._skips.leaves_out(document):
            return False
        self._totals.skipped_under = {str(day): n for day, n in sorted(self._skips.under.items())}
        return True

    def _assigned(self, batch: Batch | None) -> Batch | None:
        """Fix the weights version that serves each document: that of its first run for this date."""
        if batch is None:
            return None
        hashes = [w.document.content_hash for w in batch.works]
        day = self._run_date.isoformat()
        versions = self._store.assign(self._profile.name, day, hashes, self._weights_version, self._reassign)
        for work in batch.works:
            work.weights_version = versions[work.document.content_hash]
            stood = self._stood.of(work.document.doc_id) if self._stood else None
            if stood is not None and stood.content_hash == work.document.content_hash:
                work.taken_up = stood.tried_on(self._night, self._run_date)
            self.versions.add(work.weights_version)
        return batch
