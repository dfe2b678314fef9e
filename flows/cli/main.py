"""The command line. Results go to stdout, the rest to stderr; heavy libraries are imported where they serve.

Exit codes: 0 done; 1 a failed run; 2 bad input or usage (one line: file, place, remedy); 130 interrupted.
"""

import contextlib
import logging
import os
import sys
from collections.abc import Iterator

import typer

from nightdesk.flows.cli import (
    edition_and_export,
    evaluate,
    forget,
    init,
    migrate,
    models,
    run,
    serve,
    simulate,
    weights,
)
from nightdesk.flows.cli.interrupts import Interrupted
from nightdesk.flows.shared.configure import configure
from nightdesk.role_rl.errors import RoleRLError
from nightdesk.tasks.errors import InputError, NightdeskError

app = typer.Typer(
    help="Reorganises endless text every night: topics, categories and audited Parquet.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (
    run.run,
    serve.serve,
    weights.learn,
    weights.weights,
    weights.rollback,
    weights.what_if,
    simulate.simulate,
    models.models,
    forget.forget,
    migrate.migrate,
    init.init,
    evaluate.evaluate,
    edition_and_export.edition,
    edition_and_export.export,
):
    app.command()(command)
log = logging.getLogger("nightdesk")


@contextlib.contextmanager
def _logging() -> Iterator[None]:
    # What ends a run is told here, once; Prefect would tell it on this terminal at every level it passes through.
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    handler.addFilter(lambda r: r.name != "nightdesk.stages" or r.levelno > logging.INFO)
    log.addHandler(handler)
    log.propagate = False
    try:
        yield
    finally:
        log.removeHandler(handler)


def main() -> None:
    """Run the command line and exit with its code."""
    configure()
    with _logging():
        try:
            code = app(standalone_mode=False) or 0
            if code == 130:  # a Ctrl-C before there was anything to cancel, as typer tells it
                raise Interrupted
        except Interrupted:
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
