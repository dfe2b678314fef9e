"""Assets: what a run has published, as Prefect knows data: a key for each table and date, and one for the edition.

Each is told by an event of Prefect's own, `prefect.asset.materialization.succeeded`, which Prefect Cloud draws as
lineage and which may start deployments on every server (docs/events.md).
"""

import hashlib
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from prefect.assets import Asset, AssetProperties
from prefect.context import AssetContext
from prefect.states import Completed
from prefect.types.names import MAX_ASSET_KEY_LENGTH, RESTRICTED_ASSET_CHARACTERS

from nightdesk.flows.artifacts import reporting
from nightdesk.tasks.reading.fetching.addresses import is_url
from nightdesk.tasks.reading.found_documents import STDIN, Source
from nightdesk.tasks.reorganizing.run import Run
from nightdesk.tasks.tables.places import table_folder

MOST_SOURCES = 50  # an event has room for 100 related resources, of which Prefect itself takes some
BY = "nightdesk"
_FOR_READERS = ("topics", "passages", "documents")  # what an edition is made of
_FOR_LEARNING = ("calls", "judgements")  # what weights are learned from
_RESERVED = {*RESTRICTED_ASSET_CHARACTERS, "~"}
log = logging.getLogger("nightdesk")


def tell_tables(run: Run, edition: str | None) -> None:
    """Tell Prefect of the tables that the run has put rows into, made of its sources, and of the edition."""
    sources = sources_of(run.reading.sources)
    tell_rows(run.out, run.run_date, run.profile.name, run.run_id, run.totals.rows, sources, edition)


def tell_rows(
    out: Path,
    run_date: date,
    profile: str,
    run_id: str,
    rows: Mapping[str, int],
    sources: Sequence[Asset],
    edition: str | None,
) -> None:
    """Tell Prefect of tables of a date. rows: that the run has put into each. sources: what they were made of."""
    about = _about(out, run_date, profile, run_id)
    tables = {name: table_asset(out, run_date, name) for name in rows}
    _tell(sources, {asset: {**about, "table": name, "rows": rows[name]} for name, asset in tables.items()})
    if edition is not None:
        told = AssetProperties(name=f"edition {run_date}", description=f"The edition of {run_date}")
        made_of = [*sources, *(tables[name] for name in _FOR_READERS if name in tables)]
        _tell(made_of, {Asset(key=file_key(edition), properties=told): {**about, "edition": edition}})


def tell_weights(out: Path, run_date: date, profile: str, run_id: str, version: int) -> None:
    """Tell Prefect of weights that a run has learned."""
    made_of = [table_asset(out, run_date, name) for name in _FOR_LEARNING]
    about = {**_about(out, run_date, profile, run_id), "table": "weights", "version": version}
    _tell(made_of, {table_asset(out, run_date, "weights"): about})


def table_asset(out: Path, run_date: date, name: str) -> Asset:
    """Return the asset of a table's parts of one date."""
    told = AssetProperties(name=f"{name} {run_date}", description=f"The table {name} of {run_date}")
    return Asset(key=file_key(out / table_folder(name, run_date)), properties=told)


def sources_of(sources: Iterable[Source]) -> list[Asset]:
    """Return the assets of sources, a folder that was named for all files in it, MOST_SOURCES at most."""
    keys = dict.fromkeys(source_key(s.within or s.where, s.doc_id) for s in sources)
    return [Asset(key=key) for key in list(keys)[:MOST_SOURCES]]


def source_key(where: Path | str, doc_id: str = "") -> str:
    """Return the key of a file, a folder, an address, or of the text on stdin, which is called doc_id.

    No name or password of an address gets into it, and of its query, which may hold a key, only a hash.
    """
    if where == STDIN:
        return key_of("stdin", doc_id)
    if not isinstance(where, str) or not is_url(where):
        return file_key(where)
    try:
        parts = urlsplit(where)
    except ValueError:  # brackets that are none of an address
        return key_of("http", _digest(where))
    query = f"?{_digest(parts.query)}" if parts.query else ""
    return key_of(parts.scheme.lower(), parts.netloc.rpartition("@")[2].lower() + parts.path + query)


def file_key(path: Path | str) -> str:
    """Return the key of a file or folder on this machine."""
    return key_of("file", os.path.abspath(path))  # noqa: PTH100  (links stay: what was named is the key)


def key_of(scheme: str, rest: str) -> str:
    """Return a key that Prefect takes: what it refuses is written as ~ and the two hexadecimal digits of each byte.

    A key that would be too long is cut, and ends in ~~ and a hash of all of it.
    """
    key = f"{scheme}://" + "".join(_escaped(c) if c in _RESERVED or not c.isprintable() else c for c in rest)
    if len(key) <= MAX_ASSET_KEY_LENGTH:
        return key
    end = f"~~{_digest(key)}"
    return key[: MAX_ASSET_KEY_LENGTH - len(end)] + end


def _escaped(character: str) -> str:
    return "".join(f"~{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _about(out: Path, run_date: date, profile: str, run_id: str) -> dict[str, Any]:
    return {"profile": profile, "out": str(out), "run_date": run_date.isoformat(), "run_id": run_id}


def _tell(made_of: Iterable[Asset], made: Mapping[Asset, Mapping[str, Any]]) -> None:
    """Hand the events to Prefect's own thread, which sends them; whatever goes wrong, the run goes on.

    With a server that is gone nothing is handed over, because the end of the process would wait for that thread.
    """
    if reporting.STATE.lost or not made:
        return
    try:
        AssetContext(
            direct_asset_dependencies=set(made_of),
            downstream_assets=set(made),
            materialized_by=BY,
            materialization_metadata={asset.key: dict(told) for asset, told in made.items()},
        ).emit_events(Completed())
    except Exception as e:  # noqa: BLE001  (whatever it is, the tables stand)
        log.warning("Prefect was not told of what was published, as assets (%s: %s)", type(e).__name__, e)
