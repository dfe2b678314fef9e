"""The audit, by the real Great Expectations, and what becomes of what fails it."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.errors import AuditFailed
from nightdesk.tasks.reorganizing.document_state import Filed, FoundTopic, Lost, Unreadable
from nightdesk.tasks.tables.audit import Auditor
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.quarantine import Cleared, clear, in_spans
from tests.tasks.made import CATEGORIES, Row, call, calls, document, tables, work

LEDGER = {"calls": calls(call("c1")), "judgements": contract("judgements").build([])}


def cleared(audits: Auditor, made: dict[str, pa.Table]) -> Cleared:
    return clear(made, list(CATEGORIES), "run-1", audits.audit)


def rows(result: Cleared, table: str) -> list[Row]:
    found: list[Row] = result.tables[table].to_pylist()
    return found


def assert_adds_up(result: Cleared, lengths: dict[str, int]) -> None:
    """Every sentence is there once, and what documents and topics count is what passages hold."""
    passages = rows(result, "passages")
    assert [(p["doc_id"], p["position"]) for p in passages] == [
        (doc, k) for doc, n in sorted(lengths.items()) for k in range(1, n + 1)
    ]
    placed = Counter(p["doc_id"] for p in passages if p["category"] != "unplaced")
    of_topic = Counter(p["topic_id"] for p in passages if p["topic_id"])
    for d in rows(result, "documents"):
        assert (d["sentences"], d["placed"]) == (lengths[d["doc_id"]], placed[d["doc_id"]])
        assert d["placed"] + d["unplaced"] == d["sentences"]
        assert d["topics"] == sum(t["doc_id"] == d["doc_id"] for t in rows(result, "topics"))
    assert {t["topic_id"]: t["sentences"] for t in rows(result, "topics")} == of_topic


def test_right_tables_pass_as_they_are(audits: Auditor) -> None:
    made = tables(work(document("a", 7)), work(document("b", 4))) | LEDGER
    result = cleared(audits, made)
    assert {name: result.tables[name] for name in made} == made
    assert len(result.tables["quarantine"]) == 0
    assert {r.table for r in result.reports} == {"passages", "topics", "documents", "calls", "judgements"}
    assert all(r.checked and not r.rows and not r.whole for r in result.reports)


def test_sentences_filed_wrongly_are_quarantined_and_unplaced(audits: Auditor) -> None:
    w, wrong = work(document("a", 7)), {2: ("gossip", 0.9), 4: ("", 0.9), 5: ("facts", 1.5), 7: ("facts", -0.1)}
    for position, (category, confidence) in wrong.items():
        w.filed[0][position - 1] = Filed(category, confidence, "static")
    result = cleared(audits, tables(w, work(document("b", 4))))
    why = dict.fromkeys((2, 4), "expect_column_values_to_be_in_set(category)")
    why |= dict.fromkeys((5, 7), "expect_column_values_to_be_between(confidence)")
    kept = [(q, json.loads(q["row"])) for q in rows(result, "quarantine")]
    assert {(q["table"], q["doc_id"], q["run_id"]) for q, _ in kept} == {("passages", "a", "run-1")}
    assert {row["position"]: q["expectation"] for q, row in kept} == why
    assert {row["position"]: (row["category"], row["confidence"]) for _, row in kept} == wrong
    lost = [p for p in rows(result, "passages") if p["category"] == "unplaced"]
    assert {p["position"]: p["reason"] for p in lost} == {k: f"failed the audit: {e}" for k, e in why.items()}
    for p in lost:
        assert (p["doc_id"], p["text"]) == ("a", f"Sentence {p['position']} of a.")
        assert (p["topic_id"], p["topic"], p["confidence"]) == (None, None, None)
    assert_adds_up(result, {"a": 7, "b": 4})
    assert sum(len(r.rows) for r in result.reports) == 4


def test_a_topic_with_an_endless_title_goes_and_its_sentences_are_unplaced(audits: Auditor) -> None:
    w = work(document("a", 7))
    w.found[0] = (w.found[0][0], FoundTopic("x" * 121, (4,), "static"), w.found[0][2])
    result = cleared(audits, tables(w))
    (q,) = rows(result, "quarantine")
    assert (q["table"], q["expectation"]) == ("topics", "expect_column_value_lengths_to_be_between(title)")
    unplaced = {p["position"]: p["reason"] for p in rows(result, "passages") if p["category"] == "unplaced"}
    assert unplaced == dict.fromkeys((4, 5, 6), "failed the audit: expect_column_value_lengths_to_be_between(title)")
    assert [t["title"] for t in rows(result, "topics")] == ["Topic 0 of a", "Topic 2 of a"]
    assert_adds_up(result, {"a": 7})


def test_a_document_may_lose_its_only_topic(audits: Auditor) -> None:
    w = work(document("a", 3))
    w.found[0] = (FoundTopic("", (1,), "static"),)
    result = cleared(audits, tables(w))
    assert rows(result, "topics") == []
    assert_adds_up(result, {"a": 3})


def test_several_failures_of_several_documents_are_all_told(audits: Auditor) -> None:
    a, b = work(document("a", 7)), work(document("b", 4))
    a.filed[0][0] = Filed("gossip", 0.9, "static")
    a.filed[0][6] = Filed("facts", 7.0, "static")
    b.found[0] = (FoundTopic("y" * 500, (1,), "static"), b.found[0][1])
    result = cleared(audits, tables(a, b) | {"calls": calls(call("good"), call("bad", propensity=0.0))})
    assert Counter(q["table"] for q in rows(result, "quarantine")) == {"passages": 2, "topics": 1, "calls": 1}
    assert [c["call_id"] for c in rows(result, "calls")] == ["good"]
    assert_adds_up(result, {"a": 7, "b": 4})


def test_a_batch_in_which_nothing_was_placed_passes(audits: Auditor) -> None:
    w = work(document("a", 3))
    w.placed[0], w.not_located[0] = {}, Lost("topic_finder: no answer within 120 s", "models")
    w.filed[0], w.not_organized[0] = {}, Lost("content_organizer: no answer within 120 s", "models")
    result = cleared(audits, tables(w))
    assert {p["reason"] for p in rows(result, "passages")} == {"topic_finder: no answer within 120 s"}
    assert_adds_up(result, {"a": 3})


def test_a_batch_of_unreadable_documents_passes(audits: Auditor) -> None:
    result = cleared(audits, tables(unreadable=(Unreadable("bad", "/in/bad.txt", "not UTF-8"),)))
    assert [(d["doc_id"], d["status"]) for d in rows(result, "documents")] == [("bad", "unreadable")]


def change_first(table: str, **values: Any) -> Callable[[dict[str, pa.Table]], pa.Table]:
    """Return what changes columns of a table's first row."""

    def change(made: dict[str, pa.Table]) -> pa.Table:
        first, *others = made[table].to_pylist()
        return contract(table).build([first | values, *others])

    return change


