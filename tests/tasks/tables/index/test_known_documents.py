"""The index of published documents: whatever happens to the parts, it says what the tables say, and what was pruned."""

import shutil
import stat
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.tasks.errors import PublishError
from nightdesk.tasks.reorganizing.document_state import Unreadable
from nightdesk.tasks.reorganizing.past_dates.standing import standing
from nightdesk.tasks.reorganizing.unfinished import Stood
from nightdesk.tasks.tables import publish
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.index.known_documents import KnownDocument, KnownDocuments, PublishedElsewhere
from tests.tasks.made import DAY, Row, document, parts, publish_documents, published, tables, work

NEXT_DAY, LAST_DAY = DAY + timedelta(days=1), DAY + timedelta(days=2)
IDS = ("a", "b", "c")


class Standing(NamedTuple):
    doc_id: str
    run_date: date
    content_hash: str


def indexed(out: Path) -> set[Standing]:
    with KnownDocuments(out) as known:
        return {Standing(d.doc_id, d.run_date, str(d.content_hash)) for d in known.of_ids(IDS)}


def documents_row(doc_id: str, version: int = 1) -> Row:
    return {
        "doc_id": doc_id, "source": "s", "content_hash": f"{doc_id}-{version}", "sentences": 1, "placed": 1,
        "unplaced": 0, "topics": 1, "status": "published", "run_id": "r",
    }  # fmt: skip


def in_part(part: Path) -> set[Standing]:
    day = date.fromisoformat(part.parent.name.removeprefix("run_date="))
    rows = pq.ParquetFile(part).read(["doc_id", "content_hash"]).to_pylist()
    return {Standing(row["doc_id"], day, row["content_hash"]) for row in rows}


class Tables:
    """Parts of `documents` as they come and go, and what was pruned of them."""

    def __init__(self, out: Path) -> None:
        self.out, self.pruned, self.number = out, dict[Path, set[Standing]](), 0
        (out / "aside").mkdir()

    def publish(self, day: date, doc_ids: list[str], length: int) -> None:
        self.number += 1
        rows = [documents_row(doc_id, length) for doc_id in doc_ids]
        made = {"documents": contract("documents").build(rows)}
        publish.publish(self.out, day, f"r{self.number}-1", made)

    def remove(self, day: date) -> None:
        for part in parts(self.out, "documents", day)[:1]:
            part.replace(self.out / "aside" / f"{day}-{part.name}")

    def restore(self, day: date) -> None:
        for kept in sorted((self.out / "aside").glob(f"{day}-*"))[:1]:
            part = self.out / publish.table_folder("documents", day) / kept.name.removeprefix(f"{day}-")
            if not part.exists():
                part.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(kept, part)
                kept.unlink()
                self.pruned.pop(part, None)  # it stands again

    def prune(self, day: date) -> None:
        for part in parts(self.out, "documents", day):
            self.pruned[part] = in_part(part)
        with KnownDocuments(self.out, []) as known:
            known.mark_pruned(day)
        shutil.rmtree(self.out / publish.table_folder("documents", day), ignore_errors=True)

    def standing(self) -> set[Standing]:
        there = sorted((self.out / "tables" / "documents").glob("*/*.parquet"))
        return set().union(*(in_part(p) for p in there), *(self.pruned[p] for p in self.pruned if p not in there))


DAYS = st.sampled_from([DAY, NEXT_DAY, LAST_DAY])
STEPS = st.one_of(
    st.tuples(st.just("publish"), DAYS, st.lists(st.sampled_from(IDS), min_size=1, unique=True), st.integers(1, 2)),
    st.tuples(st.sampled_from(["remove", "restore", "prune"]), DAYS),
    st.just(("look",)),
)


@settings(max_examples=25)
@given(steps=st.lists(STEPS, max_size=12))
def test_whatever_happens_the_index_says_what_the_tables_say_and_what_was_pruned(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, ...]]
) -> None:
    out = tmp_path_factory.mktemp("out")
    made = Tables(out)
    for name, *values in steps:
        indexed(out) if name == "look" else getattr(made, name)(*values)
    assert indexed(out) == made.standing()
    assert indexed(out) == made.standing()


