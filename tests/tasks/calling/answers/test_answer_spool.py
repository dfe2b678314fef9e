"""The run's side of the spool: what a dead run paid for is stored once, by the next run."""

import logging
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nightdesk.tasks.calling.answers import answer_spool
from nightdesk.tasks.calling.answers.answer_keys import Record
from nightdesk.tasks.calling.answers.answer_store import Store
from nightdesk.tasks.calling.answers.tombstones import bury
from nightdesk.tasks.config.pricing import TokenPrices
from nightdesk.tasks.errors import BadReply
from nightdesk.tasks.messages import Answer, Group, RoleRequest, Usage
from nightdesk.tasks.models.spool import write
from nightdesk.tasks.models.worker import CallResult

PRICES = TokenPrices(input=1.0, output=2.0)
REQUEST = RoleRequest("topic_finder", "en", ("The bridge is shut.", "It will open in May."))
USAGE = Usage(1_000_000, 0, 500_000)
ANSWER = Answer((Group("Bridge", (1, 2)),), USAGE)
PART = "tables/x.parquet"


@contextmanager
def opened(out: Path, run_id: str) -> Iterator[Store]:
    store = Store(out, run_id)
    try:
        yield store
    finally:
        store.close()


def record(call_id: str, doc_id: str = "d") -> Record:
    return {
        "call_id": call_id, "answer_key": f"key-{call_id}", "doc_id": doc_id, "role": "topic_finder", "valid": False,
        "cost_usd": 0.0, "error": None, "reply": None,
    }  # fmt: skip


def answered(store: Store, its: Record, reply: CallResult | None = None) -> Path:
    """Have a worker write an answer down that never gets to the store."""
    ticket = store.spool.ticket(its, PRICES)
    write(ticket, REQUEST, reply or CallResult(ANSWER, None, 1000.0, 2.5, "json_schema"))
    return Path(ticket.path)


def test_what_a_dead_run_paid_for_is_stored_once(out: Path) -> None:
    with opened(out, "one") as store:
        path = answered(store, record("c1"))
        for private in (path.parent, path.parent.parent):
            assert stat.S_IMODE(private.stat().st_mode) == 0o700
    with opened(out, "two") as store:
        assert store.adopt() == 1
        found = store.get("key-c1")
        assert found is not None
        assert found.answer == [["Bridge", [1, 2], []]]
        (kept,) = store.claim(PART)
        assert (kept["valid"], kept["cost_usd"], kept["input_tokens"], kept["latency_s"]) == (True, 2.0, 1_000_000, 2.5)
        assert store.adopt() == 0
    assert not path.exists()


def test_a_run_that_is_retried_under_its_id_takes_up_its_own(out: Path) -> None:
    for attempt in range(2):
        with opened(out, "one") as store:
            assert store.adopt() == attempt
            if not attempt:
                answered(store, record("c1"))
            assert (store.get("key-c1") is not None) == bool(attempt)


def test_an_answer_that_does_not_pass_the_format_checker_is_stored_as_such(out: Path) -> None:
    wrong = Answer((Group("Bridge", (1, 9)),), USAGE)
    with opened(out, "one") as store:
        answered(store, record("c1"), CallResult(wrong, None, 0.0, 0.0))
        answered(store, record("c2"), CallResult(None, BadReply("not JSON", "words", USAGE), 0.0, 0.0))
    with opened(out, "two") as store:
        store.adopt()
        first, second = store.claim(PART)
        assert "never shown" in first["error"]
        assert (second["error"], second["reply"], second["cost_usd"]) == ("not JSON", "words", 2.0)
        assert (found := store.get("key-c2")) is not None
        assert found.failed


def test_a_live_run_keeps_its_spool(out: Path) -> None:
    with opened(out, "one") as one, opened(out, "two") as two:
        path = answered(one, record("c1"))
        assert two.adopt() == 0
        assert path.exists()
        assert (found := one.spool.found(record("c1"))) is not None  # as when its worker is lost after it wrote
        assert found.answer == ANSWER
        one.spool.over(record("c1"))
        assert not path.exists()
    assert not path.parent.exists()


def test_a_call_that_was_given_up_is_booked_once_whatever_came_of_it(out: Path) -> None:
    with opened(out, "one") as store:
        answered(store, record("c1"))  # after the run had given it up
        store.record(record("c1") | {"cost_usd": 9.0, "error": "cancelled while under way"})
    with opened(out, "two") as store:
        assert store.adopt() == 1
        (kept,) = store.claim(PART)
        assert (kept["cost_usd"], kept["error"], kept["valid"]) == (2.0, None, True)
        assert store.get("key-c1") is not None


def test_what_was_stored_before_the_run_died_is_not_stored_again(out: Path) -> None:
    with opened(out, "one") as store:
        answered(store, record("c1"))
        store.put("key-c1", [["Bank", [1], []]], record("c1") | {"valid": True, "cost_usd": 0.5})
    with opened(out, "two") as store:
        assert store.adopt() == 1
        assert (found := store.get("key-c1")) is not None
        assert (found.answer, found.record["cost_usd"]) == ([["Bank", [1], []]], 0.5)


def test_a_file_that_cannot_be_read_is_named(out: Path, caplog: pytest.LogCaptureFixture) -> None:
    with opened(out, "one") as store:
        path = answered(store, record("c1"))
        path.write_bytes(path.read_bytes()[:100])
        answered(store, record("c2"))
    with opened(out, "two") as store, caplog.at_level(logging.WARNING, "nightdesk"):
        assert store.adopt() == 1
    assert str(path) in caplog.text
    assert "asked for again" in caplog.text


def test_an_old_folder_is_removed_and_a_new_one_waits_for_late_answers(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(out, "one") as store:
        path = answered(store, record("c1"))
    with opened(out, "two") as store:
        store.adopt()
        assert path.parent.exists()
        monkeypatch.setattr(answer_spool, "LATE_S", -1.0)
        store.adopt()
        assert not path.parent.exists()


def test_an_answer_about_a_document_that_was_forgotten_meanwhile_leaves_its_figures_alone(out: Path) -> None:
    wrong = CallResult(None, BadReply("not JSON", "words of the document", USAGE), 0.0, 0.0)
    with opened(out, "one") as store:
        late = [answered(store, record("c1")), answered(store, record("c2"), wrong)]
    bury(out, "d")  # before the worker has written them, so that nothing of them was found
    with opened(out, "two") as store:
        assert store.adopt() == 2
        assert store.get("key-c1") is store.get("key-c2") is None
        assert [(r["cost_usd"], r["reply"]) for r in store.claim(PART)] == [(2.0, None), (2.0, None)]
    assert not any(path.exists() for path in late)
