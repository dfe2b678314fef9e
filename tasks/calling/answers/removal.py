"""What is removed from the answers' store, while runs may be at work with it: forgotten answers, and old ones.

Pruning works in short transactions with as long a rest after each, so that the runs of other processes store their
answers in between. The room goes back to the disk likewise, page by page from the end of the file.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from nightdesk.tasks.calling.answers import published_calls, store_schema
from nightdesk.tasks.calling.answers.answer_store import store_file
from nightdesk.tasks.calling.answers.database import LOCK_TIMEOUT_S, Database, look_into
from nightdesk.tasks.calling.answers.retention_terms import profiles

STEP_S = 0.02  # seconds that a transaction is to take
_FIRST, _MOST = 64, 4096  # rows or pages of the first step, and of any
_ROW_BYTES = 250  # about what a row takes beside its record and its answer: keys, indexes, the page's own room
_INCREMENTAL = 64  # where in the file its header says that room is given back in steps: four bytes, not all 0
_ANSWER = "a.key = json_extract(c.record, '$.answer_key') AND a.call_id = c.call_id"


@dataclass(frozen=True, slots=True)
class OldCalls:
    """Published calls of dates before one. answers: of these calls; bytes: about what all of it takes."""

    calls: int = 0
    answers: int = 0
    bytes: int = 0


def forget_answers(out: Path, doc_id: str) -> int:
    """Remove the answers that calls about a document brought; return how many. Figures of the calls stay."""
    path = store_file(out)
    if not path.exists():
        return 0
    with closing(Database(path)) as db:

        def remove() -> int:
            of_document = "json_extract(record, '$.doc_id') = ?"
            mine = f"SELECT call_id FROM calls WHERE {of_document}"
            n = db.execute(f"DELETE FROM answers WHERE call_id IN ({mine})", (doc_id,))
            db.execute(f"UPDATE calls SET record = json_remove(record, '$.reply') WHERE {of_document}", (doc_id,))
            return n

        n = db.transact(remove)
        db.rows("PRAGMA wal_checkpoint(TRUNCATE)")  # else the text would stay in the log beside the database
    return n


def compact(out: Path) -> None:
    """Write the store anew, so that it keeps nothing of what was deleted from it before that was overwritten."""
    with closing(Database(store_file(out))) as db:
        db.execute("VACUUM")
        db.rows("PRAGMA wal_checkpoint(TRUNCATE)")


def look_for_old(out: Path, before: date) -> OldCalls:
    """Return what prune would remove. Nothing is written, not even beside the store.

    What a killed run left in the log beside the store is not counted, because to read it would change that.

    Raises:
        StoreError: the store cannot be read.
    """
    path = store_file(out)
    if not path.exists():
        return OldCalls()
    return look_into(path, lambda db: _old_calls(lambda sql, values: db.execute(sql, values).fetchall(), before))


def _old_calls(rows: Callable[[str, Sequence[str]], list[Any]], before: date) -> OldCalls:
    found = OldCalls()
    if "published" not in {name for _, name, *_ in rows("PRAGMA table_info(calls)", ())}:
        return found  # nothing was stored yet, or it is of the first version, which its next run brings up
    for condition, values in published_calls.older_than(before):
        ((calls, answers, size),) = rows(
            f"SELECT count(*), count(a.key), total(length(c.record)) + total(length(a.answer)) FROM calls c "
            f"LEFT JOIN answers a ON {_ANSWER} WHERE {condition}",
            values,
        )
        size = int(size) + calls * _ROW_BYTES
        found = OldCalls(found.calls + calls, found.answers + answers, found.bytes + size)
    return found


def prune_store(out: Path, before: date) -> OldCalls:
    """Remove the answers and records of published calls of dates before one, and their documents' weights versions.

    Calls that are not published stay, because they were paid for and are booked once they are. What an earlier version
    wrote takes less room from now on.

    Raises:
        StoreError: the store cannot be written; what was removed until then is gone, the rest stays.
    """
    path = store_file(out)
    if not path.exists():
        return OldCalls()
    with closing(Database(path)) as db:
        db.transact(lambda: store_schema.bring_up(db, out))
        found = _old_calls(db.rows, before)
        for condition, values in published_calls.older_than(before):
            _in_steps(db, lambda n, c=condition, v=values: _remove_calls(db, c, v, n))  # type: ignore[misc]
        for profile in profiles(db):
            _in_steps(db, lambda n, p=profile: _remove_assignments(db, p, before, n))  # type: ignore[misc]
        if found.calls:
            db.transact(lambda: _note_pruned(db, before))
        _in_steps(db, lambda n: published_calls.shorten(db, n))
        give_room_back(db)
    return found


def note_standing(out: Path) -> None:
    """Note which calls stand in parts, before parts are removed: else they would be published a second time.

    Raises:
        StoreError: the store cannot be written.
    """
    if store_file(out).exists():
        with closing(Database(store_file(out))) as db:
            db.transact(lambda: store_schema.bring_up(db, out))


def give_room_back(db: Database) -> None:
    """Give room of removed rows back to the disk, and cut the log; both in steps."""
    if _pragma(db, "auto_vacuum"):
        _in_steps(db, lambda n: _vacuum(db, n), is_transaction=False)
    db.rows("PRAGMA wal_checkpoint(PASSIVE)")  # this one keeps nobody waiting, and leaves the next little to do
    db.execute("PRAGMA busy_timeout = 20")  # while it waits for readers, others cannot write
    try:
        db.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        db.execute(f"PRAGMA busy_timeout = {int(LOCK_TIMEOUT_S * 1000)}")


def is_of_earlier_version(out: Path) -> bool:
    """Tell whether the file can give no room back in steps, as that of an earlier version, which has to be rewritten.

    Reads the first bytes of the file, because this is asked at every start.
    """
    try:
        with store_file(out).open("rb") as f:
            header = f.read(_INCREMENTAL + 4)
    except OSError:
        return False
    return len(header) == _INCREMENTAL + 4 and not any(header[_INCREMENTAL:])


def rewrite(out: Path) -> None:
    """Bring the store of an earlier version up: records are shortened, and the file can give room back from now on.

    Raises:
        StoreError: the store cannot be written, or there is no room for a second one beside it.
    """
    with closing(Database(store_file(out))) as db:
        db.transact(lambda: store_schema.bring_up(db, out))
        db.transact(lambda: store_schema.give_rowids(db))
        _in_steps(db, lambda n: published_calls.shorten(db, n))
        db.execute("VACUUM")
        db.rows("PRAGMA wal_checkpoint(TRUNCATE)")


def _remove_calls(db: Database, condition: str, values: tuple[str, ...], most: int) -> int:
    rows: list[tuple[Any, ...]] = db.rows(
        f"SELECT rowid, json_extract(record, '$.answer_key'), call_id FROM calls WHERE {condition} LIMIT ?",
        (*values, most),
    )
    db.executemany("DELETE FROM answers WHERE key = ? AND call_id = ?", [(key, call_id) for _, key, call_id in rows])
    db.executemany("DELETE FROM calls WHERE rowid = ?", [(rowid,) for rowid, _, _ in rows])
    return len(rows)


def _remove_assignments(db: Database, profile: str, before: date, most: int) -> int:
    key = "profile, run_date, content_hash"
    return db.execute(
        f"DELETE FROM assignments WHERE ({key}) IN "
        f"(SELECT {key} FROM assignments WHERE profile = ? AND run_date < ? LIMIT ?)",
        (profile, before.isoformat(), most),
    )


def _note_pruned(db: Database, before: date) -> None:
    db.execute("DELETE FROM pruned")
    db.execute("INSERT INTO pruned VALUES (?)", (before.isoformat(),))


def _vacuum(db: Database, most: int) -> int:
    free = _pragma(db, "freelist_count")
    if free:
        db.step(f"PRAGMA incremental_vacuum({most})")
    return free - _pragma(db, "freelist_count")


def _in_steps(db: Database, step: Callable[[int], int], is_transaction: bool = True) -> None:
    """Carry out `step` until it finds nothing to do. step: takes how much it may do, returns how much it did."""
    most = _FIRST
    while True:
        start = time.perf_counter()
        done = db.transact(lambda: step(most)) if is_transaction else step(most)  # noqa: B023  (it is called at once)
        took = time.perf_counter() - start
        if not done:
            return
        time.sleep(took)
        most = max(1, min(_MOST, int(most * STEP_S / max(took, 1e-6)), 2 * most))


def _pragma(db: Database, name: str) -> int:
    return int(db.rows(f"PRAGMA {name}")[0][0])
