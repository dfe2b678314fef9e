"""Publishing: audited tables -> parts in place, so that no reader ever sees a document twice or half a part.

OUT/tables/<table>/run_date=YYYY-MM-DD/<part>.parquet. passages, topics and documents: part-<k>, k = hash(doc_id) mod
the bucket count, rewritten with the published documents replaced. The other tables: parts of their own, append-only.

Everything is staged on the same file system and synced; then a manifest is written, which is the moment of publishing;
then each part is put in place by one os.replace, documents last. A manifest that a killed run left behind is carried
out by whoever publishes or reads the store next. All of it happens under one lock per (OUT, run_date).
"""

import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from filelock import FileLock

from nightdesk.tasks.tables.contracts import contract

REPLACED = ("topics", "passages", "documents")  # in the order they are put in place
_BUCKETS = b"nightdesk_buckets"
_MANIFEST = "manifest.json"
_RUN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def table_folder(table: str, run_date: date) -> Path:
    """Return the folder of a table's parts of one date, relative to OUT."""
    return Path("tables", table, f"run_date={run_date.isoformat()}")


def append_part(table: str, run_date: date, name: str) -> Path:
    """Return the path of an append-only part, relative to OUT."""
    return table_folder(table, run_date) / f"{name}.parquet"


def publish(out: Path, run_date: date, part_name: str, buckets: int, tables: Mapping[str, pa.Table]) -> None:
    """Put audited tables in place; the documents in `documents` lose their earlier rows.

    part_name: name of the append-only parts, unique to the call (the run's id and a count).
    buckets: parts per date; a date that has parts keeps the number it began with.
    """
    staging = out / "_staging" / part_name
    with locked(out, run_date):
        _carry_out_pending(out, run_date)
        staging.mkdir(parents=True)
        buckets = _buckets_of(out, run_date) or buckets
        gone = set(tables["documents"]["doc_id"].to_pylist()) if "documents" in tables else set()
        moves: list[tuple[str, str]] = []
        for name, table in tables.items():
            # calls even if the audit left none of them: the part is what marks the store's records as published.
            if name not in REPLACED and (len(table) or name == "calls"):
                moves.append(_stage(staging, append_part(name, run_date, part_name), table))
        for name in REPLACED:
            if name in tables:
                moves += _stage_replaced(out, staging, run_date, name, tables[name], gone, buckets)
        _decide(out, staging, run_date, moves)


def withdraw(out: Path, run_date: date, doc_id: str) -> None:
    """Take a document's rows, those in quarantine too, out of the tables of a date."""
    staging = out / "_staging" / f"withdraw-{uuid.uuid4().hex}"
    with locked(out, run_date):
        _carry_out_pending(out, run_date)
        staging.mkdir(parents=True)
        buckets = _buckets_of(out, run_date) or 1
        moves: list[tuple[str, str]] = []
        for part in sorted((out / table_folder("quarantine", run_date)).glob("*.parquet")):
            rows = pq.ParquetFile(part).read()
            kept = rows.filter(pc.not_equal(pc.fill_null(rows["doc_id"], ""), doc_id))
            moves.append(_stage(staging, part.relative_to(out), kept))
        for name in REPLACED:
            moves += _stage_replaced(out, staging, run_date, name, contract(name).build([]), {doc_id}, buckets)
        _decide(out, staging, run_date, moves)


def recover(out: Path) -> None:
    """Carry out what killed runs had decided to publish."""
    for manifest in sorted((out / "_staging").glob(f"*/{_MANIFEST}")):
        if (run_date := _date_of(manifest)) is not None:
            with locked(out, run_date):
                _carry_out_pending(out, run_date)


def sweep_staging(out: Path, is_over: Callable[[str], bool]) -> None:
    """Remove what runs that are over have left in staging and never decided to publish."""
    for folder in (out / "_staging").glob("*-*"):
        run_id = folder.name.rpartition("-")[0]
        if _RUN_ID.fullmatch(run_id) and is_over(run_id) and not (folder / _MANIFEST).exists():
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def locked(out: Path, run_date: date) -> Iterator[None]:
    """Keep a date's tables as they are for as long as the block takes."""
    locks = out / "_staging" / "dates"
    locks.mkdir(parents=True, exist_ok=True)
    with FileLock(locks / f"{run_date.isoformat()}.lock"):
        yield


def _date_of(manifest: Path) -> date | None:
    try:
        return date.fromisoformat(json.loads(manifest.read_bytes())["run_date"])
    except (OSError, ValueError, KeyError):
        return None  # another run has just carried it out


def _decide(out: Path, staging: Path, run_date: date, moves: list[tuple[str, str]]) -> None:
    """Write the manifest, which is the moment of publishing, and carry it out."""
    _write_synced(staging / _MANIFEST, json.dumps({"run_date": run_date.isoformat(), "moves": moves}).encode())
    _carry_out(out, staging)


def _carry_out_pending(out: Path, run_date: date) -> None:
    for manifest in sorted((out / "_staging").glob(f"*/{_MANIFEST}")):
        if _date_of(manifest) == run_date:
            _carry_out(out, manifest.parent)


def _carry_out(out: Path, staging: Path) -> None:
    """Do the moves of a manifest. Doing them again after a kill is right: what was moved is no longer there."""
    for staged, final in json.loads((staging / _MANIFEST).read_bytes())["moves"]:
        if (staging / staged).exists():
            (out / final).parent.mkdir(parents=True, exist_ok=True)
            (staging / staged).replace(out / final)
            _sync_folder((out / final).parent)
    shutil.rmtree(staging)


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
            old = pq.ParquetFile(out / final).read()
            others = old.filter(pc.invert(pc.is_in(old["doc_id"], pa.array(sorted(gone), pa.string()))))
            rows = pa.concat_tables([contract(name).conform(others), rows])
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
    for part in sorted((out / table_folder("documents", run_date)).glob("part-*.parquet")):
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
