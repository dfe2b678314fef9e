"""migrate: bring an OUT of an earlier version to what this version writes."""

from pathlib import Path

from nightdesk.flows.cli.options import Out, check_is_out
from nightdesk.flows.cli.terminal import say


def migrate(out: Out = Path("out")) -> None:
    """Rewrite what an earlier version wrote, so that plain readers of the tables see every column; forward only."""
    check_is_out(out)
    from nightdesk.tasks.tables.migration import migrate as carried_out

    for name, rewritten in carried_out(out).items():
        say(f"{name}: {rewritten} files rewritten" if rewritten else f"{name}: current")
