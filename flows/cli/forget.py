"""forget: take a document back."""

from pathlib import Path
from typing import Annotated

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
    from nightdesk.tasks.forget.document import forget_document

    check_is_out(out)
    told = forget_document(out, doc_id)
    show(told, as_json)
    for line in told["left"]:
        say(f"left: {line}", err=True)
    where = ", ".join(told["sources"]) or "its source"
    say(f"Remove it from {where} too: a run that begins from now on and finds it there reads it anew.", err=True)
    if told["left"]:
        raise NightdeskError(f"{doc_id}: not all of it is gone; mend what is named above, then run the command again")
