"""Opening OUT: what killed runs left is taken over, and a store that has lost what was published is told of."""

from pathlib import Path

import pytest

from nightdesk.tasks.calling.answers.answer_store import Store
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reorganizing.opening import open_out
from nightdesk.tasks.tables import publish
from tests.tasks.killing import kill_a_publication
from tests.tasks.made import DAY, call, calls, document, published, tables, work


def test_what_a_killed_run_decided_is_published_and_what_it_paid_for_is_adopted(
    out: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kill_a_publication(out, step=4)
    dead = Store(out, "dead")
    dead.put("key", [], {"call_id": "c", "doc_id": "a"})
    dead.close()
    store = open_out(out, "run-1")
    assert {d["doc_id"] for d in published(out, "documents")} == {"a", "b", "g"}
    assert [r["call_id"] for r in store.claim("tables/part.parquet")] == ["c"]
    assert "store is empty" not in caplog.text
    store.close()


def test_an_empty_store_beside_published_calls_is_told_of(out: Path, caplog: pytest.LogCaptureFixture) -> None:
    open_out(out, "first").close()
    assert caplog.text == ""
    publish.publish(out, DAY, "run-1-1", tables(work(document("a", 2))) | {"calls": calls(call("c"))})
    open_out(out, "second").close()
    assert "the answers' store is empty, but calls were published before" in caplog.text


def test_an_out_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(InputError, match=r"out: cannot be written"):
        open_out(tmp_path / "out", "run-1")
