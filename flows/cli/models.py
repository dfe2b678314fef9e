"""models: the pool of a profile, and what is true of it now."""

import asyncio
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightdesk.flows.cli.options import AsJson, ProfileName
from nightdesk.flows.cli.terminal import show, show_table

if TYPE_CHECKING:
    from nightdesk.tasks.config.model_spec import ModelSpec
    from nightdesk.tasks.config.profile import Profile

CHECK_TIMEOUT_S = 60.0


def models(
    profile: ProfileName = "news",
    check: Annotated[
        bool, typer.Option("--check", help="Send each model a one-line request: is it there, how fast, what can it do?")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the pool of a profile."""
    from nightdesk.tasks.config.profile import load_profile

    chosen = load_profile(profile)
    rows = asyncio.run(_checked(chosen)) if check else [_row(chosen, m) for m in chosen.models]
    if as_json:
        return show({"profile": chosen.name, "models": rows}, as_json)
    show_table(f"models of {chosen.name}", rows, tuple(rows[0]))


def _row(profile: "Profile", model: "ModelSpec") -> dict[str, Any]:
    return {
        "model": model.name,
        "family": model.family,
        "provider": model.provider,
        "lane": model.lane,
        "judges": model.judges,
        "serves": model.name not in profile.exclude,
        "prior": model.prior.accuracy,
        **_context(model),
        "usd_per_million": [model.prices.input, model.prices.cached, model.prices.output],
    }


async def _checked(profile: "Profile") -> list[dict[str, Any]]:
    """Ask every model one line, side by side, from this process: its keys are those of this shell."""
    return list(await asyncio.gather(*(_check(m, list(profile.categories)) for m in profile.models)))


async def _check(model: "ModelSpec", categories: list[str]) -> dict[str, Any]:
    from nightdesk.tasks.config.pricing import dollars_of
    from nightdesk.tasks.models.address import address
    from nightdesk.tasks.models.worker import answer_group, answer_one
    from nightdesk.tasks.roles.content_organizer import make_request

    at, request = address(model, CHECK_TIMEOUT_S), make_request(["The bridge reopened on Monday."], "en", categories)
    start = time.perf_counter()
    if model.is_remote:
        reply = await answer_one(at, request)
    else:
        (reply,) = await asyncio.to_thread(answer_group, at, [request])
    return {
        "model": model.name,
        "answers": "yes" if reply.error is None else f"no: {reply.error}",
        "seconds": round(reply.latency_s or time.perf_counter() - start, 3),
        "held_to_json_by": reply.form or ("" if model.is_remote else "being computed"),
        **_context(model),
        "usage": "" if reply.error else "not reported" if reply.usage.estimated else "reported",
        "tokens": [reply.usage.input_tokens, reply.usage.output_tokens],
        "cost_usd": dollars_of(reply.usage, model.prices),
        "usd_per_million": [model.prices.input, model.prices.cached, model.prices.output],
    }


def _context(model: "ModelSpec") -> dict[str, Any]:
    """Return what it reads and answers in one call (None: no limit), and where that is known from."""
    return {"context_tokens": model.context.tokens or None, "context_from": model.context.source}
