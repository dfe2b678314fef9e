"""A follow's page: what is on now, brought up to date twice a minute at most, with the text of strangers escaped."""

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from prefect import flow
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

from nightdesk.flows.artifacts.edition_link import READ_AT
from nightdesk.flows.artifacts.follow_page import FollowPage, live_link
from nightdesk.tasks.following.follower import Tick
from nightdesk.tasks.following.settling.settled import Settled
from tests.flows.conftest import Desk

DAY = date(2026, 3, 1)


def settled(doc_id: str, *topics: str | None, sentences: int) -> Settled:
    """Return a round of a document, whose sentences have these topics."""
    return Settled(doc_id, 1, len(topics), [{"topic": t} for t in topics], [], {"sentences": sentences})


def test_the_page_says_what_is_on_and_is_made_anew_in_place_after_half_a_minute(
    own_workers: Desk, tmp_path: Path
) -> None:
    now, told = 100.0, []

    @flow(name="page")
    async def follow() -> str:
        nonlocal now
        from prefect import runtime

        page = FollowPage(tmp_path, DAY, lambda: now)
        page.take([settled("talk@2026-03-01", "Storm", "**Bridge** <b>", None, sentences=3)])
        told.append(await page.tell(Tick(settled=3, provisional=2, lag_s=4.2, dollars=0.5)))
        page.take([settled("talk@2026-03-01", None, sentences=4), settled("wire@2026-03-01", "Vote", sentences=9)])
        now += 29
        told.append(await page.tell(Tick(settled=10, troubles=("talk.txt: cannot be read",))))
        now += 1
        told.append(await page.tell(Tick(waiting=7, troubles=("wires: is gone",))))
        now += 60
        told.append(await page.tell(Tick(waiting=7)))  # nothing has changed
        return str(runtime.flow_run.id)

    where: dict[Any, Any] = {PREFECT_API_URL: own_workers.api_url, PREFECT_HOME: Path(own_workers.env["PREFECT_HOME"])}
    with temporary_settings(where):
        run_id = asyncio.run(follow())
    assert told == [True, False, True, False]
    found = own_workers.post("/artifacts/filter", {"flow_runs": {"id": {"any_": [run_id]}}})
    (page,) = (a["data"] for a in found if a["key"] == "live")
    assert "13 sentences settled, 0 provisional, 7 chunks wait" in page.replace("\\", "")
    rows = [line for line in page.splitlines() if line.startswith("| ") and "@" in line]
    assert [row.rsplit("|", 2)[1].strip() for row in rows] == ["9", "4"]  # what had news last stands first
    assert r"\*\*Bridge\*\* &lt;b&gt;" in rows[1]
    assert "talk.txt: cannot be read" in page
    assert "wires: is gone" in page


def test_the_live_page_is_linked_where_something_serves_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(READ_AT, raising=False)
    assert live_link(tmp_path) == f"`{tmp_path}/live/index.html`"
    monkeypatch.setenv(READ_AT, "http://127.0.0.1:4201/secret")
    assert live_link(tmp_path).startswith("[open it](http://127.0.0.1:4201/secret/live/index.html) (`")
