"""Being told to stop: a run ends at an await of its own, tears nothing, and is Cancelled, with what stopped it.

Prefect ends a flow by SIGTERM, whose handler raises wherever the main thread is; where that is a task or the flow's
engine, the run's log says "Crash detected!". Here whoever stops a run (Prefect's signal, Ctrl-C, the time limit) only
says so. The flow's own task hears it in a place: a block of our code. While Prefect's engine is at work between two
places nothing is cancelled; the next place is not entered.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

HANDLER = "_prefect_sigterm_handler"
INSIST_S = 5.0  # that Prefect's engine may take between two places, as its server may be gone
WORDS = {
    signal.SIGINT: "Ctrl-C",
    signal.SIGTERM: "a signal (SIGTERM)",
    signal.SIGHUP: "the end of its terminal (SIGHUP)",
}
_FINISHED = "Finished in state Cancelled("  # Prefect tells every end but a good one as an error


class Stopped(BaseException):
    """The run was told to stop. No Exception, since nothing that goes on after errors is to go on after it.

    why: what stopped it. line: why, what stands and how to go on; "" until the run has said so. told_by: the run that
    has. is_bare: it had read nothing, so that there is no summary of it.
    """

    def __init__(self, why: str, line: str = "") -> None:
        super().__init__(why, line)
        self.why, self.line = why, line
        self.told_by, self.is_bare = "", False

    def __str__(self) -> str:
        return self.line or f"cancelled by {self.why}"


class Stopping:
    """Whether a flow and the flows below it are to stop. Used from the thread of their loop."""

    def __init__(self) -> None:
        self.why = ""
        self._places: list[asyncio.Task[Any] | None] = []  # None: Prefect's engine is at work
        self._task: asyncio.Task[Any] | None = None
        self._heard = False
        self._limit: asyncio.TimerHandle | None = None
        self._beside: list[Stopping] = []  # of the work that goes on side by side, while the flow's task awaits it

    @property
    def has_begun(self) -> bool:
        """Whether the body of a flow is under way."""
        return self._task is not None

    @contextmanager
    def session(self) -> Iterator[None]:
        """Heed Prefect's signal and Ctrl-C, if they come to this process's flow; flows below this one change nothing.

        Prefect tells its own handler of SIGTERM by name, and only confirms a cancellation while it is in place.
        """
        from prefect.utilities import engine

        if self.has_begun:
            yield
            return
        self._task, loop = asyncio.current_task(), asyncio.get_running_loop()

        def heed(number: int, _: Any) -> None:
            loop.call_soon_threadsafe(self.tell, WORDS[signal.Signals(number)])

        raising = getattr(engine, HANDLER, None)
        is_ours = raising is not None and signal.getsignal(signal.SIGTERM) is raising  # else not Prefect's to end
        interrupting = signal.getsignal(signal.SIGINT)
        if is_ours:
            setattr(engine, HANDLER, heed)
            signal.signal(signal.SIGTERM, heed)
            if interrupting is not signal.SIG_IGN:
                signal.signal(signal.SIGINT, heed)
        try:
            yield
        finally:
            if is_ours:
                setattr(engine, HANDLER, raising)
                signal.signal(signal.SIGTERM, raising)
                signal.signal(signal.SIGINT, interrupting)
            if self._limit is not None:
                self._limit.cancel()
            self._task, self._limit, self.why, self._heard = None, None, "", False

    def end_after(self, hours: float) -> None:
        """Have the flow stop after so many hours, unless its time is limited already."""
        if self._limit is None and self.has_begun:
            why = f"the time limit of {hours:g} hours (limits.max_hours in the profile)"
            self._limit = asyncio.get_running_loop().call_later(hours * 3600, self.tell, why)

    def tell(self, why: str) -> None:
        """Have the flow stop at its next await in a place. The first reason counts."""
        if not self.why:
            self.why = why
            self.tell_beside(why)
            self._cancel()

    def tell_beside(self, why: str) -> None:
        """Have what goes on side by side stop, each piece of work at its own next await in a place."""
        for other in list(self._beside):
            other.tell(why)

    async def beside(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do a piece of work in a task of its own, which hears by itself that the flow is to stop."""
        part = Stopping()
        part._task = asyncio.current_task()
        STOPPING.set(part)  # in this task's context alone
        self._beside.append(part)
        try:
            if self.why:
                part.tell(self.why)
            with part.place():
                await work
        finally:
            self._beside.remove(part)
            work.close()

    def is_heard(self) -> None:
        """Take note that the flow's task has heard it from what went on side by side."""
        self._heard = True

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a block of our own code, in the flow's task, which may be stopped at each await.

        Raises:
            Stopped: it was, or had been told to before.
        """
        self._enter(asyncio.current_task())
        try:
            yield
        except asyncio.CancelledError:
            if not self.why or self._heard or self._task is None:
                raise
            if self._task.cancelling():  # else something was cancelled that it awaited
                self._task.uncancel()
            self._heard = True
            raise Stopped(self.why) from None
        finally:
            self._places.pop()

    @contextmanager
    def engine_at_work(self) -> Iterator[None]:
        """Hold a block that calls a task or a flow of Prefect, whose body has a place of its own.

        Raises:
            Stopped: it had been told to stop before.
        """
        self._enter(None)
        try:
            yield
        finally:
            self._places.pop()

    def _enter(self, place: asyncio.Task[Any] | None) -> None:
        if self.why:
            self._heard = True
            raise Stopped(self.why)
        self._places.append(place)

    def _cancel(self, insist: bool = False) -> None:
        if self._heard or self._task is None or self._beside:  # those hear it, and this task from them
            return
        if insist or (self._places and self._places[-1] is not None):
            self._task.cancel()
        else:
            asyncio.get_running_loop().call_later(INSIST_S, self._cancel, True)


STOPPING: ContextVar[Stopping | None] = ContextVar("nightdesk_stopping", default=None)


def stopping() -> Stopping:
    """Return what stops the flow that runs this; where none does, nobody stops it."""
    found = STOPPING.get()
    if found is None:
        found = Stopping()
        STOPPING.set(found)
    return found


async def stoppable_task(work: Coroutine[Any, Any, Any]) -> Any:
    """Run the body of a Prefect task; if it is stopped, return the state Cancelled, whose caller gets Stopped."""
    from prefect.states import Cancelled

    try:
        with stopping().place():
            return await work
    except Stopped as e:
        return Cancelled(message="The run was told to stop; its log says by what.", data=e)
    finally:
        work.close()


async def in_engine(prefect_call: Callable[..., Any], *arguments: Any) -> Any:
    """Call a task or a flow of Prefect, whose body has a place of its own.

    Raises:
        Stopped: the flow was told to stop before, or in there.
    """
    from prefect.client.schemas.objects import State

    stop = stopping()
    with stop.engine_at_work():
        came = await prefect_call(*arguments)
    if stop.why and isinstance(came, State):  # so a task gives back the state that it has returned; a flow raises
        raise Stopped(stop.why)
    return came


async def whole(work: Coroutine[Any, Any, Any]) -> Any:
    """Await something that is not to be torn: a cancellation is heard when it is over."""
    under_way = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(under_way)
    except asyncio.CancelledError:
        await asyncio.wait([under_way])
        under_way.result()
        raise


def tell_cancelled_calmly() -> None:
    """Have Prefect's line about the end of a cancelled run or task be no error."""
    for name in ("prefect.flow_runs", "prefect.task_runs"):
        logger = logging.getLogger(name)
        if _calm not in logger.filters:
            logger.addFilter(_calm)


def _calm(record: logging.LogRecord) -> bool:
    if record.levelno == logging.ERROR and record.getMessage().startswith(_FINISHED):
        record.levelno, record.levelname = logging.INFO, logging.getLevelName(logging.INFO)
    return True
