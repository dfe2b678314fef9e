"""Plain readers of a table's folder, in processes of their own that poll without pause while batches are published."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

from nightdesk.tasks.tables import publish
from tests.tasks.made import DAY, document, tables, work

READS = 25  # of each reader while batches are published
# Reads a folder until it is told to stop; prints how many reads failed, why, and the documents that it saw twice.
READER = """
import collections, json, pathlib, sys
kind, folder, told = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
if kind == "pandas":
    import pandas
    read = lambda: pandas.read_parquet(folder, columns=["doc_id"])["doc_id"].tolist()
elif kind == "pyarrow":
    import pyarrow.dataset
    dataset = lambda: pyarrow.dataset.dataset(folder, partitioning="hive")
    read = lambda: dataset().to_table(columns=["doc_id"])["doc_id"].to_pylist()
elif kind == "duckdb":
    import duckdb
    sql = f"SELECT doc_id, run_date FROM read_parquet('{folder}/**/*.parquet', hive_partitioning = true)"
    read = lambda: [row[0] for row in duckdb.sql(sql).fetchall()]
else:
    import polars
    read = lambda: polars.read_parquet(f"{folder}/**/*.parquet", columns=["doc_id"])["doc_id"].to_list()
failed, twice, seen, reads = [], set(), 0, 0
while not (told / "stop").exists():
    try:
        found = collections.Counter(read())
    except Exception as e:
        failed.append(repr(e)[:300])
    else:
        twice |= {doc_id for doc_id, number in found.items() if number > 1}
        if len(found) < seen:
            failed.append(f"{len(found)} documents after {seen}")
        seen = len(found)
    reads += 1
    (told / kind).write_text(str(reads))
print(json.dumps({"failed": failed, "twice": sorted(twice), "seen": seen}))
"""
KINDS = [k for k in ("pandas", "pyarrow", "duckdb", "polars") if importlib.util.find_spec(k)]


def reads(told: Path, kind: str) -> int:
    return int((told / kind).read_text() or 0) if (told / kind).exists() else 0


def test_no_read_fails_and_no_document_is_seen_twice_while_batches_are_published(out: Path, tmp_path: Path) -> None:
    told = tmp_path / "told"
    told.mkdir()
    publish.publish(out, DAY, "run-1-0", tables(work(document("first", 3))))
    read = [sys.executable, "-c", READER]
    where = [str(out / "tables" / "documents"), str(told)]
    readers = {kind: subprocess.Popen([*read, kind, *where], stdout=subprocess.PIPE, text=True) for kind in KINDS}
    batch, before = 0, dict[str, int]()
    try:
        while len(before) < len(KINDS) or any(reads(told, k) - before[k] < READS for k in KINDS):
            before |= {k: reads(told, k) for k in KINDS if k not in before and reads(told, k)}
            batch += 1
            made = tables(*(work(document(f"{batch}-{k}", 3)) for k in range(20)))
            publish.publish(out, DAY, f"run-1-{batch}", made)
            assert all(r.poll() is None for r in readers.values())
    finally:
        (told / "stop").touch()
        ended = {kind: r.communicate(timeout=60)[0] for kind, r in readers.items()}
    results = {kind: json.loads(said) for kind, said in ended.items()}
    assert {kind: (r["failed"], r["twice"]) for kind, r in results.items()} == {kind: ([], []) for kind in KINDS}
    assert all(r["seen"] > 1 for r in results.values())
    assert batch > 1
