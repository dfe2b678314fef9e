"""What the fan-out's tests send to workers, which import it from here."""

import asyncio
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


def add(shared: int, items: Sequence[int]) -> list[int]:
    """Add what the group shares to every item."""
    return [shared + item for item in items]


async def add_soon(shared: int, item: int) -> int:
    """Add what calls share to an item, on the loop of a worker."""
    return shared + item


def has_loaded(_: None, items: Sequence[str]) -> list[bool]:
    """Tell of modules whether the worker has imported them."""
    return [item in sys.modules for item in items]


async def where_soon(seconds: float, item: int) -> int:
    """Wait on the loop of a worker; return its process."""
    await asyncio.sleep(seconds)
    return os.getpid()


async def end_worker_soon(_: None, item: int) -> int:
    """End the worker process."""
    os._exit(item)


def fail_on(shared: int, items: Sequence[int]) -> list[int]:
    """Fail as a whole if the shared number is among the items."""
    if shared in items:
        raise ValueError(f"{shared} cannot be done")
    return list(items)


def end_worker_on(shared: int, items: Sequence[int]) -> list[int]:
    """End the worker process, as a crash in a native library would, if the shared number is among the items."""
    if shared in items:
        os._exit(3)
    return list(items)


def wait_for_word(shared: tuple[int, str], items: Sequence[int]) -> list[int]:
    """Write each item down, tell the test on its port that work has begun, and go on when it hangs up."""
    port, folder = shared
    for item in items:
        (Path(folder) / str(item)).touch()
    with suppress(OSError), socket.create_connection(("127.0.0.1", port)) as line:
        line.recv(1)
    return list(items)
