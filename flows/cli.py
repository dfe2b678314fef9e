"""The command line. Results go to stdout, the rest to stderr; heavy libraries are imported where they serve.

Exit codes: 0 done; 1 a failed run; 2 bad input or usage (one line: file, place, remedy); 130 interrupted.
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextvars import copy_context
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.show import show, show_table
from role_rl.errors import RoleRLError, StateError
from tasks.errors import InputError, NightdeskError

if TYPE_CHECKING:
    from tasks.profile import Profile

app = typer.Typer(
    help="Reorganises endless text every night: topics, categories and audited Parquet.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
log = logging.getLogger("nightdesk")

Sources = Annotated[list[str], typer.Argument(help="Files, folders or globs; {run_date} stands for the run's date.")]
Out = Annotated[Path, typer.Option(help="Folder of the tables, the answers' store and the learner's state.")]
ProfileName = Annotated[str, typer.Option("--profile", help="news, commerce, or a profile's .toml file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.command()
def run(
    sources: Sources,
    out: Out = Path("out"),
    run_date: Annotated[str, typer.Option("--date", help="Date the run is for (YYYY-MM-DD); today if left out.")] = "",
    profile: ProfileName = "news",
    no_learn: Annotated[bool, typer.Option("--no-learn", help="Leave the weights as they are.")] = False,
    reassign: Annotated[bool, typer.Option("--reassign", help="Draw models anew by the newest weights.")] = False,
    as_json: AsJson = False,
) -> None:
    """Reorganise documents now: the nightly flow."""
    started = time.perf_counter()
    from tasks.documents import check_sources
    from tasks.profile import load_profile

    day = _date(run_date)  # told once: the run may begin before midnight and end after
    chosen = load_profile(profile)
    check_sources(sources, day)
    _check_out(out)
    if "PREFECT_API_URL" in os.environ:
        _warm(chosen)  # beside the import of Prefect
    from flows.bars import bars
    from flows.nightly import nightly
    from flows.parameters import RunParameters

    if "PREFECT_API_URL" not in os.environ:
        _warm(chosen)  # beside the start of Prefect's own server, which takes longest and so is not to wait for this
    parameters = RunParameters(
        sources=sources,
        out=str(out),
        run_date=day,
        profile=profile,
        learn=not no_learn,
        reassign=reassign,
        only_new=False,
    )
    with bars():
        result = _in_loop(nightly(parameters))
    result = {**result, "seconds": round(time.perf_counter() - started, 3)}
    show(result, as_json)
    if not as_json:
        typer.echo(f"The tables are in {out / 'tables'}.", err=True)


@app.command()
def learn(out: Out = Path("out"), profile: ProfileName = "news", as_json: AsJson = False) -> None:
    """Update the weights from what was published and not yet learned."""
    from tasks.profile import load_profile

    load_profile(profile)
    _check_is_out(out)
    from flows.nightly import learn as learn_flow
    from flows.parameters import LearnParameters

    show(_in_loop(learn_flow(LearnParameters(out=str(out), profile=profile))), as_json)


@app.command()
def weights(
    out: Out = Path("out"),
    profile: ProfileName = "news",
    role: Annotated[str, typer.Option(help="Only this role.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show the weights that serve next: per role, what every model is worth and how often it is drawn."""
    from tasks.learning import weights_rows
    from tasks.profile import load_profile
    from tasks.requests import ROLES

    if role and role not in ROLES:
        raise InputError(f"--role {role}: no such role; there are {', '.join(ROLES)}")
    _check_is_out(out)
    rows, warnings = weights_rows(out, load_profile(profile), role or None)
    for warning in warnings:
        log.warning("%s", warning)
    if as_json:
        return show({"profile": profile, "weights": rows}, as_json)
    columns = ("role", "language", "model", "weight", "value", "low", "high", "judged", "dollars", "seconds")
    show_table(f"weights, version {rows[0]['version']}: {rows[0]['reason']}" if rows else "no weights", rows, columns)


@app.command()
def rollback(
    version: Annotated[int, typer.Argument(help="The version to go back to.")],
    out: Out = Path("out"),
    profile: ProfileName = "news",
    as_json: AsJson = False,
) -> None:
    """Serve by an earlier version of the weights again: a new version that copies it."""
    from role_rl import state
    from tasks.learning import state_folder
    from tasks.profile import load_profile

    _check_is_out(out)
    name = load_profile(profile).name
    try:
        copied = state.rollback(state_folder(out, name), version)
    except StateError as e:
        raise InputError(str(e)) from None
    show({"profile": name, "new_weights_version": copied.version, "reason": copied.reason}, as_json)


