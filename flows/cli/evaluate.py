"""evaluate: how well the models do on labelled documents."""

import tempfile
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from nightdesk.flows.cli.interrupts import in_loop
from nightdesk.flows.cli.options import AsJson, ProfileName, check_out, folder_of
from nightdesk.flows.cli.terminal import show, show_table


def evaluate(
    labelled: Annotated[
        list[Path] | None,
        typer.Argument(help="Labelled documents, as in datasets/labels; left out: those that come with nightdesk."),
    ] = None,
    profile: ProfileName = "news",
    greedy: Annotated[
        bool, typer.Option("--greedy", help="Have the leading model of each role serve; explore and judge nothing.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            parser=folder_of,
            metavar="PATH",
            help="Work in this folder, by its weights; else in one that is removed in the end.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run labelled documents through the roles, and measure how well the tables agree with the labels."""
    from nightdesk.tasks.calling.dask import pool
    from nightdesk.tasks.calling.dask.own_workers import own_workers
    from nightdesk.tasks.config.profile import load_profile
    from nightdesk.tasks.evaluation.evaluate import MEASURES, load_all, mean, shipped_for
    from nightdesk.tasks.evaluation.evaluate import evaluate as evaluated
    from nightdesk.tasks.tables import audit

    chosen = load_profile(profile)
    files = labelled or shipped_for(chosen)
    documents = load_all(files, chosen)
    if out is not None:
        check_out(out)
    pool.warm(chosen.dask.scheduler, own_workers(chosen), chosen.key_variables)
    audit.warm()
    with tempfile.TemporaryDirectory(prefix="nightdesk-") as scratch:
        rows = in_loop(evaluated(files, documents, out or Path(scratch), date.today(), chosen, greedy))
    if as_json:
        return show({"profile": chosen.name, "greedy": greedy, "documents": rows, "mean": mean(rows)}, as_json)
    total = {"document": "mean", "sentences": sum(row["sentences"] for row in rows), **mean(rows)}
    columns = ("document", "sentences", *MEASURES)
    shown = [{c: row.get(c, "") for c in columns} for row in [*rows, total]]
    show_table(f"{chosen.name}{', leading models only' if greedy else ''}", shown, columns)
