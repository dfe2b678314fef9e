"""The form of adhoc-news in Prefect's UI, filled by a person's means, and the page of the run that comes of it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.browser.conftest import sign_in
from tests.serving import PATIENCE_S, Served, serving
from tests.tables import rows

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600), pytest.mark.long]
TEXT = (
    "Good evening, everyone! Today only, the kettle is 39 euros.\nHurry up, there are three left. It holds two litres."
)
DAY = "2026-02-03"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a folder in which nothing is."""
    home = tmp_path_factory.mktemp("ui")
    (home / "wires").mkdir()
    with serving(home, home / "wires", "--sources", str(home / "wires")) as one:
        yield one


def test_a_text_is_pasted_a_profile_and_a_date_are_chosen_and_the_run_completes(
    browser: Browser, served: Served, tmp_path: Path
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    said: list[ConsoleMessage] = []

    def hear(message: ConsoleMessage) -> None:  # a function of our own: playwright marks what it is given
        said.append(message)

    page.on("console", hear)
    page.set_default_timeout(60_000)
    expect.set_options(timeout=PATIENCE_S * 1000)
    deployment = served.deployments()["adhoc-news"]["id"]
    sign_in(page, served, f"/v2/deployments/deployment/{deployment}/run")
    for label in ("Text", "Name of the text", "Sources", "Profile", "Date", "Output folder", "Draw anew"):
        expect(page.get_by_text(re.compile(rf"^{label} \(Optional\)$"))).to_be_visible()
    page.get_by_label("Text (Optional)", exact=True).fill(TEXT)
    page.get_by_label(re.compile("Name of the text")).fill("kettle")
    page.get_by_label(re.compile("Profile")).click()
    page.get_by_role("option", name="commerce").click()
    page.get_by_text("Pick a date").click()
    page.get_by_placeholder("yyyy-MM-dd").fill(DAY)
    page.keyboard.press("Enter")
    expect(page.get_by_text("February 3rd, 2026")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_placeholder("yyyy-MM-dd")).to_be_hidden()
    page.screenshot(path=tmp_path / "form.png", full_page=True)
    page.get_by_role("button", name="Submit").click()
    _run_page(page, tmp_path)
    (document,) = rows(served.out, "documents", DAY)
    assert (document["doc_id"], document["sentences"]) == ("kettle", 4)
    assert {p["category"] for p in rows(served.out, "passages", DAY)} <= {
        "opening", "price", "order_urging", "product_description", "unplaced",
    }  # fmt: skip
    ours = [m.text for m in said if m.type == "error" and "nightdesk" in m.text]
    assert ours == []


def test_the_older_ui_signs_in_too_and_shows_the_deployments(browser: Browser, served: Served) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(60_000)
        expect.set_options(timeout=PATIENCE_S * 1000)
        sign_in(page, served, "/deployments")
        expect(page.get_by_text("adhoc-news").first).to_be_visible()
        assert "/v2" not in page.url


def _run_page(page: Page, folder: Path) -> None:
    """See on the run's page that it went well."""
    page.get_by_role("link", name="View run").click()
    expect(page.get_by_text(f"adhoc-commerce/{DAY}").first).to_be_visible()
    expect(page.get_by_text("Completed", exact=True).first).to_be_visible()
    expect(page.get_by_text("good", exact=True).first).to_be_visible()
    page.screenshot(path=folder / "run.png", full_page=True)
    page.get_by_role("tab", name="Artifacts").click()
    expect(page.get_by_text(re.compile("^Good: 1 document, 4 sentences")).first).to_be_visible()
    page.screenshot(path=folder / "artifacts.png", full_page=True)
