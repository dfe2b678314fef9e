"""Turns: a second run of a date and profile waits for the first, and says so."""

import asyncio
import logging
from datetime import date
from pathlib import Path

import pytest

from nightdesk.tasks.calling.answers.turns import turn
from tests.tasks.made import DAY


def test_a_second_run_of_a_date_waits_and_says_for_whom(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    order: list[str] = []

    async def second() -> None:
        async with turn(tmp_path, "news", DAY, "run-2"):
            order.append("second")

    async def check() -> None:
        async with turn(tmp_path, "news", DAY, "run-1"):
            waiting = asyncio.create_task(second())
            while not caplog.records:  # it has come
                await asyncio.sleep(0.01)
            order.append("first")
        await waiting

    with caplog.at_level(logging.WARNING):
        asyncio.run(asyncio.wait_for(check(), 60))
    assert order == ["first", "second"]
    assert "run-1" in caplog.text and "since" in caplog.text and "this one waits" in caplog.text


def test_other_dates_and_profiles_go_on_side_by_side(tmp_path: Path) -> None:
    async def check() -> None:
        async with (
            turn(tmp_path, "news", DAY, "run-1"),
            turn(tmp_path, "news", date(2026, 3, 2), "run-2"),
            turn(tmp_path, "commerce", DAY, "run-3"),
        ):
            pass

    asyncio.run(asyncio.wait_for(check(), 60))