def test_a_document_is_known_from_other_dates_and_from_runs_of_its_own_that_are_named(out: Path) -> None:
    for doc_id, day, run in (("a", DAY, "r1"), ("b", NEXT_DAY, "r2"), ("c", NEXT_DAY, "r3"), ("d", LAST_DAY, "r4")):
        publish_documents(out, work(document(doc_id, 2)), part=f"{run}-1", day=day)
    publish.publish(out, DAY, "r1-2", tables(run_id="r1", unreadable=(Unreadable("bad", "/in/bad.txt", "odd"),)))
    pairs = [(name, document(name, 2).content_hash) for name in "abcd"]
    pairs += [("a", document("a", 3).content_hash), ("bad", "")]
    with KnownDocuments(out) as known:
        assert known.published(pairs, NEXT_DAY) == {pairs[0]}  # one that could not be read may have been mended
        assert known.published(pairs, NEXT_DAY, later=True) == {pairs[0], pairs[3]}
        assert known.published(pairs, NEXT_DAY, runs=frozenset({"r2"})) == {pairs[0], pairs[1]}
        assert known.published(pairs, DAY) == set()
        assert known.published([], LAST_DAY) == set()


def test_the_parts_are_named_in_which_documents_stand_and_can_be_found(out: Path) -> None:
    publish_documents(out, work(document("a", 2)))
    publish_documents(out, work(document("a", 2)), part="run-2-1", day=NEXT_DAY)
    publish.publish(out, DAY, "run-1-1", tables(work(document("b", 2)), unreadable=(Unreadable("bad", "/", "odd"),)))
    with KnownDocuments(out, [DAY]) as known:
        found = known.parts_of(DAY, ["a", "b", "bad", "none"])
        assert found.keys() == {"a", "b", "bad"}
        folder = out / publish.table_folder("documents", DAY)
        for doc_id, names in found.items():
            assert [doc_id] == [s.doc_id for n in names for s in in_part(folder / n) if s.doc_id == doc_id]
        known.mark_pruned(DAY)
        shutil.rmtree(folder)
        assert known.parts_of(DAY, ["a", "b", "bad"]) == {}
        assert {d.doc_id for d in known.of_ids(["a", "b"])} == {"a", "b"}


def test_more_ids_than_one_question_takes(out: Path) -> None:
    names = [f"doc-{k}" for k in range(1_203)]
    publish.publish(out, DAY, "r-1", {"documents": contract("documents").build(map(documents_row, names))})
    with KnownDocuments(out) as known:
        assert len(known.published([(n, f"{n}-1") for n in names], NEXT_DAY)) == len(names)
        assert len(known.parts_of(DAY, names)) == len(names)


def test_documents_of_which_a_part_was_lost_are_found_by_profile(out: Path) -> None:
    made = tables(work(document("a", 2)), work(document("b", 2)))
    rows = [
        row | {"failed": int(row["doc_id"] == "a"), "taken_up": ["2026-03-04"]} for row in made["documents"].to_pylist()
    ]
    publish.publish(out, DAY, "r-1", made | {"documents": contract("documents").build(rows)})
    with KnownDocuments(out) as known:
        (found,) = known.unfinished(DAY, "news")
        assert isinstance(found, KnownDocument)
        assert (found.doc_id, found.lost, found.taken_up) == ("a", 1, ("2026-03-04",))
        assert known.unfinished(DAY, "commerce") == known.unfinished(NEXT_DAY, "news") == []


def test_a_part_of_an_earlier_version_is_known_too(out: Path) -> None:
    publish_documents(out, work(document("a", 2)))
    (part,) = parts(out, "documents")
    pq.write_table(pq.ParquetFile(part).read().drop_columns(["failed", "unpaid", "taken_up", "profile"]), part)
    assert {d.doc_id for d in indexed(out)} == {"a"}


def test_a_broken_part_is_named_and_known_as_soon_as_it_is_restored_in_place(
    out: Path, caplog: pytest.LogCaptureFixture
) -> None:
    publish_documents(out, work(document("a", 2)))
    publish_documents(out, work(document("b", 2)), part="run-2-1", day=NEXT_DAY)
    (part,) = parts(out, "documents")
    whole = part.read_bytes()
    part.write_bytes(whole[:100])
    assert {d.doc_id for d in indexed(out)} == {"b"}
    assert str(part) in caplog.text
    part.write_bytes(whole)
    assert {d.doc_id for d in indexed(out)} == {"a", "b"}


