"""Forgetting a document: it leaves every table, the answers and the editions, also one that is still on its way."""

from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest

from nightdesk.tasks.calling.answers.answer_store import Store
from nightdesk.tasks.edition.pages import write_edition
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.forget import forget_document
from nightdesk.tasks.tables import publish
from nightdesk.tasks.tables.contracts import contract
from tests.tasks.killing import DEAD, kill_a_publication
from tests.tasks.made import DAY, call, calls, document, files, parts, published, tables, work

NEXT_DAY = date(2026, 3, 2)


@pytest.fixture
def full(out: Path) -> Path:
    """An OUT with two documents on two dates, a row of each in quarantine, and their answers in the store."""
    for day in (DAY, NEXT_DAY):
        quarantined = [
            {"table": "passages", "row": f'{{"text": "secret of {d}"}}', "expectation": "e", "doc_id": d, "run_id": "r"}
            for d in ("a", "b")
        ]
        made = tables(work(document("a", 4)), work(document("b", 3)))
        made |= {
            "calls": calls(call(f"a-{day}", "a"), call(f"b-{day}", "b")),
            "quarantine": contract("quarantine").build(quarantined),
        }
        publish.publish(out, day, f"run-{day.day}-1", 1, made)
    store = Store(out, "run-1")
    for k, doc_id in enumerate("aab"):
        store.put(f"key-{k}", [["secret title", [1], []]], {"call_id": f"c{k}", "doc_id": doc_id, "reply": "secret"})
    store.close()
    return out


def test_a_forgotten_document_leaves_tables_quarantine_and_answers(full: Path) -> None:
    assert forget_document(full, "a") == {"doc_id": "a", "dates": ["2026-03-01", "2026-03-02"], "answers": 2}
    for day in (DAY, NEXT_DAY):
        for table in ("passages", "topics", "documents", "quarantine"):
            assert {row["doc_id"] for row in published(full, table, day)} == {"b"}
            assert all(b"of a" not in part.read_bytes() for part in parts(full, table, day))
    store = Store(full, "run-2")
    assert [store.get(f"key-{k}") is not None for k in range(3)] == [False, False, True]
    store.close()


def test_the_ledger_of_a_forgotten_document_stays(full: Path) -> None:
    forget_document(full, "a")
    assert [c["doc_id"] for c in published(full, "calls")] == ["a", "b"]
    store = Store(full, "run-2")
    assert store.adopt() == 3
    assert [sorted(r) for r in store.claim("tables/x.parquet")] == [["call_id", "doc_id"]] * 2 + [
        ["call_id", "doc_id", "reply"]
    ]
    store.close()


def test_a_document_that_nobody_knows_is_named(full: Path) -> None:
    forget_document(full, "a")
    with pytest.raises(InputError, match=r"^a: no document of this id"):
        forget_document(full, "a")
    with pytest.raises(InputError, match="nobody"):
        forget_document(full, "nobody")


def test_a_forgotten_document_leaves_the_editions(full: Path) -> None:
    pages = [write_edition(full, day) for day in (DAY, NEXT_DAY)]
    assert all("Sentence 1 of a." in page.read_text() for page in pages)
    forget_document(full, "a")
    for page in pages:
        assert "of a." not in page.read_text()
        assert "Sentence 1 of b." in page.read_text()
    forget_document(full, "b")
    assert not any(page.parent.exists() for page in pages)
    assert "No edition yet." in (full / "editions" / "index.html").read_text()
    assert not any(b"Sentence" in f.read_bytes() for f in full.rglob("*") if f.suffix in (".html", ".json"))


def test_a_document_on_its_way_is_forgotten_too(out: Path) -> None:
    kill_a_publication(out, step=2)  # g is decided, not moved
    with suppress(InputError):
        forget_document(out, "g")
    publish.recover(out)
    assert "g" not in [d["doc_id"] for d in published(out, "documents")]


def test_what_a_killed_run_left_in_staging_is_removed_by_a_later_one(out: Path) -> None:
    kill_a_publication(out, step=1)
    forget_document(out, "b")
    publish.recover(out)
    publish.sweep_staging(out, lambda run: True)
    assert not [f for f in files(out) if f.startswith(f"_staging/{DEAD}-1/")]