@pytest.mark.parametrize(
    ("table", "change", "said"),
    [
        ("passages", lambda m: pa.concat_tables([m["passages"], m["passages"].slice(2, 1)]), "doc_id, position"),
        ("passages", lambda m: m["passages"].slice(1), "row_count"),
        ("passages", change_first("passages", position=99), "in_document"),
        ("topics", change_first("topics", spans=[{"first": 1, "last": 1}]), "spans_exist"),
        ("documents", change_first("documents", placed=3), "adds_up"),
        ("calls", lambda m: pa.concat_tables([m["calls"]] * 2), "call_id"),
    ],
)
def test_tables_that_do_not_add_up_are_withheld(audits: Auditor, table: str, change: Any, said: str) -> None:
    made = tables(work(document("a", 7))) | (LEDGER if table in LEDGER else {})
    with pytest.raises(AuditFailed, match="the batch is withheld, nothing of it was published") as e:
        cleared(audits, made | {table: change(made)})
    assert str(e.value).startswith(f"table {table}: ")
    assert said in str(e.value)


def test_a_row_that_cannot_be_mended_withholds_the_batch(audits: Auditor) -> None:
    made = tables(work(document("a", 7)))
    with pytest.raises(AuditFailed, match="rows still fail"):
        cleared(audits, made | {"passages": change_first("passages", text=None)(made)})


SPANS = st.lists(st.tuples(st.integers(1, 12), st.integers(0, 4)), max_size=4)


@given(
    st.dictionaries(st.sampled_from("xyz"), SPANS, min_size=1),
    st.lists(st.sampled_from([None, "w", *"xyz"]), min_size=1, max_size=20),
)
def test_a_topic_s_sentences_in_its_spans_are_counted_once_whatever_the_spans(
    spans: dict[str, list[tuple[int, int]]], of: list[str | None]
) -> None:
    given_spans = {t: [{"first": first, "last": first + more} for first, more in s] for t, s in spans.items()}
    columns = contract("topics").schema
    topics = pa.table(
        {"topic_id": list(given_spans), "spans": pa.array(list(given_spans.values()), columns.field("spans").type)}
    )
    passages = pa.table(
        {"topic_id": pa.array(of, pa.string()), "position": pa.array(range(1, len(of) + 1), pa.int32())}
    )
    expected = [
        sum(t == name and any(s["first"] <= k <= s["last"] for s in its) for k, t in enumerate(of, 1))
        for name, its in given_spans.items()
    ]
    assert in_spans(topics, passages).to_pylist() == expected
