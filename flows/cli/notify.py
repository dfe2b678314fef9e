"""notify: alarms on a Prefect server of one's own."""

import asyncio
from typing import Annotated

import typer

from nightdesk.flows.cli.causes import told_in_one_line
from nightdesk.flows.cli.terminal import say
from nightdesk.tasks.errors import InputError, NightdeskError

WorthALook = Annotated[
    bool, typer.Option("--worth-a-look", help="Tell, too, of nights whose verdict is 'Worth a look'.")
]


def notify(
    address: Annotated[
        str,
        typer.Argument(
            envvar="NIGHTDESK_NOTIFY",
            metavar="URL",
            help="Where alarms go, as Apprise has it: mailto://, slack://, json://host/path, ...",
        ),
    ],
    worth_a_look: WorthALook = False,
) -> None:
    """Have the Prefect server of PREFECT_API_URL tell when a night fails, is late, stops, or does not happen."""
    from nightdesk.flows.serve.alarms import check_address, make_alarms, send_test

    check_address(address)
    from prefect.settings import get_current_settings

    if not get_current_settings().api.url:
        raise InputError("PREFECT_API_URL is not set: name the Prefect server, or use `nightdesk serve --notify`")
    with told_in_one_line("the alarms were not made"):
        names = asyncio.run(make_alarms(address, worth_a_look))
    for name in names:
        say(name)
    if not send_test(address):
        raise NightdeskError("the alarms are made, but a test message could not be sent to that address; check it")
    say("a test message has been sent", err=True)
