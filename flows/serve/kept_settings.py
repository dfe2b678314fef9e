"""What was set on a deployment in Prefect, and what a start of `serve` makes of it: what was edited there stays.

A start compares three things: what the last start had applied (kept in a file), what stands in Prefect, and what this
command line has. Where the command line has what it had, Prefect keeps what it has. Where the command line has changed,
it is applied. Every difference that is left, and every edit that gives way, is told in one line.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAMED = "parameter "  # begins the names of settings that the command line has: the rest is the program's own
DESCRIPTION, TAGS, LIMIT, COLLISION = "description", "tags", "concurrency limit", "what happens beyond the limit"
_LONGEST = 120  # characters of a value that a line shows
_MISSING: Any = object()


@dataclass(frozen=True, slots=True)
class Night:
    """The schedule that the command line has. id: of the schedule in Prefect that was made of it; "" if unknown."""

    cron: str
    zone: str
    id: str = ""


@dataclass(slots=True)
class Applied:
    """What the last start had applied to a deployment: settings as its command line had them, and its schedule.

    automations: the names of those that were made for it.
    """

    settings: dict[str, Any] = field(default_factory=dict)
    night: Night | None = None
    automations: list[str] = field(default_factory=list)


def flat(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return a deployment's parameters as settings of one level: those of our flows are one object, by its fields."""
    own = parameters.get("parameters")
    if not isinstance(own, Mapping):
        return {}
    return {f"{NAMED}{name}": value for name, value in own.items()}


def nested(settings: Mapping[str, Any], standing: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as a deployment's parameters; what stands there beside them stays."""
    own = {name.removeprefix(NAMED): value for name, value in settings.items() if name.startswith(NAMED)}
    return {**{n: v for n, v in standing.items() if n != "parameters"}, "parameters": own}


def merge(
    name: str, applied: Mapping[str, Any] | None, standing: Mapping[str, Any], wanted: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """Return the settings that a deployment is to have, and what there is to say about them, a line a setting.

    name: of the deployment. applied: by the last start; None: not known, because an earlier version of the program
    kept no record. Then the command line's parameters are taken, since a run with another OUT would be refused, and
    so is the description, since it differs between versions. standing: in Prefect. wanted: by this start.
    """
    result: dict[str, Any] = {}
    lines: list[str] = []
    for key in dict.fromkeys((*standing, *wanted)):
        stood, want = standing.get(key, _MISSING), wanted.get(key, _MISSING)
        was = _MISSING if applied is None else applied.get(key, _MISSING)
        if key == TAGS:
            result[key] = _merged_tags(was, stood, want)
            is_kept = sorted(result[key]) != sorted(want)
        elif stood == want:
            result[key] = stood
            continue
        elif applied is None:
            is_kept = key not in wanted or not (key.startswith(NAMED) or key == DESCRIPTION)
            result[key] = stood if is_kept else want
        else:
            # The program's own settings change with its version; what was edited stays through that.
            is_kept = stood != was and not (key.startswith(NAMED) and was != want)
            result[key] = stood if is_kept else want
        if is_kept:
            has = "" if want is _MISSING else f"; nightdesk would have {_shown(key, want)}"
            if key.startswith(NAMED) and key in wanted:
                has = f"; the command line has {_shown(key, want)}"
            lines.append(f"{name}: {_named(key)} {_is(key, result[key])} in Prefect, and stays so{has}")
        elif key not in {TAGS, DESCRIPTION} and stood != was:
            why = "the command line has changed" if applied else "what the last start had set is not known"
            lines.append(f"{name}: {_named(key)} {_is(key, want)} now, because {why}; it {_was(key, stood)} in Prefect")
    return {k: v for k, v in result.items() if v is not _MISSING}, lines


def _merged_tags(was: Any, stood: Any, want: Any) -> list[str]:
    """Return the tags of this start, with those that were added in Prefect and without those that were removed there.

    was: as the last start had them; missing if that is not known: then none counts as removed.
    """
    added = [t for t in stood if t not in (() if was is _MISSING else was) and t not in want]
    removed = set() if was is _MISSING else set(was) - set(stood)
    return [*(t for t in want if t not in removed), *added]


def _named(key: str) -> str:
    return f"the {key}"


def _is(key: str, value: Any) -> str:
    """Return what a line says of a value: descriptions are long, so only that they differ."""
    if value is _MISSING:
        return "is not set"
    return "is another" if key == DESCRIPTION else f"{'are' if key == TAGS else 'is'} {_shown(key, value)}"


def _was(key: str, value: Any) -> str:
    return "was not set" if value is _MISSING else f"was {_shown(key, value)}"


def _shown(key: str, value: Any) -> str:
    if value is _MISSING:
        return "none"
    if key == DESCRIPTION:
        return "its own"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    text = " ".join(text.split()) or "empty"
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def read_applied(file: Path) -> dict[str, Applied]:
    """Return what the last start had applied, by deployment; nothing if there is no record or a broken one."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        return {
            str(name): Applied(dict(one["settings"]), Night(**n) if (n := one["night"]) else None, one["automations"])
            for name, one in told.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def write_applied(file: Path, applied: Mapping[str, Applied]) -> None:
    """Keep what this start has applied, readable for this user only: addresses of sources may hold secrets."""
    told = {
        name: {
            "settings": one.settings,
            "night": {"cron": one.night.cron, "zone": one.night.zone, "id": one.night.id} if one.night else None,
            "automations": one.automations,
        }
        for name, one in applied.items()
    }
    draft = file.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as written:
        json.dump(told, written)
        written.flush()
        os.fsync(written.fileno())
    draft.replace(file)
