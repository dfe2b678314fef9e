"""Publishing, as a reader of the tables sees it: whole, once, replaced by document, and safe from a kill anywhere."""

import shutil
import threading
from collections import Counter
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.tasks.tables import publish
from nightdesk.tasks.tables.contracts import contract
from tests.tasks.killing import DEAD, kill_a_publication
from tests.tasks.made import (
    DAY,
    Row,
    call,
    calls,
    document,
    files,
    parts,
    publish_documents,
    published,
    tables,
    work,
)

NEXT_DAY = date(2026, 3, 2)
BATCH = st.tuples(st.lists(st.sampled_from("abcdef"), min_size=1, unique=True), st.integers(1, 3))


def state(out: Path) -> dict[str, list[Row]]:
    """Return everything that is published for the day, in the order of the keys."""
    names = (*publish.REPLACED, "calls")
    return {n: sorted(published(out, n), key=lambda row: [row[k] for k in contract(n).key]) for n in names}


def doc_ids(out: Path, table: str = "documents", day: date = DAY) -> list[str]:
    return [row["doc_id"] for row in published(out, table, day)]


def test_a_document_is_replaced_and_the_others_stay(out: Path) -> None:
    publish_documents(out, work(document("a", 4)), work(document("b", 6)), part="run-1-1")
    publish_documents(out, work(document("b", 3)), work(document("c", 2)), part="run-2-1")
    assert Counter(doc_ids(out, "passages")) == {"a": 4, "b": 3, "c": 2}
    assert Counter(doc_ids(out, "topics")) == {"a": 2, "b": 1, "c": 1}
    assert {d["doc_id"]: d["run_id"] for d in published(out, "documents")} == {"a": "run-1", "b": "run-2", "c": "run-2"}


def test_dates_are_apart(out: Path) -> None:
    publish_documents(out, work(document("a", 4)))
    publish_documents(out, work(document("a", 3)), part="run-2-1", day=NEXT_DAY)
    assert len(published(out, "passages", DAY)) == 4
    assert len(published(out, "passages", NEXT_DAY)) == 3


def test_every_batch_adds_a_part_and_leaves_the_others_as_they_are(out: Path) -> None:
    publish_documents(out, work(document("a", 4)), part="run-1-1")
    before = {part: part.stat().st_ino for table in publish.REPLACED for part in parts(out, table)}
    publish_documents(out, work(document("b", 6)), work(document("c", 2)), part="run-1-2")
    assert {part: part.stat().st_ino for part in before} == before
    for table in publish.REPLACED:
        assert [p.name for p in parts(out, table)] == ["run-1-1.parquet", "run-1-2.parquet"]


def test_a_document_is_replaced_in_the_part_in_which_it_stands(out: Path) -> None:
    for k, names in enumerate(("ab", "cd", "ef"), 1):
        publish_documents(out, *(work(document(n, 4)) for n in names), part=f"run-1-{k}")
    untouched = {part: part.stat().st_ino for table in publish.REPLACED for part in parts(out, table)[2:]}
    publish_documents(out, *(work(document(n, 2)) for n in "bdg"), part="run-2-1")
    assert {part: part.stat().st_ino for part in untouched} == untouched
    held = {p.name: pq.ParquetFile(p).read()["doc_id"].to_pylist() for p in parts(out, "documents")}
    assert held == {
        "run-1-1.parquet": ["a", "b"], "run-1-2.parquet": ["c", "d"], "run-1-3.parquet": ["e", "f"],
        "run-2-1.parquet": ["g"],
    }  # fmt: skip
    assert Counter(doc_ids(out, "passages")) == dict.fromkeys("acef", 4) | dict.fromkeys("bdg", 2)


def test_parts_of_an_earlier_version_are_rewritten_where_a_document_is_published_again(out: Path) -> None:
    publish_documents(out, work(document("a", 4)), work(document("b", 4)), part="run-1-1")
    for table in publish.REPLACED:
        for part in parts(out, table):
            part.replace(part.with_name("part-0.parquet"))
    publish_documents(out, work(document("b", 2)), work(document("c", 2)), part="run-2-1")
    assert [p.name for p in parts(out, "passages")] == ["part-0.parquet", "run-2-1.parquet"]
    assert Counter(doc_ids(out, "passages")) == {"a": 4, "b": 2, "c": 2}


def test_a_document_that_stands_twice_stands_once_when_it_is_published_again(out: Path) -> None:
    publish_documents(out, work(document("a", 4)), part="run-1-1")
    for table in publish.REPLACED:
        for part in parts(out, table):
            shutil.copy(part, part.with_name("by-hand.parquet"))
    publish_documents(out, work(document("a", 2)), part="run-2-1")
    assert Counter(doc_ids(out, "passages")) == {"a": 2}
    assert doc_ids(out) == ["a"]


