"""The audit of rounds: by the contracts themselves; what fails is in quarantine, its sentence unplaced, and no more."""

import json
from pathlib import Path
from unittest.mock import patch

import pytest

from nightdesk.tasks.config.profile import UNPLACED
from nightdesk.tasks.errors import AuditFailed
from nightdesk.tasks.following.journal import Journal
from nightdesk.tasks.following.publishing import held_rounds
from nightdesk.tasks.following.publishing.closing_day import close_date
from nightdesk.tasks.following.publishing.open_table import replace_open
from nightdesk.tasks.tables import read
from nightdesk.tasks.tables.audit import audit
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.publish import REPLACED
from nightdesk.tasks.tables.quarantine import clear
from tests.tasks.following.publishing.settling import RUN, Row, Stream, check, held_in, open_rows, publish_all, rows
from tests.tasks.made import CATEGORIES, DAY

BAD = {"category": "gossip"}


def passage(out: Path, position: int) -> Row:
    (row,) = [r for r in rows(out, "passages") if r["position"] == position]
    return row


def quarantined(out: Path) -> list[tuple[str, str]]:
    return [(r["table"], r["expectation"]) for r in rows(out, "quarantine")]


def test_whole_rounds_pass_and_are_looked_at_with_what_stands_before_them(out: Path) -> None:
    talk, other = Stream("talk", lambda p: p % 3), Stream("other")
    with Journal(out, "news") as journal:
        held_in(journal, talk.settle(10), other.settle(4))
        held_in(journal, talk.settle(10, merge=(2, 1)))
        held_in(journal, talk.settle(0), other.settle(4))
        published = publish_all(out, journal, audit)
    assert [r.sentences for r in published] == [14, 10, 4]
    assert not any(report.rows or report.whole for r in published for report in r.reports)
    assert {report.table for report in published[0].reports} == {"passages", "topics", "documents"}
    check(out, [talk, other])
    assert not rows(out, "quarantine")


def test_a_passage_that_fails_is_unplaced_and_stays_so_in_later_rounds(out: Path) -> None:
    talk = Stream("talk", lambda p: 0)
    with Journal(out, "news") as journal:
        held_in(journal, talk.settle(6, changes={3: BAD, 6: BAD}))
        (first,) = publish_all(out, journal, audit)
        check(out, [talk])
        held_in(journal, talk.settle(4))
        publish_all(out, journal, audit)
    check(out, [talk])
    assert first.refused == 2
    assert passage(out, 3)["category"] == UNPLACED
    assert passage(out, 3)["reason"].startswith("failed the audit: expect_column_values_to_be_in_set(category)")
    (topic,) = rows(out, "topics")
    assert (topic["sentences"], topic["spans"][0]) == (8, {"first": 1, "last": 2})
    assert [name for name, _ in quarantined(out)] == ["passages"] * 2
    assert json.loads(rows(out, "quarantine")[0]["row"])["category"] == "gossip"


def test_a_topic_that_fails_loses_its_sentences_and_comes_in_once_it_passes(out: Path) -> None:
    talk = Stream("talk", lambda p: 0 if p % 2 else 1)
    talk.titles[talk.topic_id(1)] = "x" * 121
    with Journal(out, "news") as journal:
        held_in(journal, talk.settle(4))
        publish_all(out, journal, audit)
        check(out, [talk])
        assert [r["topic_id"] for r in rows(out, "topics")] == [talk.topic_id(0)]
        held_in(journal, talk.settle(3))
        publish_all(out, journal, audit)
        check(out, [talk])
        talk.titles[talk.topic_id(1)] = "Short"
        held_in(journal, talk.settle(5))
        publish_all(out, journal, audit)
    check(out, [talk])
    (topic,) = [r for r in rows(out, "topics") if r["title"] == "Short"]
    assert topic["first_position"] == 8
    assert [name for name, _ in quarantined(out)] == ["topics"] * 2


