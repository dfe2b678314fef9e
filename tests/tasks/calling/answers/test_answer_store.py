"""The answers' store: what was paid for is kept, published once, and never lost with the run that paid."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.calling.answers import database
from nightdesk.tasks.calling.answers.answer_keys import Record
from nightdesk.tasks.calling.answers.answer_store import Store, UnderWay, is_alive
from nightdesk.tasks.calling.answers.removal import forget_answers
from nightdesk.tasks.errors import PublishError

PART = "tables/calls/run_date=2026-03-01/one-1.parquet"
ANSWER = [["Bridge", [1, 2], []]]
OTHER_RUN = """
import sys
from pathlib import Path
from nightdesk.tasks.calling.answers import database
from nightdesk.tasks.calling.answers.answer_store import Store
store = Store(Path(sys.argv[1]), "other")
store.put("key", [["Bridge", [1, 2], []]], {"call_id": "paid", "doc_id": "d"})
for part in sys.argv[2:]:
    store.claim(part)
print("ready", flush=True)
sys.stdin.read()
"""


@contextmanager
def opened(out: Path, run_id: str) -> Iterator[Store]:
    store = Store(out, run_id)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def other_run(out: Path, *parts: str) -> Iterator["subprocess.Popen[str]"]:
    """Start another run, in a process of its own, that has paid for a call (and claimed it for a part)."""
    command = [sys.executable, "-c", OTHER_RUN, str(out), *parts]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.kill()


def record(call_id: str, doc_id: str = "d") -> Record:
    return {"call_id": call_id, "answer_key": f"key-{call_id}", "doc_id": doc_id, "cost_usd": 0.25}


def write_part(out: Path, part: str) -> None:
    (out / part).parent.mkdir(parents=True, exist_ok=True)
    (out / part).write_text("a part")


def test_an_answer_is_found_again_with_the_record_of_its_call(out: Path) -> None:
    with opened(out, "one") as store:
        assert store.get("key") is None
        store.put("key", ANSWER, record("c1"))
    with opened(out, "two") as store:
        found = store.get("key")
        assert found is not None
        assert (found.answer, found.record, found.published) == (ANSWER, record("c1"), False)


def test_the_first_answer_stays_and_both_calls_are_booked(out: Path) -> None:
    with opened(out, "one") as store:
        store.put("key", ANSWER, record("c1"))
        store.put("key", [["Bank", [3], []]], record("c2"))
        found = store.get("key")
        assert found is not None
        assert (found.answer, found.record["call_id"]) == (ANSWER, "c1")
        assert [r["call_id"] for r in store.claim(PART)] == ["c1", "c2"]


def test_a_call_without_an_answer_is_booked_and_asked_again(out: Path) -> None:
    with opened(out, "one") as store:
        store.record(record("c1"))
        assert store.get("key-c1") is None
        assert store.claim(PART) == [record("c1")]


def test_a_claim_hands_records_out_once(out: Path) -> None:
    with opened(out, "one") as store:
        store.put("a", ANSWER, record("c1"))
        assert store.claim(PART) == [record("c1")]
        assert store.claim("another/part") == []
        store.put("b", ANSWER, record("c2"))
        assert store.claim("another/part") == [record("c2")]


def test_a_run_claims_only_its_own_records(out: Path) -> None:
    with opened(out, "one") as one, opened(out, "two") as two:
        one.put("a", ANSWER, record("c1"))
        two.put("b", ANSWER, record("c2"))
        assert one.claim(PART) == [record("c1")]
        assert two.claim("tables/two.parquet") == [record("c2")]


def test_records_of_documents_that_are_under_way_are_left_for_another_part(out: Path) -> None:
    with opened(out, "one") as store:
        first, second = record("c1"), {**record("c2"), "doc_id": "under way"}
        store.put("a", ANSWER, first)
        store.put("b", ANSWER, second)
        assert store.claim(PART, {"under way"}) == [first]
        assert store.claim("another/part") == [second]


def test_an_answer_counts_as_published_when_its_part_stands(out: Path) -> None:
    with opened(out, "one") as store:
        store.put("key", ANSWER, record("c1"))
        store.claim(PART)
        found = store.get("key")
        assert found is not None
        assert not found.published
        write_part(out, PART)
        found = store.get("key")
        assert found is not None
        assert found.published


def test_what_a_killed_run_paid_for_is_adopted_but_not_what_a_live_one_did(out: Path) -> None:
    with other_run(out) as process, opened(out, "mine") as mine:
        assert is_alive(out, "other")
        assert mine.adopt() == 0
        assert mine.claim(PART) == []
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not is_alive(out, "other")
        assert mine.adopt() == 1
        assert [r["call_id"] for r in mine.claim(PART)] == ["paid"]


def test_a_claimed_part_that_never_reached_the_disk_is_handed_out_again(out: Path) -> None:
    lost, stands = "tables/lost.parquet", "tables/stands.parquet"
    write_part(out, stands)
    for part, adopted in ((stands, 0), (lost, 1)):
        with other_run(out, part) as process:
            process.kill()
            process.wait()
        with opened(out, f"after-{adopted}") as mine:
            assert mine.adopt() == adopted
            assert len(mine.claim(f"tables/mine-{adopted}.parquet")) == adopted
        with closing(sqlite3.connect(out / "answers.db")) as db, db:
            db.execute("DELETE FROM calls")


def test_a_run_that_ended_without_publishing_leaves_its_records_to_the_next(out: Path) -> None:
    with opened(out, "one") as store:
        store.put("key", ANSWER, record("c1"))
        store.claim(PART)
    with opened(out, "two") as store:
        assert store.adopt() == 1
        assert store.claim("tables/two.parquet") == [record("c1")]


def test_a_rerun_gets_the_weights_version_of_the_first_run(out: Path) -> None:
    with opened(out, "one") as store:
        assert store.assign("news", "2026-03-01", ["h1", "h2"], 3, reassign=False) == {"h1": 3, "h2": 3}
        assert store.assign("news", "2026-03-01", ["h1", "new"], 4, reassign=False) == {"h1": 3, "new": 4}
        assert store.assign("news", "2026-03-02", ["h1"], 4, reassign=False) == {"h1": 4}
        assert store.assign("commerce", "2026-03-01", ["h1"], 5, reassign=False) == {"h1": 5}


def test_reassigning_fixes_the_newest_version(out: Path) -> None:
    with opened(out, "one") as store:
        store.assign("news", "2026-03-01", ["h1", "h2"], 3, reassign=False)
        assert store.assign("news", "2026-03-01", ["h1"], 7, reassign=True) == {"h1": 7}
        assert store.assign("news", "2026-03-01", ["h1", "h2"], 8, reassign=False) == {"h1": 7, "h2": 3}


@given(st.sets(st.integers(0, 3_000), max_size=1_200))
def test_any_number_of_documents_can_be_assigned(tmp_path_factory: pytest.TempPathFactory, numbers: set[int]) -> None:
    hashes = [f"h{n}" for n in numbers]
    with opened(tmp_path_factory.mktemp("out"), "one") as store:
        assert store.assign("news", "2026-03-01", hashes, 1, reassign=False) == dict.fromkeys(hashes, 1)


def test_one_run_cannot_be_opened_twice(out: Path) -> None:
    with opened(out, "one"), pytest.raises(UnderWay):
        Store(out, "one")


def test_only_a_damaged_store_is_to_be_moved_away_and_what_that_costs_is_said(out: Path) -> None:
    path = out / "answers.db"
    path.write_bytes(b"this is no database " * 100)
    with pytest.raises(PublishError, match=r"move it away .* not yet published are asked and paid for again") as e:
        Store(out, "one")
    assert str(path) in str(e.value)


def test_a_store_that_cannot_be_opened_or_is_locked_is_not_to_be_moved(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = out / "answers.db"
    path.mkdir()
    with pytest.raises(PublishError, match=r"answers\.db: .*cannot be opened") as e:
        Store(out, "one")
    assert "move" not in str(e.value)
    path.rmdir()
    monkeypatch.setattr(database, "LOCK_TIMEOUT_S", 0.05)
    with opened(out, "one") as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(PublishError, match=r"another process keeps it locked; .*fuser .*answers\.db") as e:
            store.put("key", ANSWER, record("c1"))
        assert "move" not in str(e.value)
        other.execute("ROLLBACK")
        store.put("key", ANSWER, record("c1"))  # the failed try left no transaction open


def test_what_is_on_its_way_when_the_disk_gets_full_is_stored_and_no_more_is_asked(out: Path) -> None:
    spare = out / "_staging" / "spare"
    with opened(out, "one") as store:
        assert spare.stat().st_size > 1_000_000
        db = store._db
        db.execute(f"PRAGMA max_page_count = {db.rows('PRAGMA page_count')[0][0] + 2}")  # SQLite then says "full"
        unlink, removed = Path.unlink, []

        def room(path: Path, missing_ok: bool = False) -> None:
            unlink(path, missing_ok)
            removed.append(path)
            db.execute("PRAGMA max_page_count = 1000000")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Path, "unlink", room)
            for k in range(40):
                store.put(f"k{k}", ["x" * 500], record(f"c{k}"))
        assert removed == [spare]
        with pytest.raises(PublishError, match="the disk is full; what was answered until then is stored; make room"):
            store.get("k0")
    with opened(out, "two") as store:
        assert all(store.get(f"k{k}") is not None for k in range(40))
        assert spare.exists()


def test_the_store_is_private(out: Path) -> None:
    (out / "answers.db").touch(0o644)
    with opened(out, "one") as store:
        store.put("key", ANSWER, record("c1"))
        assert {p.stat().st_mode & 0o777 for p in out.glob("answers.db*")} == {0o600}


def test_what_was_published_stays_so_when_its_part_is_deleted_by_hand(out: Path) -> None:
    with opened(out, "one") as store:
        assert store.is_empty()
        store.put("key", ANSWER, record("c1"))
        store.claim(PART)
        store.published(PART)
    with opened(out, "two") as store:
        assert not store.is_empty()
        assert store.adopt() == 0
        found = store.get("key")
        assert found is not None and found.published


def test_a_part_that_was_put_in_place_by_a_run_killed_before_it_was_noted_counts(out: Path) -> None:
    with opened(out, "one") as store:
        store.put("key", ANSWER, record("c1"))
        store.claim(PART)
    write_part(out, PART)
    with opened(out, "two"):
        (out / PART).unlink()
    with opened(out, "three") as store:
        assert store.adopt() == 0


def test_a_store_of_an_earlier_version_is_brought_up(out: Path) -> None:
    with closing(sqlite3.connect(out / "answers.db")) as db, db:
        db.execute("CREATE TABLE calls (call_id TEXT PRIMARY KEY, run_id TEXT NOT NULL, part TEXT, record TEXT)")
        rows = [("c1", PART), ("c2", "tables/never.parquet"), ("c3", None)]
        db.executemany("INSERT INTO calls VALUES (?, 'old', ?, '{}')", rows)
    write_part(out, PART)
    with opened(out, "one") as store:
        assert store.adopt() == 2
        assert len(store.claim("tables/mine.parquet")) == 2


def test_forgetting_removes_a_documents_answers_and_keeps_the_figures(out: Path) -> None:
    with opened(out, "one") as store:
        store.put("a", ANSWER, record("c1", "d") | {"reply": [["secret", [9], []]]})
        store.put("b", ANSWER, record("c2", "other"))
        assert forget_answers(out, "d") == 1
        assert store.get("a") is None
        assert store.get("b") is not None
        assert store.claim(PART) == [record("c1", "d"), record("c2", "other")]
    assert forget_answers(out / "nowhere", "d") == 0


@pytest.mark.parametrize("pair", ["A a", "e\u0301 \u00e9", "ß ss", "\u212b \u00c5", "a_b a%b", "x\\n x\\\\n"])
def test_of_two_ids_that_look_alike_one_is_forgotten(out: Path, pair: str) -> None:
    first, second = pair.split()
    with opened(out, "one") as store:
        for key, doc_id in (("a", first), ("b", second)):
            store.put(key, ANSWER, record(f"c-{key}", doc_id) | {"reply": [["secret", [9], []]]})
        assert forget_answers(out, first) == 1
        assert (store.get("a") is None, store.get("b") is None) == (True, False)


def test_a_damaged_store_is_named(out: Path) -> None:
    with opened(out, "one") as store:
        for k in range(2000):
            store.put(f"k{k}", ["x" * 100], {"call_id": f"c{k}", "doc_id": "d"})
    with (out / "answers.db").open("r+b") as f:
        f.seek(8192)
        f.write(b"\xff" * 40_000)
    with pytest.raises(PublishError, match=r"answers\.db: .*move it away"), opened(out, "two") as store:
        store.adopt()
        store.get("k1000")