def test_what_is_left_of_documents_whose_part_was_removed_does_not_stay_beside_what_is_published(
    out: Path, caplog: pytest.LogCaptureFixture
) -> None:
    publish_documents(out, work(document("a", 4)), part="run-1-1")
    publish_documents(out, work(document("b", 4)), part="run-1-2")
    (out / publish.table_folder("documents", DAY) / "run-1-1.parquet").unlink()
    publish_documents(out, work(document("a", 2)), part="run-2-1")
    assert Counter(doc_ids(out, "passages")) == {"a": 2, "b": 4}
    assert sorted(doc_ids(out)) == ["a", "b"]
    assert "run-1-1.parquet: it was removed" in caplog.text
    assert len(list((out / "_staging" / "broken").rglob("*run-1-1.parquet"))) == 2


@settings(max_examples=20)
@given(
    batches=st.lists(
        st.tuples(st.lists(st.sampled_from("abcdef"), min_size=1, unique=True), st.integers(1, 3)),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_is_published_again_every_document_stands_once_and_as_it_was_published_last(
    tmp_path_factory: pytest.TempPathFactory, batches: list[tuple[list[str], int]]
) -> None:
    out, last = tmp_path_factory.mktemp("out"), dict[str, int]()
    for k, (names, length) in enumerate(batches):
        publish_documents(out, *(work(document(n, length)) for n in names), part=f"run-{k}-1")
        last |= dict.fromkeys(names, length)
    assert sorted(doc_ids(out)) == sorted(last)
    assert Counter(doc_ids(out, "passages")) == last


def test_calls_are_only_ever_added(out: Path) -> None:
    for run in ("run-1-1", "run-1-2", "run-2-1"):
        publish.publish(out, DAY, run, tables(work(document("a", 2))) | {"calls": calls(call(f"of-{run}"))})
    assert [p.name for p in parts(out, "calls")] == ["run-1-1.parquet", "run-1-2.parquet", "run-2-1.parquet"]
    assert [c["call_id"] for c in published(out, "calls")] == ["of-run-1-1", "of-run-1-2", "of-run-2-1"]


def test_a_table_without_rows_leaves_no_part_but_for_calls(out: Path) -> None:
    empty = {"calls": calls(), "judgements": contract("judgements").build([])}
    publish.publish(out, DAY, "run-1-1", tables(work(document("a", 2))) | empty)
    assert parts(out, "judgements") == []
    assert len(parts(out, "calls")) == 1  # its being there marks the store's records as published


def test_every_part_says_what_it_is_and_is_sorted_and_compressed(out: Path) -> None:
    works = [work(document(name, 5)) for name in ("b", "a", "c")]
    publish.publish(out, DAY, "run-1-1", tables(*works) | {"calls": calls(call("y"), call("x"))})
    publish_documents(out, work(document("aa", 4)), part="run-2-1")
    written = [(table, part) for table in (*publish.REPLACED, "calls") for part in parts(out, table)]
    assert len(written) == 7
    for table, part in written:
        file = pq.ParquetFile(part)
        assert file.schema_arrow.remove_metadata().equals(contract(table).schema.remove_metadata())
        assert contract(table).schema.metadata.items() <= file.schema_arrow.metadata.items()
        assert "run_date" not in file.schema_arrow.names
        groups = [file.metadata.row_group(k) for k in range(file.metadata.num_row_groups)]
        assert {g.column(k).compression for g in groups for k in range(g.num_columns)} == {"ZSTD"}
        keys = [tuple(row[k] for k in contract(table).order) for row in file.read().to_pylist()]
        assert keys == sorted(keys)


def test_all_dates_can_be_read_at_once_by_their_folder(out: Path) -> None:
    publish_documents(out, work(document("a", 4)))
    publish_documents(out, work(document("b", 3)), part="run-2-1", day=NEXT_DAY)
    rows = duckdb.sql(
        "SELECT run_date::VARCHAR, doc_id, count(*) "
        f"FROM read_parquet('{out}/tables/passages/**/*.parquet', hive_partitioning = true) GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    assert rows == [("2026-03-01", "a", 4), ("2026-03-02", "b", 3)]
    assert pq.read_table(out / "tables" / "topics").num_rows == 3


def test_nothing_is_left_in_staging(out: Path) -> None:
    publish_documents(out, work(document("a", 4)))
    assert {f for f in files(out) if not f.startswith("tables/")} <= {f"_staging/dates/{DAY}.lock"}


def test_a_withdrawn_document_leaves_all_tables_of_its_date(out: Path) -> None:
    for day in (DAY, NEXT_DAY):
        quarantined = [
            {"table": "passages", "row": "{}", "expectation": "e", "doc_id": doc_id, "run_id": "r"}
            for doc_id in ("a", "b", None)
        ]
        made = tables(work(document("a", 4)), work(document("b", 4)))
        made |= {"calls": calls(call("c1", "a")), "quarantine": contract("quarantine").build(quarantined)}
        publish.publish(out, day, f"run-{day.day}-1", made)
    publish.withdraw(out, DAY, "a")
    for table in publish.REPLACED:
        assert set(doc_ids(out, table)) == {"b"}
        assert set(doc_ids(out, table, NEXT_DAY)) == {"a", "b"}
    assert sorted(map(str, doc_ids(out, "quarantine"))) == ["None", "b"]
    assert [c["doc_id"] for c in published(out, "calls")] == ["a"]
    publish.withdraw(out, DAY, "b")
    assert doc_ids(out) == []
    publish_documents(out, work(document("a", 2)), part="run-9-1")
    assert doc_ids(out) == ["a"]


# --- kills ---


# Before: the manifest; the calls; topics, passages and documents, two parts each; the removal of staging.
STEPS = range(2, 10)


def test_a_publication_killed_before_its_manifest_never_happened(out: Path) -> None:
    kill_a_publication(out, step=1)
    publish.recover(out)
    assert set(doc_ids(out)) == {"a", "b"}
    assert Counter(doc_ids(out, "passages")) == {"a": 4, "b": 6}
    assert parts(out, "calls") == []
    publish.sweep_staging(out, lambda run: run == DEAD)
    assert not (out / "_staging" / f"{DEAD}-1").exists()


@pytest.mark.parametrize("step", STEPS)
def test_a_publication_killed_after_its_manifest_is_carried_out(out: Path, tmp_path: Path, step: int) -> None:
    made = kill_a_publication(out, step)
    for table in publish.REPLACED:
        keys = [tuple(row[k] for k in contract(table).key) for row in published(out, table)]
        assert len(set(keys)) == len(keys)
    publish.sweep_staging(out, lambda run: run == DEAD)  # must not take what was decided
    publish.recover(out)
    whole = tmp_path / "whole"
    publish_documents(whole, work(document("a", 4)), work(document("b", 6)))
    publish.publish(whole, DAY, f"{DEAD}-1", made)
    assert state(out) == state(whole)
    assert not (out / "_staging" / f"{DEAD}-1").exists()
    publish.recover(out)
    assert state(out) == state(whole)


def test_the_next_publication_of_the_date_carries_out_a_killed_one_first(out: Path) -> None:
    kill_a_publication(out, step=5)
    publish_documents(out, work(document("b", 2)), part="run-3-1")
    assert Counter(doc_ids(out, "passages")) == {"a": 4, "b": 2, "g": 3}
    assert [c["call_id"] for c in published(out, "calls")] == ["paid"]


def test_a_manifest_that_was_never_completed_is_left_alone(out: Path) -> None:
    folder = out / "_staging" / f"{DEAD}-1"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text('{"run_da')
    publish.recover(out)
    assert (folder / "manifest.json").exists()


def test_sweeping_takes_one_runs_staging_and_no_others(out: Path) -> None:
    for name in (f"{DEAD}-1", f"{DEAD}-2", "live-1"):
        (out / "_staging" / name).mkdir(parents=True)
    publish.sweep_staging(out, lambda run: run == DEAD)
    assert [p.name for p in (out / "_staging").iterdir()] == ["live-1"]


# --- readers ---


def test_a_reader_never_sees_a_document_twice_or_half_a_part(out: Path) -> None:
    texts = {n: [f"Version {n}, sentence {k}." for k in range(n)] for n in (3, 5)}
    versions = [tables(work(document("a", texts[n])), run_id=f"run-{n}") for n in (3, 5)]
    publish.publish(out, DAY, "first-1", versions[0] | {"calls": calls(call("c"))})
    over, wrong, reads = threading.Event(), [], 0

    def read() -> None:
        nonlocal reads
        while not over.is_set() or not reads:
            try:
                documents, passages = published(out, "documents"), published(out, "passages")
                assert [d["doc_id"] for d in documents] == ["a"]
                assert [p["text"] for p in passages] in texts.values()
                assert len({p["run_id"] for p in passages}) == 1
                assert len({p["topic_id"] for p in passages}) <= len(published(out, "topics")) + 1
                reads += 1
            except Exception as e:  # noqa: BLE001  (whatever a reader meets)
                wrong.append(repr(e))
                return

    reader = threading.Thread(target=read)
    reader.start()
    for k in range(30):
        publish.publish(out, DAY, f"again-{k}", versions[(k + 1) % 2])
    over.set()
    reader.join()
    assert wrong == []
    assert reads


def test_publications_of_one_date_wait_for_each_other(out: Path) -> None:
    names = [f"doc-{k}" for k in range(8)]
    made = {name: tables(work(document(name, 2))) for name in names}
    threads = [threading.Thread(target=publish.publish, args=(out, DAY, f"run-{n}-1", made[n])) for n in names]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(doc_ids(out)) == names
    assert Counter(doc_ids(out, "passages")) == dict.fromkeys(names, 2)


def test_publications_of_two_dates_do_not_trip_over_each_other(out: Path) -> None:
    wrong, made = [], tables(work(document("a", 2)))

    def many(day: date) -> None:
        try:
            for k in range(150):
                publish.publish(out, day, f"run-{day}-{k}", made)
        except Exception as e:  # noqa: BLE001  (whatever it is, it is wrong)
            wrong.append(repr(e))

    threads = [threading.Thread(target=many, args=(date(2026, 3, d),)) for d in (1, 2, 3)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert wrong == []
