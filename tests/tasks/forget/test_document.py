"""Forgetting a document: it leaves every table, the answers and the editions, also one that is still on its way."""

import dataclasses
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nightdesk.tasks.calling.answers.answer_store import Store
from nightdesk.tasks.edition.pages import edition_path, write_edition
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.forget import places
from nightdesk.tasks.forget.document import forget_document
from nightdesk.tasks.reading import pasted_text
from nightdesk.tasks.reading.fetching import kept_answers
from nightdesk.tasks.reading.fetching.kept_answers import Answer
from nightdesk.tasks.reading.fetching.terms import Fetching
from nightdesk.tasks.reorganizing.document_state import Batch
from nightdesk.tasks.reorganizing.run import Run
from nightdesk.tasks.tables import publish
from nightdesk.tasks.tables.contracts import contract
from tests.tasks.house import House
from tests.tasks.killing import DEAD, kill_a_publication
from tests.tasks.made import DAY, call, calls, document, files, parts, published, tables, work

NEXT_DAY = date(2026, 3, 2)
SECRET = ["The heron knocked at the lighthouse twice.", "Nobody opened; it was the night of <the> storm."]


def files_with(out: Path, texts: list[str]) -> set[str]:
    """Return every file below OUT in which one of some sentences stands, in whatever form."""
    return {
        path.relative_to(out).as_posix()
        for path in out.rglob("*")
        if path.is_file() and any(text in written for written in _written(path) for text in texts)
    }


def _written(path: Path) -> Iterator[str]:
    yield path.read_bytes().decode("utf-8", "replace").replace("&lt;", "<").replace("&gt;", ">")
    if path.suffix == ".parquet":
        for column in pq.ParquetFile(path).read().columns:
            if pa.types.is_string(column.type):
                yield "\n".join(t or "" for t in column.to_pylist())


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
        publish.publish(out, day, f"run-{day.day}-1", made)
    store = Store(out, "run-1")
    for k, doc_id in enumerate("aab"):
        store.put(f"key-{k}", [["secret title", [1], []]], {"call_id": f"c{k}", "doc_id": doc_id, "reply": "secret"})
    store.close()
    return out


def test_a_forgotten_document_leaves_tables_quarantine_and_answers(full: Path) -> None:
    told = forget_document(full, "a")
    assert told == {
        "doc_id": "a", "dates": ["2026-03-01", "2026-03-02"], "answers": 2, "sources": ["/in/a.txt"], "left": []
    }  # fmt: skip
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


@pytest.fixture
def everywhere(out: Path) -> Path:
    """An OUT in which the sentences of document `a` stand in every place that keeps text."""
    secret = json.dumps({"text": SECRET[0]})
    quarantined = [{"table": "passages", "row": secret, "expectation": "e", "doc_id": "a", "run_id": "r"}]
    for day in (DAY, NEXT_DAY):
        made = tables(work(document("a", SECRET)), work(document("b", 3)))
        made |= {"quarantine": contract("quarantine").build(quarantined)}
        publish.publish(out, day, f"run-{day.day}-1", made)
        write_edition(out, day)
    store = Store(out, "run-1")
    store.put("key", [[SECRET[1], [1], []]], {"call_id": "c", "doc_id": "a", "reply": SECRET[0]})
    store.close()
    (out / "pasted").mkdir()
    (out / "pasted" / "a.txt").write_text(" ".join(SECRET))
    for folder, name, text in (
        ("_staging/spool/run-0", "c.json", json.dumps({"record": {"doc_id": "a"}, "reply": SECRET[0]})),
        ("_staging/spool/run-0", "d.json", json.dumps({"ticket": json.dumps({"doc_id": "a"}), "reply": SECRET[1]})),
        ("_staging/withdraw-0", "passages-part-0.parquet", SECRET[0]),
    ):
        (out / folder).mkdir(parents=True, exist_ok=True)
        (out / folder / name).write_text(text)
    kept_answers.keep(
        Fetching(out=out),
        Answer("\n".join(SECRET).encode(), "text/plain", "", "http://one.test/a", '"1"', may_keep=True),
    )
    aside = out / "_staging" / "broken" / "2026-02-01-0"
    aside.mkdir(parents=True)
    pq.write_table(
        tables(work(document("a", SECRET)), work(document("b", 3)))["passages"], aside / "passages-part-0.parquet"
    )
    assert len(files_with(out, SECRET)) >= 13
    return out


