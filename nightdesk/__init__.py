"""nightdesk: endless text, reorganised every night. From outside, this is the way to read what it published.

    import nightdesk
    nightdesk.scan("out", "passages")         # a pyarrow table of all dates, run_date as a date
    nightdesk.to_pandas("out", "topics")      # the same as a pandas frame
    nightdesk.connect("out")                  # a duckdb connection, one view per table

The code lives in the folders flows/, tasks/ and role_rl/ at the top of the source tree. This package holds links to
them, so that every module has one importable name (nightdesk.flows, nightdesk.tasks, nightdesk.role_rl).
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nightdesk.tasks.tables.read import connect, scan, to_pandas

__all__ = ["connect", "scan", "to_pandas"]


def __getattr__(name: str) -> Any:
    """Load the reading API when it is first asked for, because pyarrow takes a fifth of a second to import."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from nightdesk.tasks.tables import read

    return getattr(read, name)
