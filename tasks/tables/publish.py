"""Publishing: audited tables -> parts in place, so that no reader ever sees a document twice or half a part.

OUT/tables/<table>/run_date=YYYY-MM-DD/<part>.parquet. passages, topics and documents: part-<k>, k = hash(doc_id) mod
the bucket count, rewritten with the published documents replaced. The other tables: parts of their own, append-only.

Everything is staged on the same file system and synced; then a manifest is written, which is the moment of publishing;
then each part is put in place by one os.replace, documents last. A manifest that a killed run left is carried out by
whoever publishes or reads the store next. All of it happens under one lock per (OUT, run_date).
"""

import contextlib
import hashlib
import json
import logging
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from filelock import FileLock

from nightdesk.tasks.calling.answers.storage_errors import naming_the_file
from nightdesk.tasks.errors import PublishError
from nightdesk.tasks.safety.links import leads_out, refuse_links
from nightdesk.tasks.tables.broken_parts import ASIDE, BrokenPart, read_part, set_aside
from nightdesk.tasks.tables.contracts import TABLES, contract
from nightdesk.tasks.tables.places import REPLACED, append_part, run_of, table_folder

_BUCKETS = b"nightdesk_buckets"
_MANIFEST = "manifest.json"
log = logging.getLogger("nightdesk")
_RUN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def publish(
    out: Path,
    run_date: date,
    part_name: str,
    buckets: int,
    tables: Mapping[str, pa.Table],
    is_forgotten: Callable[[str], bool] = lambda doc_id: False,
) -> dict[str, pa.Table]:
    """Put audited tables in place; the documents in `documents` lose their earlier rows. Return what was put there.

    part_name: name of the append-only parts, unique to the call (see places.part_name).
    buckets: parts per date; a date that has parts keeps the number it began with.
    is_forgotten: tells whether a document was forgotten since it was read; its rows are left out.

    Raises:
        PublishError: the disk refuses it. Nothing was published, or all of it is as soon as somebody recovers.
    """
    staging = out / "_staging" / part_name
    with naming_the_file(staging), locked(out, run_date):
        _carry_out_pending(out, run_date)
        buckets = _buckets_of(out, run_date) or buckets
        gone = set(tables["documents"]["doc_id"].to_pylist()) if "documents" in tables else set()
        tables = _without(tables, sorted(filter(is_forgotten, gone)))
        moves = None
        while moves is None:
            staging.mkdir(parents=True)
            try:
                moves = _staged(out, staging, run_date, tables, gone, buckets)
            except BrokenPart as e:
                set_aside(out, run_date, e, gone)
                shutil.rmtree(staging)
        _decide(out, staging, run_date, moves)
    return tables


def _staged(
    out: Path, staging: Path, run_date: date, tables: Mapping[str, pa.Table], gone: set[str], buckets: int
) -> list[tuple[str, str]]:
    moves: list[tuple[str, str]] = []
    for name, table in tables.items():
        # calls even if the audit left none of them: the part is what marks the store's records as published.
        if name not in REPLACED and (len(table) or name == "calls"):
            moves.append(_stage(staging, append_part(name, run_date, staging.name), table))
    for name in REPLACED:
        if name in tables:
            moves += _stage_replaced(out, staging, run_date, name, tables[name], gone, buckets)
    return moves


def _without(tables: Mapping[str, pa.Table], doc_ids: list[str]) -> dict[str, pa.Table]:
    """Leave out the rows of documents, but for those of `calls`, which hold no text."""
    if not doc_ids:
        return dict(tables)
    log.warning("%s: forgotten while this run was under way; not published", ", ".join(doc_ids))
    return {
        name: t if name == "calls" or "doc_id" not in t.schema.names else t.filter(_is_other(t, doc_ids))
        for name, t in tables.items()
    }


def _is_other(table: pa.Table, doc_ids: Iterable[str]) -> pa.ChunkedArray:
    return pc.invert(pc.is_in(table["doc_id"], pa.array(sorted(doc_ids), pa.string())))


