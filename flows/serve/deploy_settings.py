"""What deployments/prefect.yaml takes from Prefect variables, with what holds where none is set: a step of `build`.

Prefect puts the values of variables into the step's inputs, and "" for those that are not set.
"""

import contextlib
import json
import os
import shlex
from importlib.metadata import version

from nightdesk.flows.shared.scheduled_time import check_schedule
from nightdesk.tasks.config.profile import shipped_profiles
from nightdesk.tasks.errors import InputError

SOURCES, OUT, CRON, TIMEZONE, PROFILE, PYTHON = ["wires"], "out", "0 2 * * *", "UTC", "news", "python"


def settings(
    sources: list[str] | str = "",
    out: str = "",
    cron: str = "",
    timezone: str = "",
    profile: str = "",
    folder: str = "",
    python: str = "",
    image: str = "",
) -> dict[str, str | list[str]]:
    """Return the settings, by the names that prefect.yaml has for them.

    sources: a list, or one source. timezone: in which cron is meant, and the dates of nights. profile: a shipped one's
    name, or the path of a file. folder: that the worker's jobs run in; default: the one that this is called in.
    python: the interpreter that nightdesk is installed in, where the jobs run. image: of a Docker pool.

    Raises:
        InputError: one of them cannot be used; it names the variable.
    """
    cron, timezone, profile = cron or CRON, timezone or TIMEZONE, profile or PROFILE
    try:
        check_schedule(cron, timezone)
    except InputError as e:
        raise InputError(f"Prefect variables nightdesk_cron and nightdesk_timezone: {e}") from None
    if profile not in shipped_profiles() and not profile.endswith(".toml"):
        known = ", ".join(shipped_profiles())
        raise InputError(f"Prefect variable nightdesk_profile: {profile!r} is none of {known}, nor a .toml file")
    return {
        "sources": _sources(sources),
        "out": out or OUT,
        "cron": cron,
        "timezone": timezone,
        "profile": profile,
        "folder": folder or os.getcwd(),  # noqa: PTH109  (as Prefect's own default has it)
        "python": shlex.quote(python or PYTHON),  # it becomes a part of a command
        "image": image or f"nightdesk:{version('nightdesk')}",
    }


def _sources(named: list[str] | str) -> list[str]:
    """Return the sources of a variable: a list, a list as text (as `prefect variable set` has it), or one source."""
    if isinstance(named, str) and named.startswith("["):
        with contextlib.suppress(ValueError):  # the name of a file may begin so
            named = json.loads(named)
    many = [named] if isinstance(named, str) else named
    if not isinstance(many, list) or not all(isinstance(s, str) for s in many):
        raise InputError('Prefect variable nightdesk_sources: write a list of names, such as ["wires"], or one name')
    return [s for s in many if s.strip()] or SOURCES
