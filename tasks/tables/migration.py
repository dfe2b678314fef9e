"""Migration: brings an OUT that an earlier version wrote to what this version writes. Forward only.

OUT/format.json says which schema version each table's parts have. Parts of an earlier schema are rewritten in the
current one, because plain readers (pandas, dask, duckdb, polars on a table's folder) take the columns of the first
file that they meet: without it a new column would stay unseen for as long as one old part lies there. nightdesk's own
readers need no migration: they fill in null where a part lacks a column.

State files of the learner that are of an earlier schema are rewritten likewise (state_upgrades), and so is the answers'
store of an earlier version, which could give no room back. Whoever changes what
OUT holds adds a step to STEPS. Profile keys are no part of OUT: they are renamed as the profile is read.
"""

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from nightdesk.role_rl.state import SCHEMA
from nightdesk.tasks.calling.answers import removal
from nightdesk.tasks.calling.answers.answer_store import store_file
from nightdesk.tasks.calling.answers.storage_errors import naming_the_file
from nightdesk.tasks.config.private_files import replacing
from nightdesk.tasks.errors import PublishError
from nightdesk.tasks.safety.links import refuse_links_in
from nightdesk.tasks.tables import publish, state_upgrades
from nightdesk.tasks.tables.contracts import TABLES, contract
from nightdesk.tasks.tables.publishing.manifest import staging_of

CHEAP_BYTES = 64 * 1024 * 1024  # parts of up to this size are rewritten at the start of a run; it takes seconds
_VERSION = b"nightdesk_schema_version"
_STATE = "state files"  # beside the tables in format.json


@dataclass(frozen=True, slots=True)
class MigrationStep:
    """One thing that is brought up. waiting: bytes that are to be rewritten (0: nothing is); carry_out: does it."""

    name: str
    waiting: Callable[[Path], int]
    carry_out: Callable[[Path], int]


def migrate(out: Path) -> dict[str, int]:
    """Carry out every step; return how many files each has rewritten. An OUT that is current stays as it is.

    Raises:
        PublishError: a file cannot be read or written; what was done until then stands, and the next call goes on.
    """
    refuse_links_in(out)
    return {step.name: step.carry_out(out) for step in STEPS}


def migrate_if_cheap(out: Path) -> str | None:
    """Carry out the steps if that takes seconds; return a warning if something is left to be done by hand.

    An OUT that is current costs one small file to read. Nothing here ends a run, because nightdesk itself reads what
    earlier versions wrote.
    """
    waiting = sum(step.waiting(out) for step in STEPS)
    if waiting > CHEAP_BYTES:
        with contextlib.suppress(PublishError):  # without them the profile's priors would serve until then
            state_upgrades.rewrite_newest(out)
        return (
            f"{out}: {waiting / 1e6:.0f} MB in it were written by an earlier version; run `nightdesk migrate "
            f"--out {out}` once, so that plain readers see every column and the answers' store takes less room"
        )
    try:
        migrate(out)
    except PublishError as e:
        return str(e)
    return None


def _old_parts(out: Path) -> Iterator[tuple[str, date, Path]]:
    """Yield (table, run_date, part) of every part whose schema is older than its table's contract."""
    recorded = _recorded(out)
    for table in TABLES:
        current = int(contract(table).schema.metadata[_VERSION])
        if recorded.get(table, 0) >= current:
            continue
        for part in sorted((out / "tables" / table).glob("run_date=*/*.parquet")):
            day = _day_of(part)
            if day is not None and _version_of(part) < current:
                yield table, day, part


def _waiting_bytes(out: Path) -> int:
    return sum(part.stat().st_size for _, _, part in _old_parts(out))


def _rewrite_parts(out: Path) -> int:
    """Rewrite old parts, each by one os.replace under the lock of its date; return how many."""
    if _recorded(out) == _current():
        return 0
    rewritten = 0
    broken: list[str] = []
    for table, day, part in list(_old_parts(out)):
        try:
            with publish.locked(out, day):
                if part.exists():  # forgetting or pruning may have removed it meanwhile
                    _rewrite(out, table, day, part)
                    rewritten += 1
        except PublishError as e:  # one broken part must not keep the others from plain readers
            broken.append(str(e))
    if broken:
        more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
        raise PublishError(broken[0] + more)
    _write_format(out)
    return rewritten


def _rewrite(out: Path, table: str, day: date, part: Path) -> None:
    temporary = staging_of(out, "migrate", day)
    temporary.parent.mkdir(parents=True, exist_ok=True)
    try:
        old = pq.ParquetFile(part).read()
        metadata = {**(old.schema.metadata or {}), **contract(table).schema.metadata}
        rows = contract(table).conform(old).replace_schema_metadata(metadata)
        with temporary.open("wb") as f:
            pq.write_table(rows, f, compression="zstd")
            f.flush()
            os.fsync(f.fileno())
        temporary.replace(part)
    except (OSError, ValueError) as e:
        why = " ".join(str(e).split())
        remedy = "restore the file, or remove it and run its date again"
        raise PublishError(f"{part}: cannot be migrated ({why}); {remedy}") from None
    finally:
        temporary.unlink(missing_ok=True)


def _version_of(part: Path) -> int:
    try:
        metadata = pq.read_schema(part).metadata or {}
        return int(metadata.get(_VERSION, b"0"))
    except (OSError, ValueError):
        return 0  # whoever rewrites it says what is wrong with it


def _day_of(part: Path) -> date | None:
    try:
        return date.fromisoformat(part.parent.name.removeprefix("run_date="))
    except ValueError:
        return None  # a folder of somebody else's


def _format_file(out: Path) -> Path:
    return out / "format.json"


def _recorded(out: Path) -> dict[str, int]:
    """Return table -> schema version of all its parts, and that of the state files; nothing if never written down."""
    try:
        tables = json.loads(_format_file(out).read_text(encoding="utf-8"))["tables"]
        return {str(name): int(version) for name, version in tables.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _current() -> dict[str, int]:
    return {_STATE: SCHEMA} | {table: int(contract(table).schema.metadata[_VERSION]) for table in TABLES}


def _write_format(out: Path) -> None:
    with naming_the_file(_format_file(out)), replacing(_format_file(out)) as file:
        json.dump({"tables": _current()}, file)


def _waiting_states(out: Path) -> int:
    return 0 if _recorded(out).get(_STATE) == SCHEMA else state_upgrades.waiting_bytes(out)


def _rewrite_states(out: Path) -> int:
    return 0 if _recorded(out).get(_STATE) == SCHEMA else state_upgrades.rewrite_states(out)


def _waiting_store(out: Path) -> int:
    return store_file(out).stat().st_size if removal.is_of_earlier_version(out) else 0


def _rewrite_store(out: Path) -> int:
    if not removal.is_of_earlier_version(out):
        return 0
    removal.rewrite(out)
    return 1


# Tables last: then format.json is written, which says that everything is current.
STEPS = (
    MigrationStep("answers", _waiting_store, _rewrite_store),
    MigrationStep("state", _waiting_states, _rewrite_states),
    MigrationStep("tables", _waiting_bytes, _rewrite_parts),
)
