"""The tables: their contracts, the audit, publishing, reading, migration. For readers: scan, to_pandas, connect.

from nightdesk.tasks import tables
tables.scan("out", "passages", start=date(2026, 11, 1), where=pc.field("category") == "facts").num_rows
tables.to_pandas("out", "topics", columns=["title", "sentences"])
tables.connect("out").sql("select run_date, count(*) from documents group by all").show()
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nightdesk.tasks.tables.read import connect, dataset, scan, schema, to_pandas

__all__ = ["connect", "dataset", "scan", "schema", "to_pandas"]


def __getattr__(name: str) -> Any:
    """Load the readers when they are first asked for, because pyarrow takes a fifth of a second to import."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from nightdesk.tasks.tables import read

    return getattr(read, name)
