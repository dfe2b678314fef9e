"""compact: merge the parts that the batches of earlier nights have left."""

from pathlib import Path
from typing import Annotated

import typer

from nightdesk.flows.cli.options import Out, check_is_out, date_of
from nightdesk.flows.cli.terminal import say


def compact(
    out: Out = Path("out"),
    before: Annotated[str, typer.Option(help="Only dates before this one (YYYY-MM-DD); today if left out.")] = "",
) -> None:
    """Merge the parts of passages, topics and documents of earlier dates, so that there are few large files.

    Programs that read the tables by their folders must wait meanwhile, because they would see documents twice;
    nightdesk itself reads on. Dates that a run is at work on are left out.
    """
    check_is_out(out)
    from nightdesk.tasks.tables.publishing.compact import compact as compacted

    first_kept = date_of(before, "--before")
    say(
        "Programs that read the tables by their folders (pandas, duckdb, polars) must wait until this is over.",
        err=True,
    )
    merged = 0
    for told in compacted(out, first_kept):
        if told.is_busy:
            say(f"{told.run_date}: left out, because a run is at work on it; compact again when it is over", err=True)
        elif told.after < told.before:
            say(f"{told.run_date}: {told.before} parts -> {told.after}")
            merged += 1
    if not merged:
        say(f"no date before {first_kept} has parts to merge")
