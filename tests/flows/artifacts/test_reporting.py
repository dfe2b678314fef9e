"""Reports to a Prefect server that takes none: said once, and the run that makes them goes on."""

import asyncio
import logging
import socket
from collections.abc import Iterator

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from nightdesk.flows.artifacts import reporting
from nightdesk.flows.artifacts.reporting import Reporting, report


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reporting]:
    """A process that has reported nothing, to a server whose port nobody listens at."""
    monkeypatch.setattr(reporting, "STATE", Reporting())
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        with temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{s.getsockname()[1]}/api"}):
            yield reporting.STATE


async def failing() -> None:
    """Report something to a server that refuses it."""
    raise OSError("refused")


async def told() -> str:
    """Report something that is taken."""
    return "told"


def test_a_report_that_is_taken_returns_what_the_server_said(state: Reporting) -> None:
    assert asyncio.run(report(told())) == "told"
    assert not state.was_lost


def test_a_report_that_fails_is_said_once_and_the_next_are_not_even_tried(
    state: Reporting, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("nightdesk"), "propagate", True)

    async def night() -> None:
        assert await report(failing()) is None
        assert await report(told()) is None  # the server does not even listen
        assert await report(failing()) is None

    asyncio.run(night())
    assert state.lost
    (record,) = caplog.records
    assert "does not take reports (refused)" in record.message


def test_a_report_that_hangs_is_given_up_as_soon_as_nobody_listens(
    state: Reporting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "LOOK_S", 0.05)
    hangs = asyncio.Event

    async def night() -> None:
        assert await report(hangs().wait(), patience_s=3600) is None

    asyncio.run(night())
    assert state.was_lost


def test_a_server_that_answers_again_is_told_again(state: Reporting, monkeypatch: pytest.MonkeyPatch) -> None:
    async def there() -> bool:
        return True

    async def night() -> None:
        assert await report(failing()) is None
        monkeypatch.setattr(reporting, "_is_there_again", there)
        assert await report(told()) == "told"

    asyncio.run(night())
    assert (state.lost, state.was_lost) == (False, True)