def test_a_topic_that_stands_keeps_its_earlier_row_when_it_fails(out: Path) -> None:
    talk = Stream("talk", lambda p: 0)
    with Journal(out, "news") as journal:
        held_in(journal, talk.settle(4))
        publish_all(out, journal, audit)
        talk.titles[talk.topic_id(0)] = ""
        held_in(journal, talk.settle(4))
        publish_all(out, journal, audit)
    check(out, [talk])
    (topic,) = rows(out, "topics")
    assert (topic["title"], topic["sentences"]) == ("Topic 0 of talk", 4)


def test_a_document_that_fails_as_a_whole_is_unplaced_and_the_others_go_on(out: Path) -> None:
    talk, other = Stream("talk", lambda p: 0), Stream("other", lambda p: 0)
    with Journal(out, "news") as journal:
        held_in(journal, talk.settle(5))
        publish_all(out, journal, audit)
        wrong = talk.settle(5)
        wrong.topics[0]["sentences"] = 99  # type: ignore[index]
        held_in(journal, wrong, other.settle(5))
        publish_all(out, journal, audit)
        check(out, [talk, other])
        held_in(journal, talk.settle(5))
        publish_all(out, journal, audit)
    check(out, [talk, other])
    its = [r for r in rows(out, "passages") if r["doc_id"] == talk.doc_id and r["category"] == UNPLACED]
    assert [r["position"] for r in its] == [6, 7, 8, 9, 10]
    assert "spans_exist" in its[0]["reason"]


def test_missing_or_doubled_sentences_withhold_the_round(out: Path) -> None:
    talk = Stream("talk")
    with Journal(out, "news") as journal:
        its = talk.settle(5)
        its.passages[2]["position"] = 2  # type: ignore[index]
        held_in(journal, its)
        with pytest.raises(AuditFailed, match="1 to 5"):
            publish_all(out, journal, audit)
        assert held_rounds.next_round(journal.db, DAY) is not None
    assert not rows(out, "passages")


def test_a_round_that_is_published_twice_is_in_quarantine_once(out: Path) -> None:
    talk = Stream("talk", lambda p: 0)
    with Journal(out, "news") as journal:
        held_in(journal, talk.settle(6, changes={3: BAD}))
        with (
            patch.object(held_rounds, "mark_published", side_effect=KeyboardInterrupt),
            pytest.raises(KeyboardInterrupt),
        ):
            publish_all(out, journal, audit)
        publish_all(out, journal, audit)
    check(out, [talk])
    assert len(quarantined(out)) == 1


def test_what_was_closed_passes_the_audit_of_whole_documents(out: Path) -> None:
    talk, other = Stream("talk", lambda p: p % 5), Stream("other", lambda p: p % 4)
    with patch.object(held_rounds, "OPEN_ROWS", 12), Journal(out, "news") as journal:
        for k in range(5):
            held_in(journal, talk.settle(9, merge=(k, 1), changes={4: BAD}), other.settle(3))
            publish_all(out, journal, audit)
    close_date(out, DAY, RUN, "a1")
    audit_as_whole(out)
    check(out, [talk, other])


def audit_as_whole(out: Path) -> None:
    """Audit what stands as a night audits its batches."""
    tables = {t: contract(t).build(read.scan(out, t).drop_columns(["run_date"]).to_pylist()) for t in REPLACED}
    reports = clear(tables, list(CATEGORIES), RUN, audit).reports
    assert not any(r.rows or r.whole for r in reports)


def test_provisional_rows_that_fail_are_unplaced_and_doubled_ones_leave_the_earlier_part(out: Path) -> None:
    its = [dict(p) for p in Stream("talk").settle(5, changes={2: BAD | {"start_s": -1.0}}).passages]
    assert replace_open(out, DAY, "news", open_rows(its), audit, CATEGORIES) == 5
    (bad,) = [r for r in rows(out, "passages_open") if r["category"] == UNPLACED]
    assert (bad["position"], bad["topic_id"]) == (2, None)
    assert bad["reason"].startswith("failed the audit: ")
    with pytest.raises(AuditFailed, match="unique"):
        replace_open(out, DAY, "news", open_rows([*its, its[0]]), audit, CATEGORIES)
    assert len(rows(out, "passages_open")) == 5