def withdraw(out: Path, run_date: date, doc_id: str) -> list[Path]:
    """Take a document's rows, those in quarantine too, out of the tables of a date; return parts that are broken.

    Raises:
        PublishError: the disk refuses it.
    """
    staging = out / "_staging" / f"withdraw-{uuid.uuid4().hex}"
    broken: list[Path] = []
    with naming_the_file(staging), locked(out, run_date):
        _carry_out_pending(out, run_date)
        staging.mkdir(parents=True)
        moves: list[tuple[str, str]] = []
        for name in ("quarantine", *REPLACED):
            for part in sorted((out / table_folder(name, run_date)).glob("*.parquet")):
                try:
                    rows = read_part(part)
                except BrokenPart:
                    broken.append(part)
                    continue
                kept = rows.filter(_is_other(rows, [doc_id]))
                if len(kept) < len(rows):
                    moves.append(_stage(staging, part.relative_to(out), kept))
        _decide(out, staging, run_date, moves)
    return broken


def remove(out: Path, run_date: date, look: Callable[[], Iterable[Path]]) -> None:
    """Remove the parts of a date that `look` returns once nobody publishes, in that order; a kill is made good later.

    Raises:
        PublishError: the disk refuses it.
    """
    staging = out / "_staging" / f"prune-{uuid.uuid4().hex}"
    with naming_the_file(staging, "cannot be removed"), locked(out, run_date):
        _carry_out_pending(out, run_date)
        staging.mkdir(parents=True)
        _decide(out, staging, run_date, [], [path.relative_to(out).as_posix() for path in look()])


def recover(out: Path) -> None:
    """Carry out what killed runs had decided to publish.

    Raises:
        PublishError: the disk refuses it.
    """
    for manifest in sorted((out / "_staging").glob(f"*/{_MANIFEST}")):
        if (run_date := _date_of(manifest)) is not None:
            with naming_the_file(manifest), locked(out, run_date):
                _carry_out_pending(out, run_date)


def decided(out: Path) -> dict[Path, Path]:
    """Return where parts lie that were decided to be published and are not in place yet: place -> staged file."""
    found: dict[Path, Path] = {}
    for manifest in sorted((out / "_staging").glob(f"*/{_MANIFEST}")):
        with contextlib.suppress(OSError, ValueError, KeyError):  # another process has just carried it out
            for staged, final in json.loads(manifest.read_bytes())["moves"]:
                if (manifest.parent / staged).exists() and _is_own(out, manifest.parent, staged, final):
                    found[out / final] = manifest.parent / staged
    return found


def sweep_staging(out: Path, is_over: Callable[[str], bool]) -> None:
    """Remove what runs that are over have left in staging and never decided to publish."""
    for folder in (out / "_staging").glob("*-*"):
        run_id = run_of(folder.name)
        if _RUN_ID.fullmatch(run_id) and is_over(run_id) and not (folder / _MANIFEST).exists():
            shutil.rmtree(folder, ignore_errors=True)


def remove_staged(path: Path) -> None:
    """Remove a file or folder that a killed process left in staging, unless it was decided to be published."""
    if path.is_dir() and not (path / _MANIFEST).exists():
        shutil.rmtree(path)
    elif path.is_file():
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(out: Path, run_date: date) -> Iterator[None]:
    """Keep a date's tables as they are for as long as the block takes.

    Raises:
        PublishError: a link among them leads out of OUT.
    """
    locks = out / "_staging" / "dates"
    refuse_links(out, locks, out / ASIDE, *(out / table_folder(table, run_date) for table in TABLES))
    locks.mkdir(parents=True, exist_ok=True)
    with FileLock(locks / f"{run_date.isoformat()}.lock"):
        yield


def _date_of(manifest: Path) -> date | None:
    try:
        return date.fromisoformat(json.loads(manifest.read_bytes())["run_date"])
    except (OSError, ValueError, KeyError):
        return None  # another run has just carried it out


