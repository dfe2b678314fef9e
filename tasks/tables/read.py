"""Reading the published tables: as pyarrow, pandas or duckdb, with `run_date` as a date.

Every function reads OUT as it stands: a table that nothing was published to has no rows and its declared columns, and
filters on columns and dates are pushed down to the files, so that what is not wanted is not read. A batch is seen whole
or not at all. A part that cannot be read is named in a warning and left out.

    from nightdesk.tasks import tables
    tables.scan("out", "passages", start=date(2026, 11, 1), where=pc.field("category") == "facts").num_rows
    tables.scan("out", "passages", start=today, open=True)  # what streams have not settled yet, too
    tables.to_pandas("out", "topics", columns=["title", "sentences"])
    tables.connect("out").sql("select run_date, count(*) from documents group by all").show()
"""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.fs

from nightdesk.tasks.errors import InputError, PublishError
from nightdesk.tasks.tables import parts, publish
from nightdesk.tasks.tables.broken_parts import BrokenPart, read_part
from nightdesk.tasks.tables.contracts import TABLES, contract

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

_OPEN = "passages_open"
_KEY = ["run_date", "doc_id", "position"]
_RUN_DATE = pa.field("run_date", pa.date32())
_ALIASES = """
create temp view topic_aliases as
with listed as (select unnest(aliases) as topic_id, topic_id as now, run_date from topics)
select l.topic_id, arg_max(l.now, l.run_date) as now from listed l
where not exists (select 1 from topics t where t.topic_id = l.topic_id and t.run_date >= l.run_date)
group by l.topic_id
"""


def schema(table: str) -> pa.Schema:
    """Return the columns of a table as they are read: those of its contract, and run_date.

    Raises:
        InputError: there is no such table.
    """
    if table not in TABLES:
        raise InputError(f"{table}: no such table; there are {', '.join(TABLES)}")
    return contract(table).schema.append(_RUN_DATE)


def dataset(out: Path | str, table: str) -> ds.Dataset:
    """Return a table of all dates, of which the footers alone are read. Columns that older parts lack are null.

    Raises:
        InputError: there is no such table.
    """
    out = Path(out)
    _settle(out)
    return _dataset(table, [p for p in parts.find(out, table) if _is_whole(p, table)])


def scan(
    out: Path | str,
    table: str,
    start: date | None = None,
    end: date | None = None,
    columns: list[str] | None = None,
    where: pc.Expression | None = None,
    open: bool = False,
) -> pa.Table:
    """Read rows of a table.

    start, end: first and last run_date, both included. where: a further filter, in pyarrow's expressions. open: of
    passages, with the provisional rows of sentences of streams that are not settled yet; each sentence once.

    Raises:
        InputError: there is no such table or column, or it has no provisional rows.
    """
    if open and table != "passages":
        raise InputError(f"{table}: no provisional rows; passages has them")
    out, known = Path(out), schema(table).names
    for column in columns or ():
        if column not in known:
            raise InputError(f"{table}: no column {column!r}; there are {', '.join(known)}")

    # Before passages: then what is settled meanwhile is in both, and not in neither.
    provisional = _read(out, _OPEN, start, end, None, None) if open else None
    if provisional is None or not len(provisional):
        return _read(out, table, start, end, columns, where)
    return _with_open(out, provisional, start, end, columns, where)


def _with_open(
    out: Path,
    provisional: pa.Table,
    start: date | None,
    end: date | None,
    columns: list[str] | None,
    where: pc.Expression | None,
) -> pa.Table:
    """Read passages, and put those provisional rows behind them of which the sentence does not stand there."""
    is_near = pc.field("doc_id").isin(pc.unique(provisional["doc_id"]))
    is_near &= pc.field("position") >= pc.min(provisional["position"])

    def work(found: list[parts.Part]) -> pa.Table:
        days = set(pc.unique(provisional["run_date"]).to_pylist())
        settled = _rows_of("passages", [p for p in found if p.day in days], _KEY, is_near)
        left = provisional.join(settled, _KEY, join_type="left anti").cast(provisional.schema)
        left = ds.InMemoryDataset(left).to_table(columns=columns, filter=where)
        return pa.concat_tables([_rows_of("passages", found, columns, where), left.sort_by(_sorting(left))])

    return _steadily(out, "passages", start, end, work)