def test_a_look_opens_no_part_that_it_has_read(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: Counter[date] = Counter()
    read = pq.ParquetFile

    def counted(path: Path) -> pq.ParquetFile:
        opened[date.fromisoformat(Path(path).parent.name.removeprefix("run_date="))] += 1
        return read(path)

    for day in (DAY, NEXT_DAY):
        publish_documents(out, work(document("a", 2)), day=day)
    monkeypatch.setattr(pq, "ParquetFile", counted)
    indexed(out)
    indexed(out)
    assert opened == {DAY: 1, NEXT_DAY: 1}
    with monkeypatch.context() as m:
        m.setattr(pq, "ParquetFile", read)
        publish_documents(out, work(document("b", 2)), part="run-2-1", day=NEXT_DAY)
    opened.clear()
    indexed(out)
    assert opened.keys() == {NEXT_DAY}


def test_a_forgotten_document_leaves_what_is_known_of_pruned_dates(out: Path) -> None:
    publish_documents(out, work(document("a secret name", 2)), work(document("b", 2)))
    with KnownDocuments(out) as other, KnownDocuments(out) as known:
        known.mark_pruned(DAY)
        shutil.rmtree(out / "tables" / "documents")
        assert known.forget("a secret name") == 1
        assert other.of_ids(["a secret name"]) == []
        assert [p.name for p in out.glob("index.db*") if b"a secret name" in p.read_bytes()] == []
    assert {d.doc_id for d in indexed(out)} == {"b"}


# --- the file ---


def test_the_index_is_its_owners_alone(out: Path) -> None:
    publish_documents(out, work(document("a", 2)))
    indexed(out)
    assert {stat.S_IMODE(p.stat().st_mode) for p in out.glob("index.db*")} == {0o600}


def test_where_nothing_was_published_nothing_is_made(tmp_path: Path) -> None:
    assert indexed(tmp_path) == indexed(tmp_path / "none") == set()
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_index_is_made_anew(out: Path, caplog: pytest.LogCaptureFixture) -> None:
    publish_documents(out, work(document("a", 2)))
    indexed(out)
    (out / "index.db").write_bytes(b"no database at all" * 1000)
    assert {d.doc_id for d in indexed(out)} == {"a"}
    assert "damaged" in caplog.text
    assert (out / "index.db.damaged").exists()


@pytest.mark.parametrize("first_page", [1, 8])
def test_an_index_that_turns_out_to_be_damaged_is_made_anew(out: Path, first_page: int) -> None:
    ids = [f"d{k}" for k in range(300)]
    publish_documents(out, *(work(document(doc_id, 1)) for doc_id in ids))
    with KnownDocuments(out):
        pass
    pages = bytearray((out / "index.db").read_bytes())
    for at in range(4096 * first_page, len(pages), 4096):
        pages[at : at + 2000] = b"\xff" * 2000
    (out / "index.db").write_bytes(pages)
    with KnownDocuments(out) as known:
        assert {d.doc_id for d in known.of_ids(ids)} == set(ids)
    with KnownDocuments(out) as known:
        assert len(known.of_ids(ids)) == len(ids)
    assert (out / "index.db.damaged").exists()


def test_a_forgotten_document_is_known_while_its_part_could_not_be_rewritten(out: Path) -> None:
    publish_documents(out, work(document("a", 3)), work(document("b", 3)), part="run-1-1")
    with KnownDocuments(out) as known:
        assert known.forget("a") == 1
    publish_documents(out, work(document("a", 4)), part="run-2-1")
    assert Counter(row["doc_id"] for row in published(out, "documents")) == {"a": 1, "b": 1}


def test_a_link_that_leads_out_is_refused(out: Path, tmp_path: Path) -> None:
    publish_documents(out, work(document("a", 2)))
    (tmp_path / "elsewhere.db").touch()
    (out / "index.db").unlink(missing_ok=True)
    (out / "index.db").symlink_to(tmp_path / "elsewhere.db")
    with pytest.raises(PublishError, match="leads out of"):
        indexed(out)
    assert (tmp_path / "elsewhere.db").read_bytes() == b""


def test_an_index_that_cannot_be_opened_is_done_without(out: Path) -> None:
    publish_documents(out, work(document("a", 2)))
    (out / "index.db").unlink(missing_ok=True)
    (out / "index.db").mkdir()
    assert {d.doc_id for d in indexed(out)} == {"a"}


def test_no_table_is_lost_on_the_way_to_the_index(out: Path) -> None:
    """Rows come from the table alone, so an index that is removed is whole again after one look."""
    for k, day in enumerate((DAY, NEXT_DAY, LAST_DAY)):
        publish_documents(out, work(document("a", k + 1)), work(document("b", 2)), day=day)
    before = indexed(out)
    for path in out.glob("index.db*"):
        path.unlink()
    assert indexed(out) == before
    assert len(before) == 6


def test_what_a_run_looks_documents_up_in_is_closed_with_it(out: Path) -> None:
    publish_documents(out, work(document("a", 2)), day=DAY)

    def opened() -> int:
        links = [str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.is_symlink()]
        return sum(link.startswith(str(out / "index.db")) for link in links)

    elsewhere, stood, standing_ = PublishedElsewhere(out, NEXT_DAY), Stood(out, "", DAY), standing(out)
    assert opened()
    for lookup in (elsewhere, stood, standing_):
        lookup.close()
    assert opened() == 0