@app.command()
def models(profile: ProfileName = "news", as_json: AsJson = False) -> None:
    """Show the pool of a profile."""
    from tasks.profile import load_profile

    chosen = load_profile(profile)
    rows = [
        {
            "model": m.name,
            "family": m.family,
            "provider": m.provider,
            "judges": m.judges,
            "serves": m.name not in chosen.exclude,
            "prior": m.prior.accuracy,
            "usd_per_million": [m.prices.input, m.prices.cached, m.prices.output],
        }
        for m in chosen.models
    ]
    if as_json:
        return show({"profile": chosen.name, "models": rows}, as_json)
    show_table(f"models of {chosen.name}", rows, tuple(rows[0]))


@app.command()
def forget(
    doc_id: Annotated[str, typer.Argument(help="The document's id.")], out: Out = Path("out"), as_json: AsJson = False
) -> None:
    """Remove a document from the tables of every date and its answers from the store."""
    from tasks.forget import forget_document

    _check_is_out(out)
    show(forget_document(out, doc_id), as_json)


def _warm(profile: "Profile") -> None:
    """Start what a run needs and what takes seconds to be ready: workers, auditor, the language detector's model."""
    from tasks import audit, fanout
    from tasks.documents import detect_language

    fanout.warm(profile.dask.scheduler, profile.dask.workers)
    audit.warm()
    threading.Thread(target=detect_language, args=(["loads its model"],), daemon=True).start()


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text) if text else date.today()
    except ValueError:
        raise InputError(f"--date {text}: not a date; write it as YYYY-MM-DD") from None


def _check_out(out: Path) -> None:
    """Raise InputError if OUT can never be written; write nothing."""
    existing = next(p for p in (out, *out.absolute().parents) if p.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise InputError(f"--out {out}: {existing} is not a folder that can be written; name another")


def _check_is_out(out: Path) -> None:
    if not out.is_dir():
        raise InputError(f"--out {out}: no such folder; name the one that `nightdesk run` wrote to")


class _Interrupted(Exception):
    """Ctrl-C or SIGTERM."""


def _in_loop(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a flow in a thread of its own: Ctrl-C and SIGTERM then cancel it at an await, and do not tear it anywhere.

    Raises:
        _Interrupted: it was cancelled so, and has ended what it had under way.
    """
    running: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any]]] = []

    async def main() -> Any:
        task = asyncio.current_task()
        assert task is not None  # inside asyncio.run there is one
        running.append((asyncio.get_running_loop(), task))
        return await work

    def stop(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)  # the second time ends it at once
        logging.disable()  # what is cut off now would only complain
        for loop, task in running:
            loop.call_soon_threadsafe(task.cancel)

    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)
    with ThreadPoolExecutor(1) as thread:
        try:
            return thread.submit(copy_context().run, asyncio.run, main()).result()
        except (asyncio.CancelledError, CancelledError) as e:
            raise _Interrupted from e


@contextlib.contextmanager
def _logging() -> Iterator[None]:
    # What ends a run is told here, once; Prefect would tell it on this terminal at every level it passes through.
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    log.addHandler(handler)
    log.setLevel(os.environ.get("NIGHTDESK_LOG", "INFO"))
    log.propagate = False
    try:
        yield
    finally:
        log.removeHandler(handler)


def main() -> None:
    """Run the command line and exit with its code."""
    with _logging():
        try:
            code = app(standalone_mode=False) or 0
        except _Interrupted:
            typer.echo("interrupted; what was answered is stored, and the same command goes on from there", err=True)
            code = 130
        except InputError as e:
            typer.echo(f"nightdesk: {e}", err=True)
            code = 2
        except (NightdeskError, RoleRLError) as e:
            typer.echo(f"nightdesk: {e}", err=True)
            code = 1
        except Exception as e:
            if hasattr(e, "exit_code") and hasattr(e, "format_message"):  # usage, as typer's click reports it
                said = e.format_message().rstrip(".")
                typer.echo(f"nightdesk: {said + '; ' if said else ''}see nightdesk --help", err=True)
                code = 2
            else:
                log.exception("the run failed")
                code = 1
    sys.exit(code)


if __name__ == "__main__":
    main()
