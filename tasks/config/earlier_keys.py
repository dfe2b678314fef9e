"""Keys of profiles of earlier versions: they are accepted, with a warning."""

import logging
from collections.abc import Mapping
from typing import Any

RENAMED = {"batch": "provider_batches", "batches": "document_batches"}
"""Tables -> what they are called now."""
WITHOUT_EFFECT = {"tables": {"buckets": "every batch of documents adds a part to each table"}}
"""Table -> its keys that do nothing any more, each with the reason. A table without other keys goes with them."""
log = logging.getLogger("nightdesk")


def taken(given: Mapping[Any, Any]) -> dict[str, Any]:
    """Return what a profile says in the keys of this version.

    Raises:
        ValueError: a table is there under its earlier name and its present one.
    """
    for old, new in RENAMED.items():
        if old in given and new in given:
            raise ValueError(f"[{old}] is an earlier name of [{new}], and both are given; remove [{old}]")
        if old in given:
            log.warning("[%s] of profile %s is called [%s] now; rename it", old, given.get("name", "?"), new)
    kept = {RENAMED.get(str(key), str(key)): value for key, value in given.items()}
    for name, keys in WITHOUT_EFFECT.items():
        _leave_out(kept, name, keys)
    return kept


def _leave_out(profile: dict[str, Any], name: str, keys: Mapping[str, str]) -> None:
    table = profile.get(name)
    if not isinstance(table, Mapping) or not keys.keys() & table.keys():
        return
    for key in sorted(keys.keys() & table.keys()):
        log.warning(
            "[%s] %s of profile %s does nothing any more, because %s; remove it",
            *(name, key, profile.get("name", "?"), keys[key]),
        )
    profile[name] = {key: value for key, value in table.items() if key not in keys}
    if not profile[name]:
        del profile[name]
