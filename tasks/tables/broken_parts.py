"""Parts that cannot be read: truncated, damaged, or no part of their table. They are named and set aside."""

import contextlib
import logging
import uuid
from collections.abc import Set
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from nightdesk.tasks.errors import PublishError
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.places import REPLACED, table_folder

ASIDE = Path("_staging", "broken")  # below OUT
_NAMED = 10  # documents named in a line
log = logging.getLogger("nightdesk")


class BrokenPart(PublishError):
    """A part is there and cannot be read. path: of the part; why: what the reader says."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(path, why)
        self.path, self.why = path, why

    def __str__(self) -> str:
        return f"{self.path}: cannot be read ({self.why})"


def read_part(path: Path, columns: list[str] | None = None, table: str = "") -> pa.Table:
    """Read one part as it is. table: what it is a part of; told by its folder if left out.

    Raises:
        BrokenPart: it is damaged, or no part of that table.
        OSError: it is not there, or the disk does not let it be read.
    """
    try:
        file = pq.ParquetFile(path)  # not read_table: that would add the run_date of the path
        keys = contract(table or path.parent.parent.name).key
        if missing := [k for k in keys if k not in file.schema_arrow.names]:
            raise BrokenPart(path, f"it lacks {', '.join(missing)}")
        return file.read(columns=columns)
    except (OSError, pa.ArrowException) as e:
        if isinstance(e, OSError) and e.errno is not None:
            raise
        raise BrokenPart(path, " ".join(str(e).split()).rstrip(".")) from None


def set_aside(out: Path, run_date: date, broken: BrokenPart, published_now: Set[str]) -> None:
    """Move a broken part of a replaced table away, with the parts of the other two that hold the same documents.

    Those documents then no longer stand as published, and are named. Called under the lock of the date.
    """
    lost: set[str] = set()
    for part in _of_name(out, run_date, broken.path.name).values():
        with contextlib.suppress(OSError, BrokenPart):
            lost |= set(read_part(part, ["doc_id"])["doc_id"].to_pylist())
    folder = _move_away(out, run_date, broken.path.name)
    log.warning(
        "%s; it was moved to %s with what else is known of its documents, so they no longer stand as published; %s",
        broken,
        folder,
        _what_to_do(lost, lost - published_now, run_date),
    )


def set_aside_orphans(out: Path, run_date: date) -> None:
    """Move parts away whose part of `documents` was removed: nothing of them counts as published, and they would stay
    beside what is published anew. Called under the lock of the date, when nothing that was decided is left.
    """
    names = {table: {p.name for p in (out / table_folder(table, run_date)).glob("*.parquet")} for table in REPLACED}
    for name in sorted({*names["topics"], *names["passages"]} - names["documents"]):
        folder = _move_away(out, run_date, name)
        log.warning(
            "%s: it was removed, so what else was known of its documents was moved to %s; %s",
            *(out / table_folder("documents", run_date) / name, folder, _what_to_do(set(), set(), run_date)),
        )


def _of_name(out: Path, run_date: date, name: str) -> dict[str, Path]:
    return {table: out / table_folder(table, run_date) / name for table in reversed(REPLACED)}


def _move_away(out: Path, run_date: date, name: str) -> Path:
    """Move the parts of one name out of the replaced tables; return the folder that they are in now."""
    folder = out / ASIDE / f"{run_date.isoformat()}-{uuid.uuid4().hex[:8]}"
    folder.mkdir(parents=True)
    for table, part in _of_name(
        out, run_date, name
    ).items():  # documents first: what does not stand there does not count
        if part.exists():
            part.replace(folder / f"{table}-{part.name}")
    return folder


def _what_to_do(lost: Set[str], left: Set[str], run_date: date) -> str:
    if lost and not left:
        return "this run publishes all of them anew"
    if not lost:
        return f"run the sources of that date again with --date {run_date}"
    named = sorted(left)[:_NAMED]
    more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
    return f"run {', '.join(named)}{more} again with --date {run_date}"
