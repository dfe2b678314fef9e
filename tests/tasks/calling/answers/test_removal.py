"""Pruning the answers' store: old calls go, room goes back to the disk, and what runs store meanwhile is stored."""

import json
import sqlite3
import threading
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.tasks.calling.answers.answer_keys import Record
from nightdesk.tasks.calling.answers.answer_store import Store, store_file
from nightdesk.tasks.calling.answers.database import MOST_LOG_BYTES
from nightdesk.tasks.calling.answers.removal import is_of_earlier_version, look_for_old, prune_store, rewrite
from nightdesk.tasks.calling.answers.retention_terms import WHATS
from nightdesk.tasks.tables.places import append_part
from tests.tasks.made import DAY, call

FOREVER = dict.fromkeys(WHATS)
ANSWER = [["A topic of some words", list(range(1, 26)), []]]
OLD = """
CREATE TABLE answers (key TEXT PRIMARY KEY, answer TEXT NOT NULL, call_id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE calls (call_id TEXT PRIMARY KEY, run_id TEXT NOT NULL, part TEXT, record TEXT NOT NULL,
published INTEGER NOT NULL DEFAULT 0);
CREATE INDEX calls_by_part ON calls (part, run_id);
CREATE TABLE assignments (profile TEXT, run_date TEXT, content_hash TEXT, weights_version INTEGER NOT NULL,
PRIMARY KEY (profile, run_date, content_hash)) WITHOUT ROWID;
"""


def record(call_id: str, **changes: object) -> Record:
    return call(call_id) | {"started_at": 0.0, "reply": None, "teaches": True} | changes


def night(out: Path, day: date, number: int = 5, first: int = 0, publishes: bool = True) -> None:
    """Store a night's answers and publish their calls."""
    store = Store(out, f"run-{day}-{first}")
    for k in range(first, first + number):
        store.put(f"key-{day}-{k}", ANSWER, record(f"{day}-{k}", answer_key=f"key-{day}-{k}"))
    store.record(record(f"{day}-failed-{first}", valid=False, error="503", answer_key=f"failed-{day}"))
    store.assign("news", day.isoformat(), [f"hash-{k}" for k in range(number)], 1, reassign=False)
    if publishes:
        part = append_part("calls", day, f"run-{day}-{first}.a-1").as_posix()
        store.claim(part)
        store.published(part)
    store.close()


def known(out: Path, days: list[date]) -> set[date]:
    store = Store(out, "look")
    found = {day for day in days if store.get(f"key-{day}-0") is not None}
    store.close()
    return found


def size(out: Path) -> int:
    return sum(path.stat().st_size for path in out.glob("answers.db*"))


@settings(max_examples=25, deadline=None)
@given(ages=st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=6, unique_by=lambda x: x[0]),
       kept=st.integers(0, 41))  # fmt: skip
def test_published_calls_of_old_dates_go_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, ages: list[tuple[int, bool]], kept: int
) -> None:
    out = tmp_path_factory.mktemp("store")
    days = {DAY - timedelta(age): publishes for age, publishes in ages}
    for day, publishes in days.items():
        night(out, day, publishes=publishes)
    before = DAY - timedelta(kept)
    gone = {day for day, publishes in days.items() if publishes and day < before}
    found = look_for_old(out, before)
    assert (found.calls, found.answers) == (6 * len(gone), 5 * len(gone))
    assert prune_store(out, before) == found
    assert known(out, list(days)) == set(days) - gone
    with closing(sqlite3.connect(out / "answers.db")) as db:
        assert {date.fromisoformat(d) for (d,) in db.execute("SELECT DISTINCT run_date FROM assignments")} == {
            day for day in days if day >= before
        }
        assert db.execute("SELECT count(*) FROM calls").fetchone()[0] == 6 * len(set(days) - gone)
    store = Store(out, "next")
    assert store.adopt() == 6 * sum(not publishes for publishes in days.values())
    assert not store.is_empty()
    store.close()


def test_the_store_stays_as_large_as_what_is_kept(out: Path) -> None:
    sizes = []
    for n in range(30):
        night(out, DAY + timedelta(n), 300)
        prune_store(out, DAY + timedelta(n - 2))
        sizes.append(size(out))
    assert max(sizes[3:]) <= 1.2 * sizes[2]


def test_a_published_call_takes_a_third_of_the_room(out: Path) -> None:
    night(out, DAY, 500, publishes=False)
    whole = size(out)
    store = Store(out, f"run-{DAY}-0")
    part = append_part("calls", DAY, "run.a-1").as_posix()
    store.claim(part)
    store.published(part)
    store.close()
    prune_store(out, DAY)
    assert size(out) < 0.45 * whole
    assert known(out, [DAY]) == {DAY}


