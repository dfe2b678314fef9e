"""The command line. Results go to stdout, the rest to stderr; heavy libraries are imported where they serve.

Exit codes: 0 done; 1 a failed run; 2 bad input or usage (one line: file, place, remedy); 130 interrupted.
"""

import contextlib
import logging
import os
import signal
import sys
from collections.abc import Iterator

import typer

if __name__ == "__main__":  # not imported by `entry`, which does this first
    from nightdesk.flows.cli.entry import heed_ctrl_c

    heed_ctrl_c()
from nightdesk.flows.cli import (
    compact,
    edition_and_export,
    evaluate,
    follow,
    forget,
    init,
    migrate,
    models,
    notify,
    prune,
    read,
    run,
    serve,
    simulate,
    weights,
)
from nightdesk.flows.cli.causes import in_one_line
from nightdesk.flows.cli.interrupts import GOES_ON, Interrupted, end_process
from nightdesk.flows.cli.terminal import prepare_output, say
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
    follow.follow,
    serve.serve,
    notify.notify,
    weights.learn,
    weights.weights,
    weights.rollback,
    weights.what_if,
    simulate.simulate,
    models.models,
    forget.forget,
    prune.prune,
    migrate.migrate,
    compact.compact,
    init.init,
    evaluate.evaluate,
    edition_and_export.edition,
    edition_and_export.export,
    read.read,
):
    app.command()(command)
log = logging.getLogger("nightdesk")


@contextlib.contextmanager
def _logging() -> Iterator[None]:
    # What ends a run is told here, once; Prefect would tell it on this terminal at every level it passes through.
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    os.environ.setdefault("PREFECT_LOGGING_INTERNAL_LEVEL", "CRITICAL")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    handler.addFilter(lambda r: r.name != "nightdesk.stages" or r.levelno > logging.INFO)
    log.addHandler(handler)
    log.propagate = False
    logging.raiseExceptions = False  # a log that cannot be sent to Prefect is no news on this terminal
    try:
        yield
    finally:
        log.removeHandler(handler)


def main() -> None:
    """Run the command line and exit with its code."""
    configure()
    prepare_output()
    # The commands can be torn anywhere; `run` says when it cannot. Not where Ctrl-C is ignored, as under nohup.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with _logging():
        try:
            code = app(standalone_mode=False) or 0
            if code == 130:  # a Ctrl-C before there was anything to cancel, as typer tells it
                raise KeyboardInterrupt
        except KeyboardInterrupt:
            say(GOES_ON, err=True)
            code = 130
        except Interrupted as e:
            say(e, err=True)
            code = 130
        except InputError as e:
            say(f"nightdesk: {e}", err=True)
            code = 2
        except (NightdeskError, RoleRLError) as e:
            say(f"nightdesk: {e}", err=True)
            code = 1
        except Exception as e:  # noqa: BLE001  (whatever it is, it is told in one line)
            if hasattr(e, "exit_code") and hasattr(e, "format_message"):  # usage, as typer's click reports it
                said = e.format_message().rstrip(".")
                say(f"nightdesk: {said + '; ' if said else ''}see nightdesk --help", err=True)
                code = 2
            else:
                say(f"nightdesk: {in_one_line(e)}", err=True)
                code = 1
    end_process(code)


if __name__ == "__main__":
    main()
