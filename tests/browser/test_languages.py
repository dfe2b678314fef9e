"""The language filter of an edition: with and without a script, by keyboard, on small and on large nights."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from nightdesk.tasks.edition.pages import write_edition
from tests.nights import Said, publish_night, said

pytestmark = pytest.mark.browser

DAY, NEXT_DAY = date(2026, 3, 1), date(2026, 3, 2)
ZH = ("地铁渗水", "水库泄洪")
LONG = "and so it went on " * 10


def _small() -> dict[str, list[Said]]:
    english = [s for k in range(9) for s in said(f"Story {k}", "facts", *(f"Fact {k}.{j}." for j in range(9 - k)))]
    lost: list[Said] = [("", "no topic", "Nobody knows where this belongs.")]
    return {
        "wire": english,
        "zh": said(ZH[0], "facts", "地铁渗水。") + said(ZH[1], "opinions", "应当道歉。"),
        "fr": said("Le pont", "future_plans", "Le pont rouvre en mai."),
        "late": lost,
    }


def _large() -> dict[str, list[Said]]:
    told: dict[str, list[Said]] = {
        f"house {k}": said(f"Story {k}", "facts", *(f"{k}.{j} {LONG}" for j in range(40))) for k in range(240)
    }
    return told | {"zh": said(ZH[0], "facts", "渗水。"), "zh2": said(ZH[1], "facts", *["泄洪。"] * 60)}


@pytest.fixture(scope="module")
def editions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small night of three languages, and a large one of two."""
    out = tmp_path_factory.mktemp("languages")
    publish_night(out, DAY, _small(), languages={"zh": "zh", "fr": "fr"}, run_id="run-1")
    publish_night(out, NEXT_DAY, _large(), languages={"zh": "zh", "zh2": "zh"}, run_id="run-2")
    for day in (DAY, NEXT_DAY):
        page = write_edition(out, day)
    return page.parent.parent


@pytest.fixture(params=[True, False], ids=["script", "no-script"])
def either(request: pytest.FixtureRequest, browser: Browser, editions: Path) -> Iterator[Page]:
    """The small night, in a browser that runs scripts and in one that does not."""
    with browser.new_context(java_script_enabled=request.param) as context:
        tab = context.new_page()
        tab.goto((editions / f"{DAY}" / "index.html").as_uri())
        yield tab


@pytest.fixture
def page(browser: Browser, editions: Path) -> Iterator[Page]:
    """The small night; in the end nothing was asked for but pages of it, and nothing has complained."""
    with browser.new_context() as context:
        tab = context.new_page()
        asked: list[str] = []
        complaints: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.goto((editions / f"{DAY}" / "index.html").as_uri())
        yield tab
        assert [url for url in asked if not url.startswith((editions.as_uri(), "data:"))] == []
        assert complaints == []


def seen(page: Page, selector: str) -> list[str]:
    """Return the text of the elements that a reader sees."""
    return [e.inner_text() for e in page.locator(selector).all() if e.is_visible()]


def test_a_language_leaves_its_stories_everywhere_on_the_page_and_leads_it(either: Page) -> None:
    assert seen(either, ".front h2") == ["Story 0"]
    either.get_by_label("Chinese", exact=True).check()
    assert seen(either, "main > article > header h2") == [*ZH, "Unplaced"]
    assert seen(either, ".front h2") == [ZH[0]]
    assert {*seen(either, ".front h3:not(.label)"), *seen(either, ".others a")} <= set(ZH)
    assert [label.upper() for label in seen(either, ".lines .label")] == ["OPINIONS"]
    either.get_by_label("French", exact=True).check()
    assert seen(either, ".front h2") == ["Le pont"]
    either.get_by_label("All languages").check()
    assert seen(either, ".front h2") == ["Story 0"]
    assert len(seen(either, "main > article")) == 13


def test_the_keys_reach_it_and_move_within_what_it_leaves(page: Page) -> None:
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "language":
            break
    outline = "getComputedStyle(document.activeElement.parentElement).outlineStyle"
    assert page.evaluate(outline) == "solid"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("Chinese", exact=True)).to_be_checked()
    expect(page.get_by_role("status")).to_have_text("2 of 12 stories")
    for title in (*ZH, "Unplaced"):
        page.keyboard.press("j")
        assert page.evaluate("document.activeElement.textContent") == title
    page.keyboard.press("Escape")
    expect(page.get_by_label("All languages")).to_be_checked()
    expect(page.get_by_role("status")).to_be_empty()


def test_it_narrows_a_search_and_is_counted_with_it(page: Page) -> None:
    page.get_by_label("Search the text").fill("pont")
    expect(page.get_by_role("status")).to_have_text("1 sentence in 1 story")
    page.get_by_label("Chinese", exact=True).check()
    expect(page.get_by_role("status")).to_have_text("0 sentences in 0 stories")
    expect(page.locator("#none")).to_be_visible()
    page.get_by_role("button", name="Show everything").click()
    assert len(seen(page, "main > article")) == 13


def test_it_stays_from_page_to_page_of_a_large_night(page: Page, editions: Path) -> None:
    page.goto((editions / f"{NEXT_DAY}" / "index.html").as_uri())
    page.get_by_label("Chinese", exact=True).check()
    assert seen(page, ".front h2") == [ZH[1]]
    page.get_by_role("link", name=re.compile("headlines$")).first.click()
    expect(page.get_by_label("Chinese", exact=True)).to_be_checked()
    assert seen(page, ".headlines a") == [ZH[1], ZH[0]]
    page.get_by_role("link", name=ZH[0]).click()
    assert seen(page, "main > article h2") == [ZH[0]]
    page.get_by_label("All languages").check()
    assert len(seen(page, "main > article")) > 1
    page.reload()
    expect(page.get_by_label("All languages")).to_be_checked()


def test_a_page_that_has_nothing_in_a_language_says_so(page: Page, editions: Path) -> None:
    page.goto((editions / f"{NEXT_DAY}" / "stories-0002.html").as_uri())
    page.get_by_label("Chinese", exact=True).check()
    expect(page.locator("#none")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text(re.compile(r"^0 of \d+ stories$"))


def test_a_night_of_one_language_has_no_filter(browser: Browser, tmp_path: Path) -> None:
    publish_night(tmp_path, DAY, {"wire": said("Bridge", "facts", "x")})
    with browser.new_context() as context:
        tab = context.new_page()
        tab.goto(write_edition(tmp_path, DAY).as_uri())
        assert tab.locator(".languages").count() == 0


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_it_sticks_out_at_no_width(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    for language in ("All languages", "English", "Chinese", "French"):
        page.get_by_label(language, exact=True).check()
        assert page.evaluate("document.documentElement.scrollWidth") == width
