"""read: the editions in a browser, over http."""

import threading
from pathlib import Path
from typing import Annotated

import typer

from nightdesk.flows.cli.options import Out, check_is_out
from nightdesk.flows.cli.terminal import say
from nightdesk.tasks.errors import InputError


def read(
    out: Out = Path("out"),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; any that is free if taken.")] = 4201,
) -> None:
    """Serve the editions to browsers on this machine until Ctrl-C, and print the link to them."""
    check_is_out(out)
    if not (out / "editions" / "index.html").exists():
        raise InputError(f"{out}: has no edition; `nightdesk edition --out {out}` makes one of a night's tables")
    from nightdesk.flows.serve.reading_server import reading_server

    with reading_server(out, port) as address:
        say(f"{address}/index.html")
        say("whoever has this link can read them; Ctrl-C ends it", err=True)
        threading.Event().wait()
