"""What earlier runs have published: read back from OUT/tables."""

from collections.abc import Iterable, Set
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.publish import table_folder


def dates(out: Path, table: str) -> list[date]:
    """Return the dates for which a table has parts, in order."""
    folders = (out / "tables" / table).glob("run_date=*")
    return sorted(date.fromisoformat(f.name.removeprefix("run_date=")) for f in folders)


def read(out: Path, table: str, days: Iterable[date], columns: list[str] | None = None) -> pa.Table:
    """Read a table's rows of some dates."""
    parts = [p for d in days for p in sorted((out / table_folder(table, d)).glob("*.parquet"))]
    return read_parts(parts, table, columns)


def read_parts(parts: Iterable[Path], table: str, columns: list[str] | None = None) -> pa.Table:
    """Read some parts of a table as one, in the table's schema."""
    c = contract(table)
    # ParquetFile, not read_table: that would add the run_date of the path.
    tables = [c.conform(pq.ParquetFile(p).read(columns=columns), columns) for p in parts]
    return pa.concat_tables([c.conform(c.schema.empty_table(), columns), *tables]).replace_schema_metadata(None)


def published_elsewhere(
    out: Path, run_date: date, later: bool = False, runs: Set[str] = frozenset()
) -> set[tuple[str, str]]:
    """Return (doc_id, content_hash) of every document that an earlier date has published.

    later: those of later dates, too. runs: and of this date those that these runs have published.
    """
    others = [d for d in dates(out, "documents") if d < run_date or (later and d > run_date)]
    columns = ["doc_id", "content_hash", "run_id"]
    rows = read(out, "documents", others, columns).to_pylist()
    if runs:
        rows += [r for r in read(out, "documents", [run_date], columns).to_pylist() if r["run_id"] in runs]
    return {(r["doc_id"], r["content_hash"]) for r in rows if r["content_hash"] is not None}
