"""The run's side of the spool: OUT/_staging/spool/<run_id>/<call_id>.json, answers on their way to the store.

A worker writes each answer that was paid for there before it returns it (models/spool.py); the file is removed when the
store has the answer. What a dead run left is taken into the store by the next run, so it is booked once and never asked
for again. Workers on machines that do not share OUT's disk write nothing, and what they had is lost as before.
"""

import json
import logging
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from nightdesk.tasks.calling.answers.answer_keys import Record, answer_to_json
from nightdesk.tasks.calling.call_rows import fill_in
from nightdesk.tasks.config.pricing import TokenPrices
from nightdesk.tasks.config.private_files import private_folder
from nightdesk.tasks.models import spool
from nightdesk.tasks.models.spool import Spooled, SpoolTicket
from nightdesk.tasks.models.worker import CallResult

log = logging.getLogger("nightdesk")

LATE_S = 3600.0  # for so long after its last change a dead run's folder stays: a worker may still bring an answer


class AnswerSpool:
    """The spool of one run. token: of a document, changes when the document is forgotten."""

    def __init__(self, out: Path, run_id: str, token: Callable[[str], str]) -> None:
        self._folder, self._token = _root(out).resolve() / run_id, token
        self._given: set[str] = set()  # calls whose answers are not in the store yet

    def ticket(self, record: Record, prices: TokenPrices) -> SpoolTicket:
        """Return what a worker needs to write down the answer to a call, whose record so far is given."""
        if not self._given:
            with suppress(OSError):  # then nothing is spooled, and all else goes on
                private_folder(self._folder.parent)
                private_folder(self._folder)
        self._given.add(record["call_id"])
        known = {"record": record, "prices": prices.model_dump(), "token": self._token(record["doc_id"])}
        return SpoolTicket(str(self._file(record)), json.dumps(known))

    def found(self, record: Record) -> CallResult | None:
        """Return the answer to a call whose worker was lost after it had written it down, if there is one."""
        try:
            return spool.read(self._file(record)).reply
        except (OSError, ValueError):
            return None

    def over(self, record: Record) -> None:
        """Remove what is spooled of a call: the store has it."""
        if record["call_id"] in self._given:
            self._given.discard(record["call_id"])
            with suppress(OSError):
                self._file(record).unlink(missing_ok=True)

    def close(self) -> None:
        """Remove the folder, unless an answer may still come for a call that was given up."""
        if not self._given:
            with suppress(OSError):
                self._folder.rmdir()

    def _file(self, record: Record) -> Path:
        return self._folder / f"{record['call_id']}.json"


def take_up(out: Path, is_over: Callable[[str], bool], settle: Callable[[Any, Record, str], None]) -> None:
    """Hand the answers that dead runs left in their spools to the store.

    settle: writes (answer, record, the document's token) to the store as one call. A file that cannot be read is named
    and removed.
    """
    for folder in sorted(_root(out).glob("*/")):
        if not is_over(folder.name) or folder.is_symlink():
            continue
        for path in sorted(folder.glob("*.json")):
            try:
                spooled = spool.read(path)
                record, answer, token = *completed(spooled), str(spooled.call["token"])
            except FileNotFoundError:
                continue  # another run has just taken it up
            except (OSError, ValueError, KeyError, TypeError) as e:
                log.warning("%s: an answer of an ended run cannot be read (%s), so it is asked for again", path, e)
            else:
                settle(answer, record, token)
            with suppress(OSError):
                path.unlink(missing_ok=True)
        _remove_if_old(folder)


def completed(spooled: Spooled) -> tuple[Record, Any]:
    """Return a spooled call's record as its run would have written it, and its answer as JSON (None: no answer)."""
    record = dict(spooled.call["record"])
    answer = fill_in(record, spooled.request, spooled.reply, TokenPrices.model_validate(spooled.call["prices"]))
    return record, answer_to_json(answer) if answer is not None else None


def _remove_if_old(folder: Path) -> None:
    with suppress(OSError):
        if time.time() - folder.stat().st_mtime > LATE_S:
            shutil.rmtree(folder)


def _root(out: Path) -> Path:
    return out / "_staging" / "spool"
