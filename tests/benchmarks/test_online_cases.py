"""What the benchmarks of following conclude from what a reader sees, from a server's log, from ids before and after."""

import time
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pytest

from benchmarks.online_cases.paid import paid_twice
from benchmarks.online_cases.seeing import Prober, counted, delays, waited
from benchmarks.online_cases.ticks import changes
from benchmarks.online_cases.writing import Growing, Writer, lines_of


def seen(*rows: tuple[str, int, str]) -> pa.Table:
    """Return rows of passages: doc_id, position, chunk_id."""
    names = ("doc_id", "position", "chunk_id")
    kinds = {"doc_id": pa.string(), "position": pa.int64(), "chunk_id": pa.string()}
    return pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)), schema=pa.schema(kinds))


def test_sentences_are_counted_by_stream_and_by_whether_they_are_settled() -> None:
    table = seen(
        ("a@2026-03-01", 1, "a@2026-03-01/c00000"),
        ("a@2026-03-01", 2, "a@2026-03-01/open"),
        ("a@2026-03-02", 1, "a@2026-03-02/open"),
        ("b@c@2026-03-01", 1, "b@c@2026-03-01/c00000"),
    )
    assert counted(table) == ({"a": 3, "b@c": 1}, {"a": 1, "b@c": 1})
    assert counted(table.slice(0, 0)) == ({}, {})


def test_a_prober_notes_each_sentence_once_when_it_is_first_seen_as_provisional_and_as_settled(tmp_path: Path) -> None:
    files = [Growing(tmp_path / f"s{k}.txt", list(islice(lines_of(k), 10)), 0.01) for k in range(2)]
    writer = Writer(files, tmp_path / "arrivals.jsonl").start()
    streams = [file.path.stem for file in files]

    def read(_: Path) -> pa.Table:
        arrivals = writer.arrivals()
        rows = [
            (f"{stream}@2026-03-01", k + 1, "x/c0" if k < 4 and writer.is_over else "x/open")
            for stream in streams
            for k in range(len(arrivals.get(stream, ())))
        ]
        return seen(*rows) if rows else seen(("", 0, "")).slice(0, 0)

    with Prober(tmp_path, read, every_s=0.01) as prober:
        prober.wait(lambda: writer.is_over and prober.shown() == 20 and prober.filed() == 8, 60.0, lambda: None)
    assert [file.path.read_text("utf-8").splitlines() for file in files] == [list(file.sentences) for file in files]
    assert len(delays(writer.arrivals(), prober.provisional)) == 20
    assert min(delays(writer.arrivals(), prober.provisional)) >= 0
    for stream in streams:
        assert all(p <= s for p, s in zip(prober.provisional[stream], prober.settled[stream], strict=False))


def test_who_waits_for_a_prober_is_told_why_nothing_comes(tmp_path: Path) -> None:
    def fail(_: Path) -> pa.Table:
        raise OSError("no disk")

    with Prober(tmp_path, fail, every_s=0.01) as prober, pytest.raises(OSError, match="no disk"):
        prober.wait(lambda: False, 60.0, lambda: None)
    with Prober(tmp_path, lambda _: seen(("a@2026-03-01", 1, "x"))) as prober, pytest.raises(TimeoutError):
        prober.wait(lambda: False, 0.0, lambda: time.sleep(0.01))


def test_delays_are_those_of_sentences_that_were_seen() -> None:
    assert delays({"a": [1.0, 2.0, 3.0], "b": [1.0]}, {"a": [4.0, 4.5]}) == [3.0, 2.5]
    assert waited([3.0, 1.0, 2.0, 4.0], 0.5) == 3.0
    assert waited([], 0.95) == float("inf")


@pytest.mark.parametrize(
    ("first", "second", "kills", "told"),
    [
        pytest.param((1, 2, 200, None), (10, 11, 200, None), [9.0], (1, 1), id="stored long before the kill"),
        pytest.param((1, 8.5, 200, None), (10, 11, 200, None), [9.0], (1, 0), id="on its way when it was killed"),
        pytest.param((1, 8.5, 200, None), (8.6, 8.9, 200, None), [], (1, 1), id="nobody was killed"),
        pytest.param((1, 5, 200, None), (2, 6, 200, None), [], (0, 0), id="asked again before it was answered"),
        pytest.param((1, 2, 499, None), (10, 11, 200, None), [9.0], (0, 0), id="never sent"),
        pytest.param((1, 2, 200, "cut"), (10, 11, 200, None), [9.0], (0, 0), id="of no use"),
    ],
)
def test_answers_that_are_sold_twice(
    first: tuple[object, ...], second: tuple[object, ...], kills: list[float], told: tuple[int, int]
) -> None:
    log = [dict(zip(("at", "done", "status", "fault"), its, strict=True), body="q") for its in (first, second)]
    assert paid_twice(log, kills) == told


def test_ids_that_change_count_where_no_merge_led_over() -> None:
    before = {1: ("t1", "s1", True), 2: ("t2", "s2", True), 3: ("t3", "s3", False), 4: ("t4", "s4", True)}
    after = {1: ("t1", "s1", True), 2: ("t1", "s1", True), 3: ("t5", "s5", True), 4: ("t4", "s9", True)}
    settled, guessed = changes("", [before, after], {"t2": "t1"})
    assert (settled["value"], settled["met"]) == (1, "no")  # the fourth
    assert guessed["value"] == 1.0  # the third
