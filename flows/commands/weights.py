"""learn, weights, rollback: what the learner made of the nights so far."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from flows.commands.options import AsJson, Out, ProfileName, check_is_out
from flows.loop import in_loop
from flows.show import show, show_table
from role_rl.errors import StateError
from tasks.errors import InputError

log = logging.getLogger("nightdesk")


def learn(out: Out = Path("out"), profile: ProfileName = "news", as_json: AsJson = False) -> None:
    """Update the weights from what was published and not yet learned."""
    from tasks.profile import load_profile

    load_profile(profile)
    check_is_out(out)
    from flows.nightly import learn as learn_flow
    from flows.parameters import LearnParameters

    show(in_loop(learn_flow(LearnParameters(out=str(out), profile=profile))), as_json)


def weights(
    out: Out = Path("out"),
    profile: ProfileName = "news",
    role: Annotated[str, typer.Option(help="Only this role.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show the weights that serve next: per role, what every model is worth and how often it is drawn."""
    from tasks.learning import weights_rows
    from tasks.profile import load_profile
    from tasks.requests import ROLES

    if role and role not in ROLES:
        raise InputError(f"--role {role}: no such role; there are {', '.join(ROLES)}")
    check_is_out(out)
    rows, warnings = weights_rows(out, load_profile(profile), role or None)
    for warning in warnings:
        log.warning("%s", warning)
    if as_json:
        return show({"profile": profile, "weights": rows}, as_json)
    columns = ("role", "language", "model", "weight", "value", "low", "high", "judged", "dollars", "seconds")
    show_table(f"weights, version {rows[0]['version']}: {rows[0]['reason']}" if rows else "no weights", rows, columns)


def rollback(
    version: Annotated[int, typer.Argument(help="The version to go back to.")],
    out: Out = Path("out"),
    profile: ProfileName = "news",
    as_json: AsJson = False,
) -> None:
    """Serve by an earlier version of the weights again: a new version that copies it."""
    from role_rl import state
    from tasks.learning import state_folder
    from tasks.profile import load_profile

    check_is_out(out)
    name = load_profile(profile).name
    try:
        copied = state.rollback(state_folder(out, name), version)
    except StateError as e:
        raise InputError(str(e)) from None
    show({"profile": name, "new_weights_version": copied.version, "reason": copied.reason}, as_json)
