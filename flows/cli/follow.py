"""follow: streams that never end, read as they arrive."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nightdesk.flows.cli.interrupts import in_loop, leave_at_once
from nightdesk.flows.cli.options import Out, ProfileName, check_apart, check_out, check_size
from nightdesk.flows.cli.run import warm_up
from nightdesk.flows.cli.terminal import say

if TYPE_CHECKING:
    from nightdesk.flows.shared.following.parameters import FollowParameters
    from nightdesk.tasks.config.profile import Profile
    from nightdesk.tasks.following.settling.settled import Settled


def follow(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Files that grow (.txt, .vtt, .srt, .jsonl), folders in which files arrive, http(s) addresses of "
            "feeds, or - for stdin."
        ),
    ],
    out: Out = Path("out"),
    every: Annotated[str, typer.Option(help="Time between two looks at the sources: 5s, 30s, 2m.")] = "30s",
    idle: Annotated[
        str, typer.Option(help="Time without anything new after which an unfinished last line counts as a sentence.")
    ] = "10m",
    until: Annotated[
        str, typer.Option(help="Time of day (HH:MM) at which to end the day and to exit; left out: never.")
    ] = "",
    timezone: Annotated[
        str, typer.Option(help="Time zone in which a day ends at midnight; left out: this machine's.")
    ] = "",
    profile: ProfileName = "news",
    prints: Annotated[bool, typer.Option("--print", help="Print a line for every sentence that is settled.")] = False,
    dollars_per_day: Annotated[
        float, typer.Option(min=0, help="The most that a day may take. 0: as the table \\[follow] in the profile says.")
    ] = 0.0,
    dollars_per_hour: Annotated[
        float,
        typer.Option(min=0, help="The most that an hour may take. 0: as the table \\[follow] in the profile says."),
    ] = 0.0,
    text_id: Annotated[str, typer.Option("--id", help="What the text on stdin (-) is called.")] = "stdin",
) -> None:
    """Follow streams: file every sentence within seconds of its arrival, until Ctrl-C, --until, or the end of stdin.

    At midnight the day ends: its documents are closed, the edition is made, the weights learn, and the next day begins.
    Whatever ends it, the same command goes on from there. What is on now: OUT/live/index.html.
    """
    leave_at_once()
    _check_times(every, idle, until, timezone)
    from nightdesk.flows.shared.surroundings import check
    from nightdesk.tasks.config.profile import load_profile

    chosen = load_profile(profile)
    check_out(out)
    check_apart(out, sources)
    check_size(sources)
    check(0 if chosen.dask.scheduler or "DASK_SCHEDULER_ADDRESS" in os.environ else chosen.dask.workers)
    _check_sources(sources, chosen, out)
    if "PREFECT_API_URL" in os.environ:
        warm_up(chosen)  # beside the import of Prefect
    from nightdesk.flows.shared.following.parameters import FollowParameters

    parameters = FollowParameters(
        sources=sources,
        text_id=text_id or "stdin",
        out=str(out),
        profile=profile,
        every=every,
        idle=idle,
        until=until,
        timezone=timezone,
        dollars_per_day=dollars_per_day,
        dollars_per_hour=dollars_per_hour,
    )
    parameters.check_sources()
    if not prints:
        return _follow(parameters, chosen, None)
    with _printer(chosen) as printer:
        _follow(parameters, chosen, printer)


def _follow(
    parameters: "FollowParameters", chosen: "Profile", printer: "Callable[[Sequence[Settled]], None] | None"
) -> None:
    """Run the flow, day after day, and say how the last one ended."""
    from nightdesk.flows.artifacts.follow_page import LIVE
    from nightdesk.flows.follow import follow_days
    from nightdesk.flows.serve.server_auth import close_ephemeral
    from nightdesk.flows.shared.following.moments import NOW, UNTIL, until_of
    from nightdesk.flows.shared.following.one_date import PRINTER
    from nightdesk.flows.shared.kept_result import kept

    if "PREFECT_API_URL" not in os.environ:
        import docket  # noqa: F401  (before there are threads: see `nightdesk run`)

        warm_up(chosen)
    close_ephemeral()
    UNTIL.set(until_of(parameters, NOW.get()()))
    PRINTER.set(printer)
    out = Path(parameters.out)
    say(f"following {', '.join(parameters.sources)} into {out}; what is on now: {out / LIVE}", err=True)
    result = in_loop(kept(follow_days(parameters, lambda line: say(line, err=True))), is_flow=True)
    if result["edition"]:
        say(f"To read: {result['edition']}", err=True)
    say(f"{result['run_date']}: {result['verdict']}", err=True)


@contextmanager
def _printer(profile: "Profile") -> "Iterator[Callable[[Sequence[Settled]], None]]":
    """Yield what prints a line for every sentence that is settled, as long as somebody reads them."""
    from nightdesk.tasks.following.provisional.printing import Printing
    from nightdesk.tasks.following.provisional.terminal import look_of, settled_lines

    look, categories = look_of(sys.stdout, os.environ), list(profile.categories)

    def write(lines: Sequence[str]) -> None:
        # Not through sys.stdout: where a reader has stalled, that would be locked, and the process could not end.
        raw = "".join(f"{line}\n" for line in lines).encode(sys.stdout.encoding or "utf-8", "backslashreplace")
        while raw:
            raw = raw[os.write(sys.stdout.fileno(), raw) :]

    printing = Printing(write, lambda line: say(line, err=True))
    try:
        yield lambda settled: printing.put([*settled_lines(settled, categories, look)])
    finally:
        printing.end()


def _check_times(every: str, idle: str, until: str, timezone: str) -> None:
    """Raise InputError, with the option, if one of these is not what it is to be."""
    from nightdesk.tasks.errors import InputError
    from nightdesk.tasks.following import times
    from nightdesk.tasks.following.times import EVERY_S, IDLE_S

    checks: list[tuple[str, str, Callable[[str], object]]] = [
        ("--every", every, lambda text: times.seconds_of(text, *EVERY_S)),
        ("--idle", idle, lambda text: times.seconds_of(text, *IDLE_S)),
        ("--until", until, lambda text: text and times.time_of(text)),
        ("--timezone", timezone, times.zone_of),
    ]
    for option, written, check in checks:
        try:
            check(written)
        except ValueError as e:
            raise InputError(f"{option}: {e}") from None


def _check_sources(sources: list[str], profile: "Profile", out: Path) -> None:
    """Raise InputError if a source cannot be followed, before a server and workers are started."""
    from nightdesk.tasks.following.arrivals.watch import Watch
    from nightdesk.tasks.reading.found_documents import STDIN

    if named := [s for s in sources if s != STDIN]:  # stdin is read from its first look on
        Watch(named, profile, out, idle_s=0.0).close()
