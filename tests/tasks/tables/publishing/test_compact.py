"""Compaction: the same rows in fewer parts, for our own readers at any moment, and never where a run is at work."""

import os
import signal
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nightdesk.tasks.calling.answers.turns import at_work
from nightdesk.tasks.tables import publish, read
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.index.known_documents import KnownDocuments
from nightdesk.tasks.tables.publishing import compact as compacting
from nightdesk.tasks.tables.publishing.compact import Compacted, compact
from tests.tasks.killing import FORKS
from tests.tasks.made import DAY, Row, call, calls, document, files, parts, published, tables, work

NEXT_DAY = DAY + timedelta(days=1)


@pytest.fixture
def many(out: Path) -> Path:
    """Return an OUT with a date of four parts and one of two."""
    for day, names in ((DAY, ("ac", "bd", "ef", "g")), (NEXT_DAY, ("a", "b"))):
        for k, some in enumerate(names, 1):
            made = tables(*(work(document(n, 4)) for n in some)) | {"calls": calls(call(f"{day}-{k}"))}
            publish.publish(out, day, f"run-{day.day}-{k}", made)
    return out


def rows(out: Path) -> dict[str, list[Row]]:
    """Return all rows as our own readers see them, in the order of the keys."""
    names = (*publish.REPLACED, "calls")
    return {n: sorted(read.scan(out, n).to_pylist(), key=lambda r: [r["run_date"], *(r[k] for k in contract(n).key)])
            for n in names}  # fmt: skip


def test_the_parts_of_earlier_dates_become_one_a_table_in_order(many: Path) -> None:
    before = rows(many)
    assert list(compact(many, NEXT_DAY)) == [Compacted(DAY, 4, 1)]
    for table in publish.REPLACED:
        keys = [tuple(row[k] for k in contract(table).order) for row in published(many, table)]
        assert keys == sorted(keys)
        assert [len(parts(many, table, day)) for day in (DAY, NEXT_DAY)] == [1, 2]
    assert len(parts(many, "calls")) == 4  # the learner knows the attempts by their names
    assert rows(many) == before
    assert [f for f in files(many / "_staging") if not f.startswith(("dates/", "turns/"))] == []
    assert list(compact(many, NEXT_DAY)) == [Compacted(DAY, 1, 1)]


def test_a_part_grows_no_larger_than_memory_should(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = rows(many)
    sizes = [sum(parts(many, t)[k].stat().st_size for t in publish.REPLACED) for k in range(4)]
    monkeypatch.setattr(compacting, "MOST_BYTES", sizes[0] + sizes[1])
    assert [told.after for told in compact(many, NEXT_DAY)] == [2]
    assert rows(many) == before


def test_a_document_of_a_compacted_date_can_be_published_again_and_is_known(many: Path) -> None:
    list(compact(many, NEXT_DAY))
    with KnownDocuments(many) as known:
        assert {d.run_date for d in known.of_ids(["a"])} == {DAY, NEXT_DAY}
    publish.publish(many, DAY, "run-9-1", tables(work(document("a", 2)), work(document("z", 1))))
    assert sorted(d["doc_id"] for d in published(many, "documents")) == [*"abcdefg", "z"]
    assert sum(p["doc_id"] == "a" for p in published(many, "passages")) == 2


def test_a_date_that_a_run_is_at_work_on_is_left_out(many: Path) -> None:
    with at_work(many, DAY):
        found = list(compact(many, NEXT_DAY + timedelta(days=1)))
    assert found == [Compacted(DAY, 4, 4, is_busy=True), Compacted(NEXT_DAY, 2, 1)]
    assert [told.after for told in compact(many, NEXT_DAY)] == [1]  # once the run is over


def test_a_broken_part_is_named_and_stays_as_it_is(many: Path, caplog: pytest.LogCaptureFixture) -> None:
    broken = parts(many, "passages")[1]
    broken.write_bytes(b"broken")
    assert list(compact(many, NEXT_DAY)) == [Compacted(DAY, 4, 2)]
    assert f"{broken}: cannot be read" in caplog.text
    assert broken.read_bytes() == b"broken"
    assert [p.name for p in parts(many, "documents")] == ["run-1-1.parquet", broken.name]


def compact_and_die(out: Path, step: int) -> None:
    """Compact, and be killed just before the step-th of: the manifest, each move, each removal, that of staging."""
    left = step

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        if event == "os.rename" or (event in ("os.remove", "shutil.rmtree") and "tables" in str(arguments[0])):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    list(compact(out, NEXT_DAY))


@pytest.fixture
def killed(many: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    process = FORKS.Process(target=compact_and_die, args=(many, request.param))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    yield many


# Steps: the manifest; three moves; nine removals.
@pytest.mark.parametrize("killed", [1, 3, 5, 9, 13], indirect=True)
def test_a_compaction_that_was_killed_shows_every_document_once_and_is_finished_by_the_next(killed: Path) -> None:
    staged = publish.decided(killed)
    for table in publish.REPLACED:
        found = read.parts.read(killed, table, [DAY]).to_pylist()  # before anybody carries it out
        keys = [tuple(row[k] for k in contract(table).key) for row in found]
        assert len(set(keys)) == len(keys)
        assert {row["doc_id"] for row in found} == set("abcdefg")
    assert bool(staged.leaving) == bool(list((killed / "_staging").glob("*/manifest.json")))
    list(compact(killed, NEXT_DAY))
    assert len(parts(killed, "documents")) == 1
    assert sorted(d["doc_id"] for d in published(killed, "documents")) == list("abcdefg")
    assert [f for f in files(killed / "_staging") if not f.startswith(("dates/", "turns/"))] == []
