"""An error that is nobody's plan, told in one line: what failed, and what caused it."""

import asyncio
import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from nightdesk.tasks.errors import NightdeskError

LONGEST = 600  # characters of a cause that are shown
log = logging.getLogger("nightdesk")


@contextmanager
def told_in_one_line(what_failed: str) -> Iterator[None]:
    """Turn any exception that is not one of ours into a NightdeskError of one line; NIGHTDESK_LOG=DEBUG shows the rest.

    Raises:
        NightdeskError: `what_failed`, and the cause.
    """
    try:
        yield
    except NightdeskError:
        raise
    except (Exception, asyncio.CancelledError) as e:
        if hasattr(e, "exit_code"):  # typer's own: usage, or an exit
            raise
        log.debug("%s", what_failed, exc_info=e)
        raise NightdeskError(f"{what_failed}: {cause(e)}") from e


def in_one_line(error: BaseException) -> str:
    """Return what ended a command, and the way out where one is known; NIGHTDESK_LOG=DEBUG shows where it was."""
    log.debug("the run failed", exc_info=error)
    return f"the run failed: {cause(error)}; {_way_out(error)}"


def _way_out(error: BaseException) -> str:
    on = "the same command goes on from what was answered"
    chain: BaseException | None = error
    while chain is not None:
        said, number = str(chain), getattr(chain, "errno", None)
        if "can't start new thread" in said or (isinstance(chain, BlockingIOError) and number == errno.EAGAIN):
            return f"this user or container may have no more threads (ulimit -u, pids limit): raise that, then {on}"
        if isinstance(chain, MemoryError) or number == errno.ENOMEM:
            return f"give it more memory, or set a smaller [dask] workers in the profile, then {on}"
        if number in (errno.EMFILE, errno.ENFILE):
            return f"raise the number of open files (ulimit -n), then {on}"
        if number in (errno.ENOSPC, errno.EDQUOT):
            return f"free some disk space, then {on}"
        chain = chain.__cause__ or chain.__context__
    return f"{on}; NIGHTDESK_LOG=DEBUG shows where it was"


def cause(error: BaseException) -> str:
    """Return the cause of an error as one line: of a group of errors that of the first."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    said = " ".join(str(error).split())
    line = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 3]}..."