def test_an_answer_that_could_not_be_used_is_still_known_once_it_is_published(out: Path) -> None:
    store = Store(out, "run-1")
    store.put("key", None, record("c", answer_key="key", valid=False, error="not JSON", reply=[["half", [1], []]]))
    store.put("said", None, record("d", answer_key="said", valid=False, error="bad", reply="word"))
    part = append_part("calls", DAY, "run.a-1").as_posix()
    store.claim(part)
    store.published(part)
    for key, reply, error in (("key", [["half", [1], []]], "not JSON"), ("said", "word", "bad")):
        found = store.get(key)
        assert found is not None
        assert found.published
        assert found.failed
        assert {k: found.record[k] for k in ("valid", "error", "reply", "answer_key")} == {
            "valid": False, "error": error, "reply": reply, "answer_key": key
        }  # fmt: skip
    store.put("key", ANSWER, record("e", answer_key="key"))  # one that can be used takes its place
    found = store.get("key")
    assert found is not None
    assert found.answer == ANSWER
    store.close()


def test_runs_store_their_answers_while_old_ones_go(out: Path) -> None:
    for n in range(3):
        night(out, DAY + timedelta(n), 1_000)
    is_over, stored, errors = threading.Event(), [0], []

    def work() -> None:
        store = Store(out, "at-work")
        try:
            while not is_over.is_set() or stored[0] < 5:
                store.put(f"new-{stored[0]}", ANSWER, record(f"new-{stored[0]}", answer_key=f"new-{stored[0]}"))
                stored[0] += 1
        except Exception as e:  # noqa: BLE001  (told by the test)
            errors.append(e)
        finally:
            store.close()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        prune_store(out, DAY + timedelta(2))
    finally:
        is_over.set()
        worker.join()
    assert not errors
    store = Store(out, "next")
    assert all(store.get(f"new-{k}") is not None for k in range(stored[0]))
    assert store.get(f"key-{DAY}-0") is None
    store.close()


def test_the_log_beside_the_store_is_cut(out: Path) -> None:
    night(out, DAY, 3_000)
    held = Store(out, "open")  # else the log would be removed with the last connection
    prune_store(out, DAY + timedelta(1))
    assert store_file(out).with_name("answers.db-wal").stat().st_size <= MOST_LOG_BYTES
    held.close()


def test_a_store_of_an_earlier_version_is_rewritten_once_and_takes_less_room(out: Path) -> None:
    with closing(sqlite3.connect(out / "answers.db")) as db, db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(OLD)
        for k in range(500):
            part = append_part("calls", DAY + timedelta(k % 2), "run.a-1").as_posix() if k < 400 else None
            row = record(f"c{k}", answer_key=f"key-{k}")
            row["started_at"] = 0.0
            db.execute("INSERT INTO calls VALUES (?, 'run', ?, ?, ?)", (f"c{k}", part, json.dumps(row), k < 400))
            db.execute("INSERT INTO answers VALUES (?, ?, ?)", (f"key-{k}", json.dumps(ANSWER), f"c{k}"))
    before = size(out)
    assert is_of_earlier_version(out)
    rewrite(out)
    assert not is_of_earlier_version(out)
    assert size(out) < 0.5 * before
    store = Store(out, "next")
    assert [found.answer for k in range(500) if (found := store.get(f"key-{k}"))] == [ANSWER] * 500
    assert store.adopt() == 100
    store.close()
    assert prune_store(out, DAY + timedelta(1)).calls == 200


def test_a_store_of_an_earlier_version_is_pruned_without_being_rewritten(out: Path) -> None:
    with closing(sqlite3.connect(out / "answers.db")) as db, db:
        db.executescript(OLD)
        part = append_part("calls", DAY, "run.a-1").as_posix()
        db.execute("INSERT INTO calls VALUES ('c', 'run', ?, ?, 1)", (part, json.dumps(record("c", answer_key="key"))))
        db.execute("INSERT INTO answers VALUES ('key', '[]', 'c')")
    assert look_for_old(out, DAY).calls == 0
    assert look_for_old(out, DAY + timedelta(1)).calls == 1
    assert prune_store(out, DAY + timedelta(1)).answers == 1


def test_terms_are_those_that_each_profile_said_last(out: Path) -> None:
    from nightdesk.tasks.calling.answers.database import Database
    from nightdesk.tasks.calling.answers.retention_terms import of_all

    store = Store(out, "run-1")
    store.keep_terms("news", {**FOREVER, "answers": 3})
    store.keep_terms("news", {**FOREVER, "answers": 5})
    store.assign("older", DAY.isoformat(), ["hash"], 0, reassign=False)  # it ran before there were terms
    store.assign("news", DAY.isoformat(), ["hash"], 0, reassign=False)
    store.close()
    with closing(Database(store_file(out))) as db:
        assert of_all(db) == {"news": {**FOREVER, "answers": 5}, "older": FOREVER}
