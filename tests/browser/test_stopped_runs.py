"""Cancel and Retry in Prefect's UI: what a run's page shows of a cancelled run, and what its retry pays."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import sign_in
from tests.serving import PATIENCE_S, eventually
from tests.stopping import Slow, slow_serve

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900), pytest.mark.long]
DAY, SEED = "2026-02-07", 700


def choose(page: Page, what: str, button: str) -> None:
    """Choose something from the menu of a run's page, and confirm it."""
    page.reload()
    page.locator("button[aria-haspopup=menu]").last.click()
    page.get_by_role("menuitem", name=what, exact=True).click()
    page.get_by_role("alertdialog").or_(page.get_by_role("dialog")).get_by_role("button", name=button).click()


def shown(page: Page, slow: Slow, tab: str, text: str, picture: Path) -> None:
    """See a text on a tab of the run's page."""
    page.get_by_role("tab", name=tab).click()
    expect(page.get_by_text(text).first).to_be_visible()
    page.screenshot(path=picture)


def test_a_run_is_cancelled_and_retried_by_the_buttons(browser: Browser, tmp_path: Path) -> None:
    expect.set_options(timeout=PATIENCE_S * 1000)
    with slow_serve(tmp_path) as slow, browser.new_context(viewport={"width": 1280, "height": 1000}) as context:
        page = context.new_page()
        page.set_default_timeout(60_000)
        sign_in(page, slow.served, "/v2/runs")
        run_id = slow.begin(DAY, SEED)
        page.goto(f"{slow.served.api.removesuffix('/api')}/v2/runs/flow-run/{run_id}")
        choose(page, "Cancel", "Cancel Flow Run")
        assert slow.served.ended(run_id)["type"] == "CANCELLED"
        eventually(lambda: slow.served.state(run_id)["message"].startswith("Flow run was cancelled"))
        page.reload()
        expect(page.get_by_text("Cancelled", exact=True).first).to_be_visible()
        line = "cancelled by the UI or Prefect's API after batch 1 was published"
        shown(page, slow, "Logs", line, tmp_path / "cancelled-logs.png")
        expect(page.get_by_text(re.compile("Crash detected|Traceback"))).to_have_count(0)
        shown(page, slow, "Artifacts", "summary", tmp_path / "cancelled-artifacts.png")
        shown(page, slow, "Task Runs", "publish-1", tmp_path / "cancelled-tasks.png")
        slow.release()
        choose(page, "Retry", "Retry")
        eventually(lambda: slow.served.state(run_id)["type"] not in ("CANCELLED", "SCHEDULED", "PENDING"))
        state = slow.served.ended(run_id)
        assert state["type"] == "COMPLETED", (state, slow.said())
        slow.assert_paid_once(DAY, SEED, run_id)
        tags = slow.served.ask(f"/flow_runs/{run_id}")["tags"]
        assert "cancelled" not in tags  # that was of the attempt before
