"""forget: take a document back."""

import contextlib
from pathlib import Path
from typing import Annotated, Any

import typer

from nightdesk.flows.cli.options import AsJson, Out, check_is_out
from nightdesk.flows.cli.terminal import say, show


def forget(
    doc_id: Annotated[str, typer.Argument(help="The document's id.")], out: Out = Path("out"), as_json: AsJson = False
) -> None:
    """Remove a document from every place of OUT that keeps text, and say what is left of it.

    Runs that are under way publish nothing of it. Ends with exit code 1 if something is left; then run it again.
    """
    from nightdesk.tasks.errors import NightdeskError

    check_is_out(out)
    told = _forget(out, doc_id)
    show(told, as_json)
    for line in told["left"]:
        say(f"left: {line}", err=True)
    where = ", ".join(told["sources"]) or "its source"
    say(f"Remove it from {where} too: a run that begins from now on and finds it there reads it anew.", err=True)
    if told["left"]:
        raise NightdeskError(
            f"{told['doc_id']}: not all of it is gone; mend what is named above, then run the command again"
        )


def _forget(out: Path, doc_id: str) -> dict[str, Any]:
    """Forget a document by its id in the tables, or by the one of its source, which is longer or no UTF-8.

    An earlier version kept long names of files as they were.
    """
    from nightdesk.tasks.errors import InputError
    from nightdesk.tasks.forget.document import forget_document
    from nightdesk.tasks.reading.formats.metadata import shortened

    try:
        return forget_document(out, shortened(doc_id))
    except InputError:
        if shortened(doc_id) != doc_id and doc_id.isprintable():
            with contextlib.suppress(InputError):
                return forget_document(out, doc_id)
        raise
