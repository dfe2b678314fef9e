"""An error that is nobody's plan, told in one line: what failed, and what caused it."""

import asyncio
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


def cause(error: BaseException) -> str:
    """Return the cause of an error as one line: of a group of errors that of the first."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    said = " ".join(str(error).split())
    line = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 3]}..."
