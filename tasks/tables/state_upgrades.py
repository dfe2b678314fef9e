"""Upgrades of the learner's state: OUT/state/<profile>/<version>.json of an earlier schema -> the current one.

Whoever raises role_rl.state.SCHEMA adds to UPGRADES how a document of the one before becomes one of the new. The files
are rewritten by the migration, so that the learner itself reads one schema only.
"""

import json
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from nightdesk.role_rl.state import SCHEMA
from nightdesk.tasks.errors import PublishError

_UNRECORDED = {"nights": [0.0] * 6, "logged": [[0.0] * 5] * 3}
UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {
    # Without evidence in halves no change can be tested: weights then move by `max_move` a night until there is some.
    1: lambda document: {
        **document,
        "tallies": [{**tally, **_UNRECORDED} for tally in document["tallies"]],
        "halves": [[], []],
        "pairs": [],
        "decisions": [],
        "likeness": [],
        "memory": {},
    },
    # All that was learned before stands in each of them; a version of the new schema names its own runs alone.
    2: lambda document: {
        **{name: value for name, value in document.items() if name != "learned_run_ids"},
        "learned_before": sorted({*document["learned_run_ids"]} - {*document["from_run_ids"]}),
    },
    # What a tally and a plan are of was called a language, and may be more than one (a profile's `context`).
    3: lambda document: {
        **document,
        "plans": _of_contexts(document["plans"]),
        "tallies": _of_contexts(document["tallies"]),
        "halves": [_of_contexts(half) for half in document["halves"]],
        "began": [],
    },
}
"""Schema n -> what turns a document of schema n into one of n + 1."""


def _of_contexts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"context" if name == "language" else name: value for name, value in row.items()} for row in rows]


def waiting_bytes(out: Path) -> int:
    """Return the size of the state files of earlier schemas."""
    return sum(path.stat().st_size for path, _ in _old(out))


def rewrite_states(out: Path) -> int:
    """Rewrite state files of earlier schemas, each by one os.replace; return how many. A damaged file stays as it is.

    Raises:
        PublishError: a file cannot be written.
    """
    old = list(_old(out))
    for path, document in old:
        _write(path, json.dumps(_upgraded(document), sort_keys=True))
    return len(old)


def rewrite_newest(out: Path) -> None:
    """Rewrite, of each profile, the newest state file of those of earlier schemas: it is the one that serves.

    Raises:
        PublishError: a file cannot be written.
    """
    for path, document in {path.parent: (path, document) for path, document in _old(out)}.values():
        _write(path, json.dumps(_upgraded(document), sort_keys=True))


def _upgraded(document: dict[str, Any]) -> dict[str, Any]:
    while (schema := document["schema"]) in UPGRADES:
        document = {**UPGRADES[schema](document), "schema": schema + 1}
    return document


def _old(out: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield the state files of earlier schemas, and what is in them."""
    for path in sorted((out / "state").glob("*/[0-9]*.json")):
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            schema = document["schema"]
        except (OSError, ValueError, KeyError, TypeError):
            continue  # whoever reads the weights passes it over, and says so
        if schema in UPGRADES and schema < SCHEMA:
            yield path, document


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.stem}-{uuid.uuid4().hex}.tmp")
    try:
        with temporary.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as e:
        raise PublishError(f"{path}: cannot be migrated ({e.strerror}); make its folder writable") from None
    finally:
        temporary.unlink(missing_ok=True)
