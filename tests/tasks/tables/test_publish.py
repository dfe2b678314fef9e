"""Publishing, as a reader of the tables sees it: whole, once, replaced by document, and safe from a kill anywhere."""

import threading
from collections import Counter
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import given
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


def test_a_date_keeps_the_number_of_parts_it_began_with(out: Path) -> None:
    names = [f"doc-{k}" for k in range(15)]
    for k, name in enumerate(names):
        publish_documents(out, work(document(name, 2)), part=f"run-{k}-1", buckets=3 if k == 0 else 7)
    again = work(document(names[5], 1))
    publish_documents(out, again, part="again-1", buckets=1)
    for table in publish.REPLACED:
        assert {p.name for p in parts(out, table)} == {"part-0.parquet", "part-1.parquet", "part-2.parquet"}
    assert sorted(doc_ids(out)) == sorted(names)
    assert Counter(doc_ids(out, "passages"))[names[5]] == 1


@given(st.text(), st.integers(1, 64))
def test_a_document_always_falls_into_the_same_of_the_parts(doc_id: str, buckets: int) -> None:
    assert 0 <= publish.bucket(doc_id, buckets) < buckets
    assert publish.bucket(doc_id, buckets) == publish.bucket(doc_id, buckets)


def test_calls_are_only_ever_added(out: Path) -> None:
    for run in ("run-1-1", "run-1-2", "run-2-1"):
        publish.publish(out, DAY, run, 1, tables(work(document("a", 2))) | {"calls": calls(call(f"of-{run}"))})
    assert [p.name for p in parts(out, "calls")] == ["run-1-1.parquet", "run-1-2.parquet", "run-2-1.parquet"]
    assert [c["call_id"] for c in published(out, "calls")] == ["of-run-1-1", "of-run-1-2", "of-run-2-1"]


def test_a_table_without_rows_leaves_no_part_but_for_calls(out: Path) -> None:
    empty = {"calls": calls(), "judgements": contract("judgements").build([])}
    publish.publish(out, DAY, "run-1-1", 1, tables(work(document("a", 2))) | empty)
    assert parts(out, "judgements") == []
    assert len(parts(out, "calls")) == 1  # its being there marks the store's records as published


def test_every_part_says_what_it_is_and_is_sorted_and_compressed(out: Path) -> None:
    works = [work(document(name, 5)) for name in ("b", "a", "c")]
    publish.publish(out, DAY, "run-1-1", 2, tables(*works) | {"calls": calls(call("y"), call("x"))})
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
        keys = [tuple(row[k] for k in contract(table).key) for row in file.read().to_pylist()]
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
        publish.publish(out, day, f"run-{day.day}-1", 1, made)
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
    publish_documents(whole, work(document("a", 4)), work(document("b", 6)), buckets=2)
    publish.publish(whole, DAY, f"{DEAD}-1", 2, made)
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
    publish.publish(out, DAY, "first-1", 1, versions[0] | {"calls": calls(call("c"))})
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
        publish.publish(out, DAY, f"again-{k}", 1, versions[(k + 1) % 2])
    over.set()
    reader.join()
    assert wrong == []
    assert reads


def test_publications_of_one_date_wait_for_each_other(out: Path) -> None:
    names = [f"doc-{k}" for k in range(8)]
    made = {name: tables(work(document(name, 2))) for name in names}
    threads = [threading.Thread(target=publish.publish, args=(out, DAY, f"run-{n}-1", 1, made[n])) for n in names]
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
                publish.publish(out, day, f"run-{day}-{k}", 1, made)
        except Exception as e:  # noqa: BLE001  (whatever it is, it is wrong)
            wrong.append(repr(e))

    threads = [threading.Thread(target=many, args=(date(2026, 3, d),)) for d in (1, 2, 3)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert wrong == []
