"""An address -> what it gives: asked for once a run, and again with back-off where that may help.

What fails in passing (a server that is busy or fails, a connection that breaks) is tried again; what is gone or refused
is not.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.fetching import kept_answers
from nightdesk.tasks.reading.fetching.allowed_hosts import ALLOWED, Hosts
from nightdesk.tasks.reading.fetching.errors import Failing, NotAllowed
from nightdesk.tasks.reading.fetching.kept_answers import Answer
from nightdesk.tasks.reading.fetching.terms import Deadline, Fetching

if TYPE_CHECKING:
    from tenacity import RetryCallState

ATTEMPTS, FIRST_WAIT_S, LONGEST_WAIT_S = 3, 1.0, 15.0  # the wait doubles, or is what the server asks for
REMEMBERED_S = 300.0  # a run checks its sources before it starts and reads them after: one request serves both


@dataclass(frozen=True, slots=True)
class _Asked:
    """What came of an address, and when (in seconds of time.monotonic)."""

    what: Answer | str  # or why it cannot be read
    at: float


_asked: dict[tuple[str, Hosts | None, bool], _Asked] = {}
"""(address, hosts that the run may ask, whether private ones) -> what came of it: a run knows only what it may ask."""


def fetch(url: str, terms: Fetching) -> Answer:
    """Return what stands at an address.

    Raises:
        DocumentError: nothing that can be used: no such host, no answer in time, an error, or too much of it.
    """
    now = time.monotonic()
    for old in [key for key, asked in _asked.items() if now - asked.at > REMEMBERED_S]:
        del _asked[old]
    key = url, ALLOWED.get(), terms.settings.allow_private
    if key not in _asked:
        try:
            _asked[key] = _Asked(_patiently(url, terms), time.monotonic())
        except NotAllowed:  # that costs nothing to find out anew
            raise
        except DocumentError as e:
            _asked[key] = _Asked(str(e), time.monotonic())
    answer = _asked[key].what
    if isinstance(answer, str):
        raise DocumentError(answer)
    kept_answers.keep(terms, answer)
    return answer


def ask_anew() -> None:
    """Have every address asked for anew."""
    _asked.clear()


def _patiently(url: str, terms: Fetching) -> Answer:
    """Ask for an address, and again if that may help, all within one deadline."""
    from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, stop_before_delay

    from nightdesk.tasks.reading.fetching.exchange import attempt

    total_s = terms.settings.total_s
    tries = Retrying(
        retry=retry_if_exception_type(Failing),
        stop=stop_after_attempt(ATTEMPTS) | stop_before_delay(total_s),
        wait=_wait_s,
        reraise=True,
    )
    try:
        return tries(attempt, url, terms, Deadline(total_s))
    except Failing as e:
        times = tries.statistics["attempt_number"]
        raise DocumentError(f"{e} (asked {times} time{'s' * (times > 1)})") from None


def _wait_s(state: "RetryCallState") -> float:
    from tenacity import wait_exponential_jitter

    error = state.outcome.exception() if state.outcome else None
    asked = error.wait_s if isinstance(error, Failing) else 0.0
    usual: Callable[[RetryCallState], float] = wait_exponential_jitter(
        initial=FIRST_WAIT_S, max=LONGEST_WAIT_S, jitter=FIRST_WAIT_S
    )
    return asked or usual(state)
