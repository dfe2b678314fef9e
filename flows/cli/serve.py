"""serve: every night by itself, on one machine: a Prefect server, the deployments, and what runs them."""

import hashlib
import json
import os
import re
import shlex
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nightdesk.flows.cli.causes import cause, told_in_one_line
from nightdesk.flows.cli.notify import WorthALook
from nightdesk.flows.cli.options import (
    FailOnMissing,
    Out,
    ProfileName,
    check_apart,
    check_out,
    check_size,
    sources_of,
)
from nightdesk.flows.cli.terminal import say
from nightdesk.flows.shared.parent_watch import SERVED_BY
from nightdesk.tasks.config.private_files import replacing
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reading.fetching.addresses import WAY_OUT, hostname_of, is_url, private_name, public

if TYPE_CHECKING:
    from nightdesk.flows.serve.registration import Registered


def serve(
    profile: ProfileName = "news",
    out: Out = Path("out"),
    cron: Annotated[str, typer.Option(help="When the nights are, as cron has it.")] = "0 2 * * *",
    timezone: Annotated[
        str, typer.Option(help="Time zone of the nights; left out: as at the last start, at the first this machine's.")
    ] = "",
    sources: Annotated[list[str] | None, typer.Option(help="Files, folders or globs that a night reads.")] = None,
    fail_on_missing: FailOnMissing = False,
    notify: Annotated[
        str,
        typer.Option(envvar="NIGHTDESK_NOTIFY", help="Where alarms go, as Apprise has it: mailto://..., slack://..."),
    ] = "",
    worth_a_look: WorthALook = False,
    reset: Annotated[
        bool, typer.Option("--reset", help="Undo what was edited in Prefect: schedules, parameters, tags, and so on.")
    ] = False,
    more: Annotated[list[str] | None, typer.Argument(hidden=True, metavar="SOURCE")] = None,  # --sources a b c
) -> None:
    """Serve the nightly and the ad-hoc runs, and a Prefect server with its UI if none is configured, until Ctrl-C.

    What was edited in Prefect (a paused or moved schedule, parameters, tags) stays so, until this command line changes.
    """
    from nightdesk.flows.shared.surroundings import check
    from nightdesk.tasks.config.profile import load_profile

    chosen = load_profile(profile)
    zone = _zone(timezone)
    named = [*(sources or []), *(more or [])] or sources_of(None)
    for source in named:
        _check_source(source, chosen.fetch.allow_private)
    if notify:
        from nightdesk.flows.serve.alarms import check_address

        check_address(notify)
    check_out(out)
    check_apart(out, named)
    check_size(named)
    check(0 if chosen.dask.scheduler or "DASK_SCHEDULER_ADDRESS" in os.environ else chosen.dask.workers)
    with told_in_one_line("serving failed"):
        wishes = {"fail_on_missing": fail_on_missing, "notify": notify, "worth_a_look": worth_a_look, "reset": reset}
        _serve(profile, out, cron, zone, bool(timezone), named, wishes)
    say("nightdesk serves no more", err=True)


