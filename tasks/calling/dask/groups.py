"""Groups: calls that compute are sent to Dask several at a time, because a Dask task costs as much as a small call.

A group is bounded by its text and by its number of calls. So many small calls travel together, while of long ones only
a few do: a message stays below a few MB, and a cancelled run waits for no more than one group a worker.
"""

from collections import defaultdict, deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import asyncio

GroupFunction = Callable[[Any, list[Any]], list[Any]]  # (what the group shares, items) -> one result per item
LARGEST_GROUP = 128  # calls in one Dask task
LARGEST_TEXT = 400_000  # characters that these have together, if they are more than one
UNTOLD = LARGEST_TEXT // 16  # characters that a call counts for if nobody says: sixteen of them make a group


class PoolCall(NamedTuple):
    """One call. size: of its text, in characters."""

    function: GroupFunction
    shared: Any
    item: Any
    result: "asyncio.Future[Any]"
    size: int = UNTOLD


class WaitingCalls:
    """Calls that wait to be sent, oldest first; those of a group have function and first argument in common."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[GroupFunction, Any], deque[PoolCall]] = defaultdict(deque)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, call: PoolCall) -> None:
        """Have a call wait."""
        self._waiting[call.function, call.shared].append(call)

    def take(self, places: int) -> list[PoolCall]:
        """Return the next group. places: groups that are under way at a time, among which calls are shared evenly."""
        key, queue = next(iter(self._waiting.items()))
        most = max(1, min(LARGEST_GROUP, len(queue) // places))
        group = [queue.popleft()]
        size = group[0].size
        while queue and len(group) < most and size + queue[0].size <= LARGEST_TEXT:
            group.append(queue.popleft())
            size += group[-1].size
        if not queue:
            del self._waiting[key]
        return group

    def clear(self) -> list[PoolCall]:
        """Return all calls that wait; none does any more."""
        calls = [call for queue in self._waiting.values() for call in queue]
        self._waiting.clear()
        return calls
