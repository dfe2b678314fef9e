"""From a sentence to its source by keyboard alone, with and without scripts; and names that crush nothing."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from nightdesk.tasks.edition.pages import write_edition
from tests.nights import Said, publish_night

pytestmark = pytest.mark.browser

DAY = date(2026, 3, 1)
NAME = "n" * 10_000


def _told() -> dict[str, list[Said]]:
    wire: list[Said] = [("The bridge is shut", "facts", f"Fact {k} of the bridge.") for k in range(1, 21)]
    wire[2] = ("The bridge is shut", "opinions", "I think that is wrong.")
    wire[18] = ("", "topic_locator: the answer left this sentence out", "Nobody knows where this belongs.")
    arabic: list[Said] = [("جسر مغلق", "facts", "أغلق الجسر."), ("جسر مغلق", "opinions", "أظن أنه خطأ.")]
    return {"wire": wire, "masaa": arabic, NAME: [("t" * 10_000, "facts", "Of a name without an end.")]}


@pytest.fixture(scope="module")
def edition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of a night."""
    out = tmp_path_factory.mktemp("out")
    publish_night(out, DAY, _told(), languages={"masaa": "ar"}, starts={"wire": [60.0 * k for k in range(20)]})
    return write_edition(out, DAY)


@pytest.fixture
def page(browser: Browser, edition: Path) -> Iterator[Page]:
    """Open the night; in the end nothing was asked for but the page."""
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        tab = context.new_page()
        asked: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(edition.as_uri())
        yield tab
        assert {url.partition("#")[0] for url in asked if not url.startswith("data:")} == {edition.as_uri()}


def focused(page: Page, what: str) -> bool:
    found: bool = page.evaluate("selector => document.activeElement.matches(selector)", what)
    return found


def story_of(page: Page, title: str) -> None:
    """Go to a story by key."""
    for _ in range(9):
        page.keyboard.press("j")
        if page.evaluate("document.activeElement.textContent") == title:
            return
    raise AssertionError(title)


def test_a_sentence_is_followed_to_what_stands_beside_it_by_keyboard_alone(page: Page) -> None:
    story_of(page, "The bridge is shut")
    page.keyboard.press("Tab")
    assert focused(page, "summary")
    summary = page.locator(":focus")
    expect(summary).to_have_text("wire 1–2, 4–6 · 0:00:00")
    page.keyboard.press("Enter")
    opened = page.locator("details[open]")
    expect(opened.locator("li")).to_have_text(
        [
            "/in/wire.txt",
            "between: 3 I think that is wrong.",
            "after: 7 Fact 7 of the bridge.",  # which is folded
            "filed by static: 1 at 0:00:00 50 % · 2 at 0:01:00 50 % · 4 at 0:03:00 50 % · 5 at 0:04:00 50 % · "
            "6 at 0:05:00 50 %",
        ]
    )
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert focused(page, "a[href='#2.7']")
    page.keyboard.press("Enter")
    expect(page.locator("[id='2.7']")).to_be_in_viewport()  # its section has unfolded
    opened.locator("a").first.focus()
    page.keyboard.press("Escape")
    expect(opened).to_have_count(0)
    assert focused(page, "summary")


def test_opening_a_fold_out_again_tells_nothing_twice(page: Page) -> None:
    summary = page.locator("main summary").first
    for _ in range(3):
        summary.click()
    page.wait_for_function("document.querySelector('details[open] q')")
    assert page.locator("details[open] li").count() == 4
    assert page.locator("details[open] q").count() == 2


def test_an_unplaced_sentence_says_why_and_leads_to_its_neighbours(page: Page) -> None:
    lost = page.locator("#unplaced")
    expect(lost.locator("p cite")).to_have_text("topic_locator: the answer left this sentence out")
    lost.locator("summary").focus()
    page.keyboard.press("Space")
    expect(lost.locator("li")).to_have_text(
        [
            "/in/wire.txt",
            "before 19: 18 Fact 18 of the bridge.",
            "after 19: 20 Fact 20 of the bridge.",
            "filed by no model: 19 at 0:18:00",
        ]
    )


def test_a_sentence_from_the_right_is_told_so_beside_our_own_words(page: Page) -> None:
    page.locator("article[lang=ar] summary").first.click()
    quote = page.locator("article[lang=ar] details[open] q")
    expect(quote).to_have_text("أظن أنه خطأ.")
    assert quote.evaluate("e => getComputedStyle(e).direction") == "rtl"
    assert quote.evaluate("e => getComputedStyle(e.closest('details')).direction") == "ltr"


def test_what_a_filter_hides_takes_its_fold_out_along(page: Page) -> None:
    page.get_by_label("Search the text").fill("fact 12")
    expect(page.get_by_role("status")).to_have_text("1 sentence in 1 story")
    shown = page.locator("main summary").evaluate_all(
        "them => them.filter(e => e.checkVisibility()).map(e => e.textContent)"
    )
    assert shown == ["wire 12–16 · 0:11:00"]


@pytest.mark.parametrize("width", [1280, 390])
def test_a_name_and_a_title_of_10000_characters_crush_nothing(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.locator("main summary").last.click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert max(page.locator("tbody tr").evaluate_all("them => them.map(e => e.offsetHeight)")) < 200
    assert max(page.locator("h2, h3").evaluate_all("them => them.map(e => e.offsetHeight)")) < 380
    heads = page.locator("thead th").evaluate_all(
        "them => them.filter(e => e.checkVisibility()).map(e => [e.scrollWidth <= e.offsetWidth, e.offsetHeight])"
    )
    assert all(fits and height < 50 for fits, height in heads)  # each on one line
    assert page.locator("main summary").last.evaluate("e => e.offsetHeight") < 40


def test_one_paragraph_leaves_no_column_empty(page: Page) -> None:
    alone = page.locator("article:has(h2:has-text('tttt')) .text")
    assert alone.evaluate("e => getComputedStyle(e).columnCount") == "auto"
    assert page.locator(".text").first.evaluate("e => getComputedStyle(e).columnCount") == "2"


def test_without_scripts_a_fold_out_opens_and_its_links_arrive(browser: Browser, edition: Path) -> None:
    with browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844}) as context:
        tab = context.new_page()
        tab.goto(edition.as_uri())
        tab.locator("main summary").first.focus()
        tab.keyboard.press("Enter")
        tab.keyboard.press("Tab")
        link = tab.locator("details[open] a").last
        place = link.inner_text()
        tab.keyboard.press("Enter")
        expect(tab.locator(f"[id='2.{place}']")).to_be_in_viewport()
