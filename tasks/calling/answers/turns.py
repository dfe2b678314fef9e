"""Turns: of the runs of one OUT, date and profile, one is under way at a time, and the others wait for it.

Side by side they would ask the same questions, and pay for the answers twice. One that waited finds the answers in the
store. The lock is freed by the system when its process ends, however that happens.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path

from filelock import FileLock, Timeout

log = logging.getLogger("nightdesk")

LOOK_AGAIN_S = 0.5  # after which it is looked again whether the run before is over


@asynccontextmanager
async def turn(out: Path, profile: str, run_date: date, run_id: str) -> AsyncIterator[None]:
    """Wait until no other run of a date and profile is under way, and keep others waiting until the block ends.

    Raises:
        OSError: OUT cannot be written.
    """
    folder = out / "_staging" / "turns"
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{profile}-{run_date.isoformat()}"
    holder = folder / f"{name}.txt"
    lock = FileLock(folder / f"{name}.lock", is_singleton=False)
    if _is_held(lock):
        log.warning(
            "another run of %s for %s is under way in %s (%s); this one waits until it is over",
            *(profile, run_date, out, _read(holder)),
        )
        while _is_held(lock):
            await asyncio.sleep(LOOK_AGAIN_S)
    try:
        since = datetime.now().astimezone().strftime("%H:%M %Z")
        holder.write_text(f"since {since}, run {run_id}", encoding="utf-8")
        yield
    finally:
        lock.release()


def is_any_under_way(out: Path, run_date: date) -> bool:
    """Tell whether a run of a date is under way, of whatever profile."""
    for path in (out / "_staging" / "turns").glob(f"*-{run_date.isoformat()}.lock"):
        lock = FileLock(path, is_singleton=False)
        if _is_held(lock):
            return True
        lock.release()
    return False


async def once_over(is_under_way: Callable[[], bool], out: Path, run_id: str) -> None:
    """Wait until no other process is at work on this very run: Prefect may start a run twice, or retry it too early."""
    if await asyncio.to_thread(is_under_way):
        log.warning("run %s is under way in %s in another process; this one waits until that is over", run_id, out)
        while await asyncio.to_thread(is_under_way):
            await asyncio.sleep(LOOK_AGAIN_S)


def _is_held(lock: FileLock) -> bool:
    """Take a lock if it is free; tell whether another run has it."""
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    return False


def _read(holder: Path) -> str:
    try:
        return holder.read_text(encoding="utf-8")
    except OSError:
        return "just begun"