def _decide(out: Path, staging: Path, day: date, moves: list[tuple[str, str]], removes: Iterable[str] = ()) -> None:
    """Write the manifest, which is the moment of publishing or removing, and carry it out."""
    _write_synced(
        staging / _MANIFEST, json.dumps({"run_date": str(day), "moves": moves, "removes": [*removes]}).encode()
    )
    _carry_out(out, staging)


def _carry_out_pending(out: Path, run_date: date) -> None:
    for manifest in sorted((out / "_staging").glob(f"*/{_MANIFEST}")):
        if _date_of(manifest) == run_date:
            _carry_out(out, manifest.parent)


def _carry_out(out: Path, staging: Path) -> None:
    """Do the moves of a manifest. Doing them again after a kill is right: what was moved is no longer there."""
    told = json.loads((staging / _MANIFEST).read_bytes())
    moves, removes = told["moves"], told.get("removes", ())
    if not all(_is_own(out, staging, s, final) for s, final in (*moves, *((_MANIFEST, path) for path in removes))):
        raise PublishError(f"{staging / _MANIFEST}: it names files that are no parts of tables; remove {staging}")
    for staged, final in moves:
        if (staging / staged).exists():
            (out / final).parent.mkdir(parents=True, exist_ok=True)
            (staging / staged).replace(out / final)
            _sync_folder((out / final).parent)
    for path in removes:
        (out / path).unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # something is there still
            (out / path).parent.rmdir()
    shutil.rmtree(staging)


def _is_own(out: Path, staging: Path, staged: str, final: str) -> bool:
    """Tell whether a move is one that this module writes: from its folder to a part of a table, both below OUT."""
    place = Path(final)
    is_part = place.parts[:1] == ("tables",) and len(place.parts) == 4 and ".." not in place.parts
    is_staged = Path(staged).name == staged and not staging.is_symlink() and not (staging / staged).is_symlink()
    return is_part and is_staged and not leads_out(out, staging) and not leads_out(out, (out / place).parent)


def _stage_replaced(
    out: Path, staging: Path, run_date: date, name: str, table: pa.Table, gone: set[str], buckets: int
) -> list[tuple[str, str]]:
    """Stage the parts of one replaced table that change."""
    schema = contract(name).schema.with_metadata({**contract(name).schema.metadata, _BUCKETS: str(buckets)})
    bucket_of = {doc_id: bucket(doc_id, buckets) for doc_id in gone}
    ids = table["doc_id"].to_pylist()
    mine = pa.array([bucket_of[i] for i in ids], pa.int32())
    moves = []
    for k in sorted(set(bucket_of.values())):
        final = table_folder(name, run_date) / f"part-{k}.parquet"
        rows = table.filter(pc.equal(mine, k))
        if (out / final).exists():
            old = read_part(out / final)
            rows = pa.concat_tables([contract(name).conform(old.filter(_is_other(old, gone))), rows])
        rows = rows.sort_by([(key, "ascending") for key in contract(name).key])
        moves.append(_stage(staging, final, rows.replace_schema_metadata(schema.metadata)))
    return moves


def _stage(staging: Path, final: Path, table: pa.Table) -> tuple[str, str]:
    staged = f"{final.parts[1]}-{final.name}"
    with (staging / staged).open("wb") as f:
        pq.write_table(table, f, compression="zstd")
        f.flush()
        os.fsync(f.fileno())
    return staged, final.as_posix()


def _buckets_of(out: Path, run_date: date) -> int | None:
    for name in reversed(REPLACED):
        for part in sorted((out / table_folder(name, run_date)).glob("part-*.parquet")):
            with contextlib.suppress(OSError, pa.ArrowException):  # a broken one: another tells as well
                metadata = pq.read_schema(part).metadata or {}
                if _BUCKETS in metadata:
                    return int(metadata[_BUCKETS])
    return None


def bucket(doc_id: str, buckets: int) -> int:
    """Return the part that a document falls into; the same on every machine."""
    return int.from_bytes(hashlib.blake2b(doc_id.encode(), digest_size=8).digest(), "big") % buckets


def _write_synced(path: Path, data: bytes) -> None:
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as f:
        f.write(data)
        f.flush()
        os.fsync(f.fileno())
    temporary.replace(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
