"""What a flow came to, kept beside Prefect's engine.

The engine tells the server how a flow ended, and raises if it cannot, so that the flow's own result is lost. Whoever
started the flow in this process finds here what its body returned or raised.
"""

from collections.abc import Coroutine
from concurrent.futures import Future
from contextvars import ContextVar
from typing import Any


class Kept:
    """came: what the flow's caller gets from the engine where the server answers. began: whether its body did."""

    def __init__(self) -> None:
        self.came: Future[Any] = Future()
        self.began = False

    def keep(self, returned: Any) -> None:
        """Keep what the body of a flow has returned: a value, or the state that it is to end in."""
        from prefect.client.schemas.objects import State

        data = returned.data if isinstance(returned, State) else returned  # the engine will put it in a record
        if isinstance(data, BaseException):
            self.came.set_exception(data)
        else:
            self.came.set_result(data)


KEPT: ContextVar[Kept | None] = ContextVar("nightdesk_kept", default=None)


async def kept(body: Coroutine[Any, Any, Any]) -> Any:
    """Run the body of a flow, and keep what it comes to for whoever started the flow here, if anybody did."""
    keep = KEPT.get()
    if keep is None or keep.came.done():
        return await body
    keep.began = True
    try:
        came = await body
    except BaseException as e:
        keep.came.set_exception(e)
        raise
    keep.keep(came)
    return came
