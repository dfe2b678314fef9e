"""The audit by itself, by the real Great Expectations in a process of its own."""

import logging
import multiprocessing
import os

import pyarrow as pa
import pytest

from nightdesk.tasks.errors import PublishError
from nightdesk.tasks.tables.audit import Auditor, Gone, auditor, warm
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.quarantine import clear
from tests.tasks.made import CATEGORIES, call, calls, document, tables, work


def test_an_audit_that_cannot_be_made_is_told(audits: Auditor) -> None:
    with pytest.raises(PublishError, match="table passages: the audit failed"):
        audits.audit("passages", tables(work(document("a", 2)))["passages"], {}, {})
    assert audits.audit("calls", calls(call("c1")), {}, {}).checked  # and the next one is made


def test_rows_and_tables_that_fail_are_told_apart_with_the_expectation_that_they_fail(audits: Auditor) -> None:
    wrong = calls(call("a"), call("b", propensity=0.0), call("c", propensity=1.5))
    report = audits.audit("calls", wrong, {}, {})
    assert (set(report.rows), report.whole) == ({1, 2}, ())
    assert all("propensity" in expectation for expectation in report.rows.values())
    doubled = audits.audit("calls", pa.concat_tables([calls(call("a"))] * 2), {}, {})
    assert any("call_id" in line for line in doubled.whole)


def test_a_process_that_has_ended_is_told_in_one_line() -> None:
    with auditor() as opened:
        assert opened.audit("calls", calls(call("a")), {}, {}).checked
        opened.hang_up()
        with pytest.raises(PublishError, match="table calls: the process that audits has ended"):
            opened.audit("calls", calls(call("a")), {}, {})


def test_the_process_ends_with_its_run() -> None:
    before = set(multiprocessing.active_children())
    warm()
    with auditor() as opened:
        (mine,) = set(multiprocessing.active_children()) - before  # the one that was warm: no second is started
        assert opened.audit("calls", calls(call("a")), {}, {}).checked
    assert not mine.is_alive()


def where(told: str) -> int:
    """Log a line and return the process that did; what is told to fail does."""
    if told == "fail":
        raise PublishError("the disk is full")
    if told == "fail so that it does not pickle":
        raise ValueError(lambda: told)
    logging.getLogger("nightdesk").warning("%s was seen", told)
    return os.getpid()


def test_what_is_done_in_the_process_is_told_here_with_what_it_logs(
    audits: Auditor, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "nightdesk"):
        assert audits.do(where, "a broken part") != os.getpid()
    assert "a broken part was seen" in caplog.messages
    with pytest.raises(PublishError, match="the disk is full"):
        audits.do(where, "fail")
    with pytest.raises(PublishError, match="ValueError: "):
        audits.do(where, "fail so that it does not pickle")
    assert audits.audit("calls", calls(call("a")), {}, {}).checked  # and it goes on


def test_whoever_asks_a_process_that_has_ended_can_do_it_itself() -> None:
    with auditor() as opened:
        opened.hang_up()
        with pytest.raises(Gone):
            opened.do(where, "nothing")


def test_each_table_of_a_batch_is_audited_by_all_that_its_contract_expects(audits: Auditor) -> None:
    batch = tables(work(document("a", 2))) | {"calls": calls(call("a")), "judgements": contract("judgements").build([])}
    for report in clear(batch, list(CATEGORIES), "run-1", audits.audit).reports:
        rules = contract(report.table)
        assert report.checked == len(rules.rows) + len(rules.whole)
