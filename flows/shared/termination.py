"""Prefect's signal that ends a flow: the flow's own task is cancelled at an await, and nothing else is torn."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

HANDLER = "_prefect_sigterm_handler"


@contextmanager
def heeding_termination() -> Iterator[None]:
    """Have the task that runs this be cancelled when Prefect ends its process's flow, whatever runs at that moment.

    Prefect does it by SIGTERM, whose handler raises wherever the main thread is. While calls are under way that is
    mostly the loop's own waiting: the loop would end there and then, all its tasks would be cancelled at once, and with
    them the calls whose answers are about to come. So another handler takes the place of that one for as long as the
    block lasts. Prefect tells the two apart by name, since it only confirms a cancellation while its own is in place.

    Raises:
        TerminationSignal: the signal came, and the block has ended what it had under way.
    """
    from prefect.exceptions import TerminationSignal
    from prefect.utilities import engine

    raising = getattr(engine, HANDLER, None)
    if raising is None or signal.getsignal(signal.SIGTERM) is not raising:  # not Prefect's to end, or not by a signal
        yield
        return
    loop, task, told = asyncio.get_running_loop(), asyncio.current_task(), list[int]()

    def heed(number: int, _: Any) -> None:
        told.append(number)
        if task is not None:
            loop.call_soon_threadsafe(task.cancel)

    setattr(engine, HANDLER, heed)
    signal.signal(signal.SIGTERM, heed)
    try:
        yield
    except asyncio.CancelledError:
        if not told or task is None:
            raise
        task.uncancel()
        raise TerminationSignal(signal=told[0]) from None
    finally:
        setattr(engine, HANDLER, raising)
        signal.signal(signal.SIGTERM, raising)