def _serve(
    profile: str, out: Path, cron: str, zone: str, is_zone_named: bool, sources: list[str], wishes: dict[str, Any]
) -> None:
    """Hold the locks, start a server if none is configured, and serve until Ctrl-C."""
    os.environ["PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"] = "INFO"  # what runs say is shown here, too
    os.environ[SERVED_BY] = str(os.getpid())
    from prefect.settings import get_current_settings

    from nightdesk.flows.artifacts.edition_link import READ_AT
    from nightdesk.flows.serve.prefect_server import answers, own_server
    from nightdesk.flows.serve.reading_server import reading_server
    from nightdesk.flows.serve.server_auth import how_to_sign_in, key_of, use
    from nightdesk.flows.shared.scheduled_time import check_schedule

    check_schedule(cron, zone)
    settings = get_current_settings()
    known = settings.api.auth_string
    if (url := settings.api.url) and not answers(url, known.get_secret_value() if known else ""):
        raise InputError(f"PREFECT_API_URL={url}: no Prefect server answers there; start it, or unset the variable")
    stopped = threading.Event()

    def stop(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)  # the second time ends it at once
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number == signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)
    with ExitStack() as started:
        one_per_out = started.enter_context(_alone(out, f"--out {out}", "name another --out"))
        which = url or f"the Prefect server of {settings.home}"
        one_per_server = started.enter_context(
            _alone(settings.home / _folder_of(which), which, "or set PREFECT_API_URL to another server")
        )
        api, sign_in = url, []
        if not api:
            key = key_of(settings)
            api = started.enter_context(own_server(settings.home, settings.server.api.port, key))
            use(key, PREFECT_API_URL=api)
            sign_in = how_to_sign_in(key, api)
        ui = (settings.ui_url or api.removesuffix("/api")).rstrip("/")
        for lock in (one_per_out, one_per_server):
            with replacing(lock) as told:  # OUT may be shared: a link that lies there is not followed
                json.dump({"pid": os.getpid(), "ui": ui}, told)

        os.environ[READ_AT] = started.enter_context(reading_server(out))

        def ready(registered: "Registered") -> None:
            say(f"nightdesk is served; the UI: {ui}")
            for line in sign_in:
                say(line, err=True)
            for line in registered.differences:
                say(line, err=True)
            say(
                f"nights: {registered.nights}, profile {profile}, from {', '.join(sources)} into {out}; Ctrl-C ends it",
                err=True,
            )
            # The link itself is a secret, and what is printed here often goes to a log that others read.
            say(f"editions: the link on a run's page, or `nightdesk read --out {shlex.quote(str(out))}`", err=True)

        if not stopped.is_set():
            from nightdesk.flows.serve.deployments import Serving, Wishes, serve_until
            from nightdesk.flows.serve.registration import Asked
            from nightdesk.flows.shared.allowed import allow_served

            served = _file(profile), out.absolute(), [_absolute(s) for s in sources]
            allow_served(one_per_server.with_name("allowed.toml"), *served)
            asked, record = Asked(cron, zone, is_zone_named), one_per_server.with_name("applied.json")
            serving = Serving(*served, asked, url is None, record, Wishes(**wishes))
            serve_until(stopped, serving, ready)


@contextmanager
def _alone(folder: Path, what: str, remedy: str) -> Iterator[Path]:
    """Hold a lock in a folder; yield the file that says who holds it.

    Raises:
        InputError: another process holds it.
    """
    from filelock import FileLock, Timeout

    holder = folder / "serve.json"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / "serve.lock", timeout=0):
            yield holder
            holder.unlink(missing_ok=True)
    except Timeout:
        raise InputError(f"{what} is served already{_told_by(holder)}; end that first, {remedy}") from None


def _told_by(holder: Path) -> str:
    try:
        told = json.loads(holder.read_text(encoding="utf-8"))
        return f" by process {int(told['pid'])} at {told['ui']}"
    except (OSError, ValueError, KeyError, TypeError):
        return ""  # it is just starting


def _folder_of(server: str) -> str:
    return f"nightdesk/{hashlib.sha256(server.encode()).hexdigest()[:12]}"


def _zone(name: str) -> str:
    """Return the name of a time zone: the one given (whether there is such a one, Prefect tells), or this machine's.

    Raises:
        InputError: this machine does not say its zone by a name, so the nights would come at the wrong hour.
    """
    if name:
        return name
    import tzlocal

    remedy = "name it with --timezone, such as --timezone Europe/Berlin or --timezone UTC"
    told = os.environ.get("TZ", "").removeprefix(":")
    if told and "/" not in told and told.upper() not in ("UTC", "GMT"):  # a rule such as EST5EDT
        raise InputError(f"TZ={told}: not the name of a time zone that nights can be reckoned in; {remedy}")
    try:
        local = str(tzlocal.get_localzone_name() or "")
    except Exception as e:  # noqa: BLE001  (what its files hold can be anything)
        raise InputError(f"the time zone of this machine cannot be told ({cause(e)}); {remedy}") from None
    if not local:
        raise InputError(f"this machine does not say its time zone (no TZ, no /etc/localtime); {remedy}")
    return local


def _check_source(source: str, allow_private: bool) -> None:
    """Raise InputError if what a source names before its first wildcard or {run_date} is not there, or not asked."""
    if "://" in source:
        if not allow_private and is_url(source) and (what := private_name(hostname_of(source))):
            raise InputError(f"--sources {public(source)}: {what}, {WAY_OUT}")
        return
    fixed = re.split(r"\{run_date\}|[*?\[]", source, maxsplit=1)[0]
    path = Path(fixed) if fixed == source or fixed.endswith("/") else Path(fixed).parent
    if not source.strip() or not path.exists():
        raise InputError(f"--sources {source}: there is no {path}; make it, or check the path")


def _file(profile: str) -> str:
    """Return what names a profile wherever a flow runs."""
    return str(Path(profile).absolute()) if profile.endswith(".toml") else profile


def _absolute(source: str) -> str:
    return source if "://" in source else str(Path(source).absolute())
