"""Reports to Prefect that never fail a run and never hold it up: the tables are the truth, Prefect shows it.

Prefect's own client asks a server that is gone again and again, for a minute each time, and then raises. Here every
report has a few seconds. After one that failed, the server is asked for its health before the next.
"""

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

from prefect.client.orchestration import get_client

T = TypeVar("T")
REPORT_S = 10.0  # for one report
LOOK_S = 2.0  # then it is looked whether anybody listens there
HEALTH_S = 5.0  # for the question whether a server that did not answer is there again
SILENT_S = 10.0  # after that, no report is tried
log = logging.getLogger("nightdesk")


class Reporting:
    """What this process knows of the server. lost: the last report failed. was_lost: any did."""

    def __init__(self) -> None:
        self.lost = False
        self.was_lost = False
        self.silent_until = 0.0

    def fail(self, e: BaseException) -> None:
        """Note that a report failed; the first time, say so."""
        if not self.was_lost:
            why = " ".join(str(e).split())[:200] or "no answer in time"
            log.warning(
                "Prefect's server does not take reports (%s), so the page of this run is not kept up; the run goes on, "
                "and its tables are whole without it",
                why,
            )
        self.lost = self.was_lost = True


STATE = Reporting()


async def report(told: Coroutine[Any, Any, T], patience_s: float = REPORT_S) -> T | None:
    """Await something that is told to Prefect or asked of it, for some seconds; None if that failed."""
    if STATE.lost and not await _is_there_again():
        told.close()
        return None
    telling = asyncio.ensure_future(told)
    try:
        async with asyncio.timeout(patience_s):
            await asyncio.wait([telling], timeout=LOOK_S)
            if not telling.done():
                await _knock()
            answer = await telling
    except Exception as e:  # noqa: BLE001  (whatever it is, the run's work stands)
        STATE.fail(e)
        return None
    finally:
        telling.cancel()
    STATE.lost = False
    return answer


async def _is_there_again() -> bool:
    if time.monotonic() < STATE.silent_until:
        return False
    try:
        async with asyncio.timeout(HEALTH_S), get_client() as client:
            await _knock()
            if await client.api_healthcheck() is None:
                return True
    except Exception:  # noqa: BLE001  (as above)
        pass
    STATE.silent_until = time.monotonic() + SILENT_S
    return False


async def _knock() -> None:
    """Raise ConnectionError if nobody listens where the server was: its client would wait for it for a minute."""
    url = get_client().api_url
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        async with asyncio.timeout(LOOK_S):
            _, writer = await asyncio.open_connection(url.host, port)
            writer.close()
    except TimeoutError:  # that tells nothing of a busy server
        return
    except OSError as e:
        raise ConnectionError(f"nobody listens at {url.host}:{port}") from e
