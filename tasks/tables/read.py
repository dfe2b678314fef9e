"""Reading the published tables: as pyarrow, pandas or duckdb, with `run_date` as a date.

Every function reads OUT as it stands: a table that nothing was published to has no rows and its declared columns, and
filters on columns and dates are pushed down to the files, so that what is not wanted is not read.

    from nightdesk.tasks import tables
    tables.scan("out", "passages", start=date(2026, 11, 1), where=pc.field("category") == "facts").num_rows
    tables.to_pandas("out", "topics", columns=["title", "sentences"])
    tables.connect("out").sql("select run_date, count(*) from documents group by all").show()
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from nightdesk.tasks.errors import InputError
from nightdesk.tasks.tables.contracts import TABLES, contract

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

_RUN_DATE = pa.field("run_date", pa.date32())


def schema(table: str) -> pa.Schema:
    """Return the columns of a table as they are read: those of its contract, and run_date.

    Raises:
        InputError: there is no such table.
    """
    if table not in TABLES:
        raise InputError(f"{table}: no such table; there are {', '.join(TABLES)}")
    return contract(table).schema.append(_RUN_DATE)


def dataset(out: Path | str, table: str) -> ds.Dataset:
    """Return a table of all dates, unread. Columns that older parts lack are null there."""
    columns = schema(table)
    folder = Path(out) / "tables" / table
    parts = sorted(str(p) for p in folder.glob("run_date=*/*.parquet"))
    if not parts:
        return ds.dataset(columns.empty_table())
    by_date = ds.partitioning(pa.schema([_RUN_DATE]), flavor="hive")
    return ds.dataset(parts, schema=columns, format="parquet", partitioning=by_date, partition_base_dir=str(folder))


def scan(
    out: Path | str,
    table: str,
    start: date | None = None,
    end: date | None = None,
    columns: list[str] | None = None,
    where: pc.Expression | None = None,
) -> pa.Table:
    """Read rows of a table.

    start, end: first and last run_date, both included. where: a further filter, in pyarrow's expressions.

    Raises:
        InputError: there is no such table or column, or a part cannot be read.
    """
    source = dataset(out, table)
    for column in columns or ():
        if column not in source.schema.names:
            raise InputError(f"{table}: no column {column!r}; there are {', '.join(source.schema.names)}")
    with naming_what_is_broken(out, table):
        return source.to_table(columns=columns, filter=between(start, end, where))


@contextmanager
def naming_what_is_broken(out: Path | str, table: str) -> Iterator[None]:
    """Turn pyarrow's errors of reading, which name the part, into one line that says what can be done."""
    try:
        yield
    except (pa.ArrowInvalid, OSError) as e:
        why = " ".join(str(e).split()).rstrip(".")
        raise InputError(f"{out}: {table} cannot be read: {why}; run that date again, or restore the file") from None


def between(start: date | None, end: date | None, where: pc.Expression | None = None) -> pc.Expression | None:
    """Return the filter for dates from start to end, both included, and for `where`."""
    run_date = pc.field("run_date")
    conditions = [where] if where is not None else []
    if start is not None:
        conditions.append(run_date >= pa.scalar(start))
    if end is not None:
        conditions.append(run_date <= pa.scalar(end))
    wanted = None
    for condition in conditions:
        wanted = condition if wanted is None else wanted & condition
    return wanted


def to_pandas(out: Path | str, table: str, **wanted: Any) -> "pd.DataFrame":
    """Read rows of a table into pandas, run_date as datetime64; `wanted` as for `scan`."""
    return scan(out, table, **wanted).to_pandas(date_as_object=False)


def connect(out: Path | str) -> "duckdb.DuckDBPyConnection":
    """Open a duckdb in memory in which every table is a view of the same name.

    Raises:
        InputError: duckdb is not installed.
    """
    try:
        import duckdb
    except ImportError:
        raise InputError("duckdb is not installed; pip install duckdb") from None
    connection = duckdb.connect()
    for table in TABLES:
        connection.register(table, dataset(out, table))
    return connection
