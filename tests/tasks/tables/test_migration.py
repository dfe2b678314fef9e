"""An OUT of version 0.1.0 is brought to what this version writes; plain readers then see every column."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from nightdesk.tasks.errors import PublishError
from nightdesk.tasks.tables import migration, read
from nightdesk.tasks.tables.contracts import TABLES, contract

OLD = Path(__file__).parents[2] / "fixtures" / "out-0.1.0"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A copy of the old OUT."""
    return Path(shutil.copytree(OLD, tmp_path / "out"))


def parts(out: Path) -> list[Path]:
    return sorted((out / "tables").glob("*/run_date=*/*.parquet"))


def rows(out: Path) -> dict[str, list[dict[str, Any]]]:
    return {table: read.scan(out, table).to_pylist() for table in TABLES}


def with_duckdb(folder: Path) -> list[str]:
    import duckdb

    return duckdb.sql(f"select * from read_parquet('{folder}/**/*.parquet', hive_partitioning=true)").columns


def with_pandas(folder: Path) -> list[str]:
    return list(pd.read_parquet(folder).columns)


def with_dask(folder: Path) -> list[str]:
    import dask.dataframe as dd

    return list(dd.read_parquet(folder).columns)


@pytest.mark.parametrize("columns_of", [with_pandas, with_duckdb, with_dask])
def test_a_column_that_came_later_is_seen_by_plain_readers(out: Path, columns_of: Callable[[Path], list[str]]) -> None:
    wanted = {*contract("documents").schema.names, "run_date"}
    assert not wanted <= set(columns_of(out / "tables" / "documents"))
    assert migration.migrate(out)["tables"] > 0
    assert set(columns_of(out / "tables" / "documents")) == wanted


def test_no_row_changes_and_a_second_migration_touches_nothing(out: Path) -> None:
    before = rows(out)
    migration.migrate(out)
    assert rows(out) == before
    assert all(p.stat().st_size for p in parts(out))
    written = {p: p.stat().st_mtime_ns for p in parts(out)}
    assert migration.migrate(out) == {"answers": 0, "state": 0, "tables": 0}
    assert {p: p.stat().st_mtime_ns for p in parts(out)} == written
    for part in parts(out):
        table = part.parts[-3]
        assert pq.read_schema(part).names == contract(table).schema.names


def test_it_happens_by_itself_where_it_is_cheap_and_is_told_of_where_it_is_not(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration, "CHEAP_BYTES", 10)
    before = {p: p.read_bytes() for p in parts(out)}
    told = migration.migrate_if_cheap(out)
    assert told is not None and f"nightdesk migrate --out {out}" in told
    assert {p: p.read_bytes() for p in parts(out)} == before
    monkeypatch.undo()
    assert migration.migrate_if_cheap(out) is None
    assert set(with_pandas(out / "tables" / "documents")) == {*contract("documents").schema.names, "run_date"}


def test_a_broken_part_is_named_and_ends_no_run(out: Path) -> None:
    broken = next(p for p in parts(out) if "documents" in str(p))
    broken.write_bytes(broken.read_bytes()[:100])
    with pytest.raises(PublishError, match=broken.name):
        migration.migrate(out)
    other = next(p for p in parts(out) if "documents" in str(p) and p != broken)
    assert pq.read_schema(other).names == contract("documents").schema.names  # the others are brought up all the same
    told = migration.migrate_if_cheap(out)
    assert told is not None and str(broken) in told


def test_a_folder_without_tables_is_current(tmp_path: Path) -> None:
    assert migration.migrate_if_cheap(tmp_path) is None
    assert migration.migrate(tmp_path) == {"answers": 0, "state": 0, "tables": 0}
