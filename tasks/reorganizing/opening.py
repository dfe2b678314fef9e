"""Opening OUT for a run: what killed runs left is carried out, taken over or swept before anything is read or asked."""

import logging
from pathlib import Path

from nightdesk.tasks.calling.answers.answer_store import Store, is_alive
from nightdesk.tasks.config.private_files import check_ours
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.safety.links import refuse_links_in
from nightdesk.tasks.tables import migration, parts, publish

_KEPT = (
    *("_staging", "tables", "state", "nights", "editions", "pasted", "format.json", "forgotten.json"),
    *("answers.db", "answers.db-wal", "answers.db-shm", "index.db", "index.db-wal", "index.db-shm"),
)
log = logging.getLogger("nightdesk")


def open_out(out: Path, run_id: str) -> Store:
    """Bring OUT up to date and return its answers' store, which keeps the calls of dead runs as this run's own.

    Raises:
        InputError: OUT cannot be written, or holds what another user has put there.
        PublishError: the answers' store is broken, or what was decided to be published cannot be put in place.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        check_ours(*(out / name for name in _KEPT))
        refuse_links_in(out)
        publish.recover(out)
        if (old := migration.migrate_if_cheap(out)) is not None:
            log.warning("%s", old)
        publish.sweep_staging(out, lambda run: not is_alive(out, run))
        store = Store(out, run_id)
    except OSError as e:
        raise unwritable(out, e) from None
    try:
        if store.is_empty() and parts.dates(out, "calls"):
            log.warning(
                "%s: the answers' store is empty, but calls were published before: what they answered is asked and "
                "paid for again where it is needed; if the file was removed by mistake, end this run and restore it",
                out / "answers.db",
            )
        if adopted := store.adopt():
            log.info("%d calls that an ended run paid for will be published by this one", adopted)
    except BaseException:
        store.close()
        raise
    return store


def unwritable(out: Path, error: OSError) -> InputError:
    """Return what to say of an OUT that cannot be written."""
    return InputError(f"{out}: cannot be written ({error.strerror}); name another folder with --out")