def _sorting(rows: pa.Table) -> list[tuple[str, str]]:
    return [(c, "ascending") for c in _KEY if c in rows.schema.names] or [(rows.schema.names[0], "ascending")]


def _read(
    out: Path,
    table: str,
    start: date | None,
    end: date | None,
    columns: list[str] | None,
    where: pc.Expression | None,
) -> pa.Table:
    return _steadily(out, table, start, end, lambda found: _rows_of(table, found, columns, where))


def _steadily(
    out: Path, table: str, start: date | None, end: date | None, work: Callable[[list[parts.Part]], pa.Table]
) -> pa.Table:
    """Return what `work` makes of the parts of some dates, once none of them was replaced meanwhile."""

    def look() -> list[parts.Part]:
        if start is not None and start == end:
            return parts.find(out, table, [start])  # no look at other dates
        days = parts.dates(out, table) if start or end else None
        return parts.find(out, table, days and [day for day in days if (start or day) <= day <= (end or day)])

    _settle(out)
    return parts.steadily(look, work)


def _rows_of(table: str, found: list[parts.Part], columns: list[str] | None, where: pc.Expression | None) -> pa.Table:
    try:
        return _dataset(table, found).to_table(columns=columns, filter=where)
    except (OSError, pa.ArrowException):
        whole = [p for p in found if _is_whole(p, table, deep=True)]
        if len(whole) == len(found):  # the parts are good: it is `where` that does not fit
            raise
        return _dataset(table, whole).to_table(columns=columns, filter=where)


def of_date(out: Path, table: str, run_date: date) -> ds.Dataset:
    """Return a table of one date, unread.

    Raises:
        InputError: a part of it cannot be read.
    """
    found = parts.find(out, table, [run_date])
    for part in found:
        with naming_what_is_broken(out, table):
            read_part(part.path, [], table)
    return _dataset(table, found)


def _settle(out: Path) -> None:
    """Carry out what killed runs had decided to publish; where OUT cannot be written, it is read where it lies."""
    with contextlib.suppress(PublishError):
        publish.recover(out)


def _dataset(table: str, found: list[parts.Part]) -> ds.Dataset:
    columns = schema(table)
    if not found:
        return ds.dataset(columns.empty_table())
    form, disk = ds.ParquetFileFormat(), pa.fs.LocalFileSystem()
    fragments = [
        form.make_fragment(str(p.path), disk, partition_expression=pc.field("run_date") == pa.scalar(p.day))
        for p in found
    ]
    return ds.FileSystemDataset(fragments, columns, form, disk)


def _is_whole(part: parts.Part, table: str, deep: bool = False) -> bool:
    """Tell whether a part can be read, and name it if not. deep: try all of it, and not its footer alone."""
    try:
        read_part(part.path, None if deep else [], table)
    except (OSError, BrokenPart) as e:
        if part.path.exists():
            parts.name_broken(part, e)
        return False
    return True


@contextmanager
def naming_what_is_broken(out: Path | str, table: str) -> Iterator[None]:
    """Turn pyarrow's errors of reading, which name the part, into one line that says what can be done."""
    try:
        yield
    except (BrokenPart, pa.ArrowException, OSError) as e:
        why = " ".join(str(e).split()).rstrip(".")
        raise InputError(f"{out}: {table} cannot be read: {why}; run that date again, or restore the file") from None


def to_pandas(out: Path | str, table: str, **wanted: Any) -> "pd.DataFrame":
    """Read rows of a table into pandas, run_date as datetime64; `wanted` as for `scan`."""
    return scan(out, table, **wanted).to_pandas(date_as_object=False)


def connect(out: Path | str) -> "duckdb.DuckDBPyConnection":
    """Open a duckdb in memory in which every table is a view of the same name.

    topic_aliases(topic_id, now): topics that were published and are a part of another one now, and which that is.

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
    connection.execute(_ALIASES)
    return connection
