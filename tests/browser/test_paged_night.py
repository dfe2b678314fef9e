"""A night of many pages in a real browser: from page to page and back, anchors below the bar, filters of one page."""

import re
from collections.abc import Iterator
from datetime import date

import pytest
from playwright.sync_api import Browser, Page, expect

from nightdesk.tasks.edition.index import write_index
from nightdesk.tasks.edition.pages import write_edition
from tests.nights import Said, publish_night, said
from tests.tasks.made import DAY

pytestmark = pytest.mark.browser

NEXT_DAY = date(2026, 3, 2)
ZH = "wire/0150"  # a Chinese document, whose story stands on the second page
LONG = "and so it went on " * 10
TOP = "e => e.getBoundingClientRect().top"
BAR = "document.querySelector('.desk').getBoundingClientRect().bottom"


def _large() -> dict[str, list[Said]]:
    """Return documents of a story each, 2 MB and more in all."""
    told: dict[str, list[Said]] = {}
    for k in range(240):
        texts = [f"{k}.{j} {LONG}" for j in range(48)]
        told[f"wire/{k:04}"] = [
            *said(f"Story {k}", "facts", *texts[:24]),
            *said(f"Story {k}", "opinions", *texts[24:]),
        ]
    told[ZH] = said("地铁渗水", "facts", *(f"第{j}处发现渗水。" for j in range(50)))
    return told


@pytest.fixture(scope="module")
def editions(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the address of the editions of a large night and of a small one after it."""
    out = tmp_path_factory.mktemp("paged")
    small = {f"wire/{k:04}": [*said(f"Story {k}", "facts", *(f"{k}.{j} {LONG}" for j in range(12)))] for k in range(9)}
    publish_night(out, DAY, _large(), languages={ZH: "zh"}, run_id="run-1")
    publish_night(out, NEXT_DAY, small, run_id="run-2")
    pages = [write_edition(out, day) for day in (DAY, NEXT_DAY)]
    write_index(out, NEXT_DAY)
    return pages[0].parent.parent.as_uri()


@pytest.fixture
def page(browser: Browser, editions: str) -> Iterator[Page]:
    """The front page of the large night; in the end nothing has complained."""
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        tab = context.new_page()
        tab.set_default_timeout(8_000)
        complaints: list[str] = []
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.goto(f"{editions}/{DAY}/index.html")
        yield tab
        assert complaints == []


def assert_stands_below_the_bar(page: Page, anchor: str) -> None:
    """Check that what was jumped to begins below the bar and near it."""
    page.wait_for_load_state("load")
    top, bar = page.locator(f'[id="{anchor}"]').evaluate(TOP), page.evaluate(BAR)
    assert bar <= top < bar + 120


def test_the_front_page_leads_to_a_page_of_stories_and_that_back(page: Page) -> None:
    front = page.url
    page.locator("nav.pages ol a").nth(1).click()
    expect(page).to_have_url(re.compile(r"/stories-0002\.html$"))
    page.locator(".turns a", has_text="Page before").first.click()
    expect(page).to_have_url(re.compile(r"/stories-0001\.html$"))
    page.locator(".turns a", has_text="Front page").first.click()
    expect(page).to_have_url(front)
    page.go_back()
    expect(page).to_have_url(re.compile(r"/stories-0001\.html$"))


@pytest.mark.parametrize("number", [60, 170])
def test_a_headline_leads_to_its_story_below_the_bar(page: Page, number: int) -> None:
    page.get_by_role("link", name=re.compile("headlines$")).first.click()
    link = page.locator(".headlines a").nth(number)
    title, (file, _, anchor) = link.text_content(), (link.get_attribute("href") or "").partition("#")
    link.click()
    expect(page).to_have_url(re.compile(rf"/{file}#"))
    assert page.locator(f'[id="{anchor}"] h2').text_content() == title
    assert_stands_below_the_bar(page, anchor)


def test_who_comes_back_finds_the_place_where_he_was(page: Page) -> None:
    page.goto(page.url.replace("index.html", "stories-0001.html") + "#s-Story%2060")
    page.mouse.wheel(0, 2_000)
    page.wait_for_function(
        "() => new Promise(r => { const y = scrollY; setTimeout(() => r(scrollY === y && y > 0), 200) })"
    )
    before = page.evaluate("scrollY")
    page.locator(".turns a", has_text="Front page").first.evaluate("e => e.click()")
    expect(page).to_have_url(re.compile(r"/index\.html$"))
    page.go_back()
    page.wait_for_function("y => Math.abs(scrollY - y) < 300", arg=before)


@pytest.mark.parametrize("width", [1280, 900])
def test_a_link_into_a_small_night_arrives_below_the_bar(page: Page, editions: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{editions}/index.html")
    link = page.locator(f'a[href^="{NEXT_DAY}/index.html#"]').last
    anchor = (link.get_attribute("href") or "").partition("#")[2]
    link.click()
    expect(page).to_have_url(re.compile(f"{NEXT_DAY}/index.html#"))
    assert_stands_below_the_bar(page, anchor)


def test_the_filters_of_a_page_of_stories_find_what_stands_on_it(page: Page) -> None:
    page.goto(page.url.replace("index.html", "stories-0001.html"))
    stories = page.locator("main > article").count()
    page.locator(".chip", has_text="Opinions").click()
    expect(page.get_by_role("status")).to_have_text(re.compile(rf"in {stories} stories$"))
    option = page.get_by_label("Document").locator("option").nth(7)
    page.get_by_label("Document").select_option(label=option.text_content())
    expect(page.get_by_role("status")).to_have_text("24 sentences in 1 story")
    page.get_by_label("Search the text on this page").fill("no such thing")
    expect(page.locator("#none")).to_be_visible()
    page.get_by_role("button", name="Show everything").click()
    expect(page.get_by_role("status")).to_be_empty()


def test_a_chinese_story_is_marked_as_chinese_wherever_it_is_named(page: Page) -> None:
    page.get_by_role("link", name=re.compile("headlines$")).first.click()
    line = page.locator(".headlines li:lang(zh)")
    assert line.get_by_role("link").text_content() == "地铁渗水"
    line.get_by_role("link").click()
    assert page.locator("article:lang(zh) > header h2").text_content() == "地铁渗水"
    page.get_by_label("Search the text on this page").fill("渗水")
    expect(page.get_by_role("status")).to_have_text("50 sentences in 1 story")
