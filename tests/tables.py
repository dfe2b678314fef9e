"""Reading what a run published, as a user would."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

Row = dict[str, Any]


def rows(out: Path, table: str, run_date: str = "*") -> list[Row]:
    """Return the rows of a table in the order of its parts."""
    parts = sorted((out / "tables" / table).glob(f"run_date={run_date}/*.parquet"))
    return [row for part in parts for row in pq.ParquetFile(part).read().to_pylist()]


def but_for_run_id(table: Iterable[Row]) -> list[Row]:
    """Return rows without the column that says which run published them."""
    return [{k: v for k, v in row.items() if k != "run_id"} for row in table]


def stored_calls(out: Path) -> set[str]:
    """Return the ids of all calls that the answers' store knows."""
    with closing(sqlite3.connect(out / "answers.db")) as db:
        return {call_id for (call_id,) in db.execute("SELECT call_id FROM calls")}


def assert_ledger_is_complete(out: Path) -> None:
    """Every call that was paid for stands in `calls` exactly once, and no answer was computed twice."""
    calls = rows(out, "calls")
    assert len({c["call_id"] for c in calls}) == len(calls)
    paid = [c for c in calls if not c["from_cache"]]
    assert {c["call_id"] for c in paid} == stored_calls(out)
    answered = [c["answer_key"] for c in paid if c["error"] is None]
    assert len(set(answered)) == len(answered)


def assert_whole(out: Path, run_date: str, texts: dict[str, list[str]]) -> None:
    """Every sentence of every document stands in passages exactly once, unchanged and in order.

    texts: sentences by doc_id; none of a document that cannot be read.
    """
    got: dict[str, list[tuple[int, str]]] = {}
    for p in rows(out, "passages", run_date):
        got.setdefault(p["doc_id"], []).append((p["position"], p["text"]))
    assert got == {doc_id: list(enumerate(sentences, 1)) for doc_id, sentences in texts.items() if sentences}
    documents = rows(out, "documents", run_date)
    assert sorted(d["doc_id"] for d in documents) == sorted(texts)
    assert all(d["placed"] + d["unplaced"] == d["sentences"] == len(texts[d["doc_id"]]) for d in documents)
