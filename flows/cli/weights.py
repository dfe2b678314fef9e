"""learn, weights, rollback: what the learner made of the nights so far."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from nightdesk.flows.cli.interrupts import in_loop
from nightdesk.flows.cli.options import AsJson, Out, ProfileName, bring_up, check_is_out
from nightdesk.flows.cli.terminal import say, show, show_table
from nightdesk.role_rl.errors import StateError
from nightdesk.tasks.errors import InputError

log = logging.getLogger("nightdesk")


def learn(out: Out = Path("out"), profile: ProfileName = "news", as_json: AsJson = False) -> None:
    """Update the weights from what was published and not yet learned."""
    from nightdesk.flows.shared.surroundings import check
    from nightdesk.tasks.config.profile import load_profile

    load_profile(profile)
    check_is_out(out)
    check(0)
    from nightdesk.flows.nightly import learn as learn_flow
    from nightdesk.flows.serve.server_auth import close_ephemeral
    from nightdesk.flows.shared.parameters import LearnParameters

    close_ephemeral()
    show(in_loop(learn_flow(LearnParameters(out=str(out), profile=profile)), is_flow=True), as_json)


def weights(
    out: Out = Path("out"),
    profile: ProfileName = "news",
    role: Annotated[str, typer.Option(help="Only this role.")] = "",
    history: Annotated[bool, typer.Option("--history", help="The versions: when, who leads, and why.")] = False,
    last: Annotated[int, typer.Option(help="Versions that --history shows; 0: all.", min=0)] = 30,
    back_to: Annotated[
        int | None, typer.Option("--rollback", metavar="VERSION", help="Serve by this version again.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the weights that serve next: what every model is worth, how often it is drawn, and a sentence per role."""
    from nightdesk.tasks.config.profile import load_profile
    from nightdesk.tasks.learning.in_words import in_words
    from nightdesk.tasks.learning.learn import history_rows, weights_rows
    from nightdesk.tasks.messages import ROLES

    if role and role not in ROLES:
        raise InputError(f"--role {role}: no such role; there are {', '.join(ROLES)}")
    if back_to is not None:
        return rollback(back_to, out, profile, as_json)
    check_is_out(out)
    chosen = load_profile(profile)
    bring_up(out)
    left_out = 0
    if history:
        rows, warnings, left_out = history_rows(out, chosen, last)
    else:
        rows, warnings = weights_rows(out, chosen, role or None)
    if left_out:
        warnings = [*warnings, f"earlier versions that are not shown: {left_out}; --last 0 shows all"]
    for warning in warnings:
        log.warning("%s", warning)
    if as_json:
        told: dict[str, object] = {"versions": rows, "left_out": left_out}
        if not history:
            told = {"weights": rows, "in_words": in_words(out, chosen, rows)}
        return show({"profile": profile, **told}, as_json)
    if history:
        shown = [{**r, "leaders": "\n".join(f"{k}: {v}" for k, v in r["leaders"].items())} for r in rows]
        return show_table(
            f"versions of {profile}", shown, ("version", "created_at", "strategy", "runs", "leaders", "reason")
        )
    columns = ("role", "language", "model", "weight", "value", "low", "high", "judged", "dollars", "seconds")
    show_table(f"weights, version {rows[0]['version']}: {rows[0]['reason']}" if rows else "no weights", rows, columns)
    for line in in_words(out, chosen, rows):
        say(line)


def what_if(
    out: Out = Path("out"),
    profile: ProfileName = "news",
    v: Annotated[float | None, typer.Option(help="Reward of a right answer.")] = None,
    k_cost: Annotated[float | None, typer.Option(help="Reward lost by a dollar.")] = None,
    k_time: Annotated[float | None, typer.Option(help="Reward lost by a second.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="A model that would not serve.")] = None,
    as_json: AsJson = False,
) -> None:
    """Ask what the nights so far would have been worth under other settings, as far as their log can tell."""
    from dataclasses import replace

    from nightdesk.role_rl.errors import SettingsError
    from nightdesk.tasks.config.profile import load_profile
    from nightdesk.tasks.learning.learn import what_if_rows

    check_is_out(out)
    chosen = load_profile(profile)
    for name in exclude or ():
        if name not in {m.name for m in chosen.models}:
            raise InputError(f"--exclude {name}: no model of profile {chosen.name}; see nightdesk models")
    settings = chosen.settings()
    try:
        changed = replace(
            settings,
            v=settings.v if v is None else v,
            k_cost=settings.k_cost if k_cost is None else k_cost,
            k_time=settings.k_time if k_time is None else k_time,
            excluded=settings.excluded | set(exclude or ()),
        )
    except SettingsError as e:
        raise InputError(str(e)) from None
    bring_up(out)
    rows = what_if_rows(out, chosen, changed)
    if as_json:
        return show({"profile": chosen.name, "what_if": rows}, as_json)
    columns = ("role", "language", "leads_now", "would_lead", "judged", "reward", "against_now")
    shown = [{**r, "reward": _said(r["reward"]), "against_now": _said(r["against_now"])} for r in rows]
    show_table("a decision's reward under the changed settings, with 95 % intervals", shown, columns)


def _said(interval: list[float] | None) -> str:
    if interval is None:
        return "not supported by the log"
    mean, low, high = interval
    return f"{mean:+.4f} ({low:+.4f} to {high:+.4f})"


def rollback(
    version: Annotated[int, typer.Argument(help="The version to go back to.")],
    out: Out = Path("out"),
    profile: ProfileName = "news",
    as_json: AsJson = False,
) -> None:
    """Serve by an earlier version of the weights again: a new version that copies it."""
    from nightdesk.role_rl import state_versions
    from nightdesk.tasks.config.profile import load_profile
    from nightdesk.tasks.learning.catching_up import state_folder

    check_is_out(out)
    name = load_profile(profile).name
    bring_up(out)
    try:
        copied = state_versions.rollback(state_folder(out, name), version)
    except StateError as e:
        raise InputError(str(e)) from None
    show({"profile": name, "new_weights_version": copied.version, "reason": copied.reason}, as_json)