def test_no_file_below_out_has_a_sentence_of_a_forgotten_document(everywhere: Path) -> None:
    told = forget_document(everywhere, "a")
    assert (told["left"], told["answers"]) == ([], 1)
    assert files_with(everywhere, SECRET) == set()
    for day in (DAY, NEXT_DAY):
        assert [d["doc_id"] for d in published(everywhere, "documents", day)] == ["b"]
        assert "Sentence 1 of b." in edition_path(everywhere, day).read_text()


@pytest.mark.parametrize("step", range(len(places.PLACES) + 1))
def test_a_forget_that_was_killed_is_repeated(everywhere: Path, step: int) -> None:
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        cut = dataclasses.replace(places.PLACES[0], clear=_killed)
        patch.setattr(places, "PLACES", (*places.PLACES[:step], cut))
        forget_document(everywhere, "a")
    assert forget_document(everywhere, "a")["left"] == []
    assert files_with(everywhere, SECRET) == set()


def _killed(it: object) -> None:
    raise KeyboardInterrupt


def test_what_cannot_be_read_is_named_and_the_rest_is_forgotten(everywhere: Path) -> None:
    (broken,) = parts(everywhere, "passages", DAY)
    broken.write_bytes(broken.read_bytes()[:-50])
    (everywhere / "answers.db").write_bytes(b"no database " * 100)
    (everywhere / "notes.txt").write_text(f"Seen: {SECRET[0]}")
    left = "\n".join(forget_document(everywhere, "a")["left"])
    assert f"{broken}: cannot be read; restore it and forget again, or remove it" in left
    assert "answers.db: file is not a database" in left
    assert "notes.txt (no file of nightdesk's): 1 of its sentences" in left
    assert files_with(everywhere, SECRET) - {broken.relative_to(everywhere).as_posix()} == {"notes.txt"}
    for name in (broken, everywhere / "answers.db", everywhere / "notes.txt"):
        name.unlink()
    assert forget_document(everywhere, "a")["left"] == []


def test_a_sentence_that_another_document_has_too_is_not_left_of_this_one(out: Path) -> None:
    publish.publish(out, DAY, "run-1-1", tables(work(document("a", SECRET)), work(document("b", SECRET))))
    write_edition(out, DAY)
    assert forget_document(out, "a")["left"] == []
    assert SECRET[0] in edition_path(out, DAY).read_text()


def test_what_is_forgotten_while_a_run_is_under_way_is_neither_published_nor_stored(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    others = "The council met on Monday. It voted for the bridge. The mayor was not there."
    (house.source / "a.txt").write_text(" ".join(SECRET))
    (house.source / "b.txt").write_text(others)
    check = Run.check

    async def forgotten_meanwhile(run: Run, batch: Batch) -> None:
        assert forget_document(house.out, "a")["answers"] > 0
        await check(run, batch)

    with monkeypatch.context() as patch:
        patch.setattr(Run, "check", forgotten_meanwhile)
        run = house.night("00000000-0000-4000-8000-000000000001")
    assert "a: forgotten while this run was under way; not published" in caplog.text
    assert (run.totals.documents, run.totals.sentences) == (1, 3)
    assert files_with(house.out, SECRET) == set()
    assert [d["doc_id"] for d in published(house.out, "documents")] == ["b"]
    # A run that begins later reads what its source still has.
    house.night("00000000-0000-4000-8000-000000000002")
    assert sorted(d["doc_id"] for d in published(house.out, "documents")) == ["a", "b"]


def test_private_places_are_private(out: Path) -> None:
    pasted_text.keep(out, " ".join(SECRET), "a")
    kept_answers.keep(Fetching(out=out), Answer(b"Secret.", "", "", "http://one.test/a", '"1"', may_keep=True))
    store = Store(out, "run-1")
    store.put("key", [], {"call_id": "c", "doc_id": "a"})
    for place in (p for p in places.PLACES if p.private):
        for path in out.glob(place.pattern):
            assert path.stat().st_mode & 0o077 == 0, f"{path}: {place.what}"
    for folder in ("pasted", kept_answers.FOLDER):
        assert (out / folder).stat().st_mode & 0o077 == 0
    store.close()
