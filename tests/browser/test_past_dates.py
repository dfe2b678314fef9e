"""In Prefect's UI: nights of past dates from the form, and a schedule that stays as it was set there."""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import sign_in
from tests.serving import PATIENCE_S, Served, eventually, serving
from tests.tables import rows
from tests.texts import write_evening

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900), pytest.mark.long]
DAYS = ("2026-02-03", "2026-02-04")
SHOWN = ("February 3rd, 2026", "February 4th, 2026")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hold what both serves of these tests share: wires of two dates, OUT, and Prefect's folder."""
    home = tmp_path_factory.mktemp("past")
    for day in DAYS:
        (home / "wires" / day).mkdir(parents=True)
        write_evening(home / "wires" / day, f"d{day}", seed=int(day[-1]), passages=1)
    return home


@pytest.fixture(scope="module")
def served(home: Path) -> Iterator[Served]:
    """Serve those wires, by their dates."""
    with serve(home) as one:
        yield one


def serve(home: Path) -> AbstractContextManager[Served]:
    """Serve those wires; a second time it finds Prefect's folder as the first left it."""
    return serving(home, home / "wires", "--timezone", "UTC", "--sources", f"{home}/wires/{{run_date}}", cwd=home)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Open a page."""
    page = browser.new_page(viewport={"width": 1280, "height": 1900})
    page.set_default_timeout(60_000)
    expect.set_options(timeout=PATIENCE_S * 1000)
    yield page
    page.close()


def form(page: Page, served: Served) -> None:
    """Open the form of the nightly deployment, and sign in if it asks for that."""
    path = f"/v2/deployments/deployment/{served.deployments()['nightly-news']['id']}/run"
    page.goto(f"{served.api.removesuffix('/api')}{path}")
    submit, password = page.get_by_role("button", name="Submit", exact=True), page.get_by_placeholder("admin:pass")
    expect(password.or_(submit).first).to_be_visible()
    if password.is_visible():
        sign_in(page, served, path)
    expect(page.get_by_text("Pick a date")).to_have_count(2)


def show(page: Page, served: Served, path: str) -> None:
    """Sign in and open a page; a deployment's own is not what stands there right after that."""
    sign_in(page, served, path)
    page.goto(f"{served.api.removesuffix('/api')}{path}")


def choose(page: Page, day: str, shown: str) -> None:
    """Choose a day in the first calendar in which none is chosen."""
    page.get_by_text("Pick a date").first.click()
    page.get_by_placeholder("yyyy-MM-dd").fill(day)
    page.keyboard.press("Enter")
    expect(page.get_by_text(shown)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_placeholder("yyyy-MM-dd")).to_be_hidden()


def test_two_nights_are_run_and_the_page_says_before_what_they_take(page: Page, served: Served, tmp_path: Path) -> None:
    form(page, served)
    for day, shown in zip(DAYS, SHOWN, strict=True):
        choose(page, day, shown)
    page.screenshot(path=tmp_path / "form.png", full_page=True)
    page.get_by_role("button", name="Submit", exact=True).click()
    page.get_by_role("link", name="View run").click()
    expect(page.get_by_text(f"nightly-news/{DAYS[0]}..{DAYS[1]}").first).to_be_visible()
    expect(page.get_by_text("2 nights to run: 2 documents, about $0.0000").first).to_be_visible()
    expect(page.get_by_text("Completed", exact=True).first).to_be_visible()
    page.screenshot(path=tmp_path / "run.png", full_page=True)
    page.get_by_role("tab", name="Artifacts").click()
    expect(page.get_by_text(re.compile(r"^2 nights to run: 2 documents")).first).to_be_visible()
    expect(page.get_by_text(re.compile(r"^Good: 2 nights done")).first).to_be_visible()
    page.screenshot(path=tmp_path / "artifacts.png", full_page=True)
    for day in DAYS:
        assert [d["doc_id"] for d in rows(served.out, "documents", day)] == [f"d{day}"]


def test_the_choice_takes_everything_again_and_without_it_nothing_is_missing(page: Page, served: Served) -> None:
    for choice, said in (("", "0 nights to run: 0 documents"), ("everything again", "1 night to run: 1 document")):
        form(page, served)
        choose(page, DAYS[0], SHOWN[0])
        if choice:
            page.get_by_text("only what is missing", exact=True).click()
            page.get_by_role("option", name=choice).click()
        page.get_by_role("button", name="Submit", exact=True).click()
        page.get_by_role("link", name="View run").click()
        expect(page.get_by_text(said).first).to_be_visible()
        expect(page.get_by_text("Completed", exact=True).first).to_be_visible()


def test_a_schedule_that_is_moved_and_paused_here_stays_so_when_serve_is_started_again(
    page: Page, browser: Browser, served: Served, home: Path
) -> None:
    path = f"/v2/deployments/deployment/{served.deployments()['nightly-news']['id']}"
    show(page, served, path)
    page.get_by_role("switch").first.click()
    expect(page.get_by_text("Deployment schedule paused").first).to_be_visible()
    page.get_by_role("button", name="Open menu").last.click()
    page.get_by_role("menuitem", name="Edit").click()
    page.get_by_label("Value").fill("30 4 * * *")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("At 04:30 AM").first).to_be_visible()
    served.process.terminate()
    served.process.wait(timeout=60)
    with serve(home) as again:
        eventually(lambda: "nights: none by themselves" in again.log.read_text())
        assert "the schedule is paused in Prefect, and stays so" in again.log.read_text()
        fresh = browser.new_page(viewport={"width": 1280, "height": 1400})
        show(fresh, again, path)
        expect(fresh.get_by_text("At 04:30 AM").first).to_be_visible()
        expect(fresh.get_by_role("switch").first).to_have_attribute("aria-checked", "false")
        fresh.close()
