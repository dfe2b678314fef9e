"""forget: take a document back."""

from pathlib import Path
from typing import Annotated

import typer

from nightdesk.flows.cli.options import AsJson, Out, check_is_out
from nightdesk.flows.cli.terminal import show


def forget(
    doc_id: Annotated[str, typer.Argument(help="The document's id.")], out: Out = Path("out"), as_json: AsJson = False
) -> None:
    """Remove a document from the tables of every date and its answers from the store."""
    from nightdesk.tasks.forget import forget_document

    check_is_out(out)
    show(forget_document(out, doc_id), as_json)
