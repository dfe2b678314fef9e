"""`nightdesk forget`: a document is gone, and what went is told."""

import json
from pathlib import Path

from nightdesk.tasks.reading.formats.metadata import shortened
from nightdesk.tasks.tables import publish
from tests.flows.cli.typed import nightdesk
from tests.tasks.made import DAY, document, published, tables, work


def test_a_document_is_taken_back_and_where_it_stood_is_told(home: Path) -> None:
    out = home / "published"
    publish.publish(out, DAY, "run-1-1", tables(work(document("a", 3)), work(document("b", 2))))
    told = nightdesk(home, "forget", "a", "--out", "published", "--json")
    assert json.loads(told.stdout) == {
        "doc_id": "a", "dates": [DAY.isoformat()], "answers": 0, "sources": ["/in/a.txt"], "left": []
    }  # fmt: skip
    assert told.stderr.startswith("Remove it from /in/a.txt too: a run that begins from now on")
    assert {p["doc_id"] for p in published(out, "passages")} == {"b"}
    again = nightdesk(home, "forget", "a", "--out", "published")
    assert (again.returncode, again.stdout) == (2, "")


def test_what_is_left_is_named_and_the_exit_code_says_so(home: Path) -> None:
    out = home / "published"
    publish.publish(out, DAY, "run-1-1", tables(work(document("a", 3)), work(document("b", 2))))
    (out / "copy.txt").write_text("Sentence 1 of a.")
    told = nightdesk(home, "forget", "a", "--out", "published")
    assert told.returncode == 1
    assert "copy.txt (no file of nightdesk's): 1 of its sentences" in told.stderr
    assert told.stderr.splitlines()[-1].startswith("nightdesk: a: not all of it is gone")


def test_ids_that_look_alike_are_forgotten_one_by_one(home: Path) -> None:
    out, ids = home / "published", ["A", "a", "\u00e9", "e\u0301", "ß", "ss"]
    publish.publish(out, DAY, "run-1-1", tables(*(work(document(i, [f"This is the text of {i!a}."])) for i in ids)))
    for gone in ("a", "e\u0301", "ß"):
        assert nightdesk(home, "forget", gone, "--out", "published").returncode == 0
        ids.remove(gone)
        assert {p["doc_id"] for p in published(out, "passages")} == set(ids)


def test_a_long_id_is_forgotten_by_its_own_name_and_never_echoed_whole(home: Path) -> None:
    out, long = home / "published", "x" * 10_000
    publish.publish(out, DAY, "run-1-1", tables(work(document(shortened(long), 2)), work(document("b", 2))))
    assert nightdesk(home, "forget", long, "--out", "published").returncode == 0
    assert {p["doc_id"] for p in published(out, "passages")} == {"b"}
    again = nightdesk(home, "forget", long, "--out", "published")
    assert again.returncode == 2
    assert len(again.stderr) < 1_000
