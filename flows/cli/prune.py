"""prune: remove what is old."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from nightdesk.flows.cli.options import AsJson, Out, check_is_out, check_out, date_of
from nightdesk.flows.cli.terminal import say, show, show_table
from nightdesk.tasks.errors import InputError, PublishError

_WHATS = ("answers", "calls", "editions", "dates")


def prune(
    before: Annotated[str, typer.Option("--before", help="Dates before this one (YYYY-MM-DD) are pruned.")],
    out: Out = Path("out"),
    what: Annotated[
        list[str] | None,
        typer.Option(
            help="What goes, once for each: answers (and records of published calls, in the store), calls (with "
            "judgements and quarantine), editions, dates (all rows of all tables). Left out: all four.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go; change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove what is older than a date, of all profiles of an OUT, and list it.

    Stays: dates on which a run is at work, calls that are not published or that no weights have learned from, the
    learner's state. Documents of pruned dates stay known by their ids, so they are not run again as new ones.
    """
    day, named = _day(before), _named(what or [])
    check_is_out(out)
    from nightdesk.tasks.forget.pruning.outgoing import look
    from nightdesk.tasks.forget.pruning.prune import prune as carried_out
    from nightdesk.tasks.forget.pruning.seen_by_learner import SeenByLearner
    from nightdesk.tasks.safety.links import refuse_links_in

    cutoffs = dict.fromkeys(named, day)
    if dry_run:
        try:
            refuse_links_in(out)
        except PublishError as e:
            raise InputError(f"--out {e}") from None
        found = look(out, cutoffs, SeenByLearner(out))
    else:
        check_out(out)
        found = carried_out(out, cutoffs)
    for line in found.kept:
        say(line, err=True)
    if as_json:
        return show({"before": day.isoformat(), "dry_run": dry_run, "pruned": found.rows, "kept": found.kept}, True)
    show_table("what would go" if dry_run else "what went", found.rows, ("what", "number", "of", "bytes", "dates"))


def _named(what: list[str]) -> list[str]:
    """Return what goes, of what was named; with its date everything else of it goes, too."""
    for name in what:
        if name not in _WHATS:
            raise InputError(f"--what {name}: choose of {', '.join(_WHATS)}")
    return [w for w in _WHATS if not what or w in what or "dates" in what]


def _day(text: str) -> date:
    if not text:
        raise InputError("--before: names no date; write one as YYYY-MM-DD")
    try:
        return date_of(text)
    except InputError:
        raise InputError(f"--before {text}: not a date; write it as YYYY-MM-DD") from None
