"""The live page in a real browser: it is rewritten while it is watched, and the reader stays where he was."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from nightdesk.tasks.following.provisional.live_page import LivePage, open_live_page
from nightdesk.tasks.following.provisional.live_state import LiveState
from nightdesk.tasks.following.provisional.tail import Provisional, TailNews
from tests.browser.test_edition import CONTRAST, HOSTILE
from tests.tasks.following.provisional.made import settled_of

pytestmark = pytest.mark.browser
CATEGORIES = ("facts", "opinions", "assumptions", "future_plans")
STREAMS = 30
TOP = "id => document.getElementById(id).getBoundingClientRect().top"


class Follow:
    """Streams that go on, and the page that is made of them; every second the page is to be read again."""

    def __init__(self, page: LivePage) -> None:
        self.page = page
        self.state = LiveState(date(2026, 3, 1), "news", CATEGORIES, 1.0)
        self.count = 0
        for k in range(STREAMS):
            self.settle(k, "The bridge is shut", 3)

    def say(self, stream: int, topic: str, text: str) -> None:
        """Have a sentence come to a stream, and be filed."""
        its = self._doc_id(stream)
        self.count += 1
        self.state.arrived(its, f"stream {stream:02}", self.count, datetime.now(UTC), title="A title")
        row = Provisional(self.count, text, f"{its}/{topic}", topic, "opinions")
        self.state.tail(TailNews(its, (row,), self.count, 1, "en", self.count - 1))

    def settle(self, stream: int, topic: str, count: int) -> None:
        """Have sentences of a stream come and be settled."""
        its, first = self._doc_id(stream), self.count + 1
        self.count += count
        self.state.arrived(its, f"stream {stream:02}", self.count, datetime.now(UTC) - timedelta(minutes=5))
        texts = [f"Sentence {first + k} of stream {stream}." for k in range(count)]
        self.state.settled(settled_of(its, texts, [(f"{its}/{topic}", topic)] * count, first=first))

    def write(self) -> None:
        """Put the page in place."""
        self.page.write(self.state, datetime.now(UTC))

    def _doc_id(self, stream: int) -> str:
        return f"stream {stream:02}@2026-03-01"


@pytest.fixture
def follow(tmp_path: Path) -> Iterator[Follow]:
    """A follow whose page stands."""
    with open_live_page(tmp_path, "news") as page:
        its = Follow(page)
        its.write()
        yield its


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(viewport={"width": 1280, "height": 900}) as opened:
        yield opened


@pytest.fixture
def page(context: BrowserContext, follow: Follow) -> Iterator[Page]:
    """The page in a tab; in the end nothing has complained, and nothing was asked for but the page."""
    tab = context.new_page()
    said: list[str] = []
    asked: set[str] = set()
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("request", lambda request: asked.add(request.url))
    tab.goto(follow.page.path.as_uri())
    yield tab
    assert said == []
    assert {url for url in asked if not url.startswith("data:")} == {follow.page.path.as_uri()}


def article(page: Page, stream: int) -> str:
    """Return the id of a stream's article."""
    found = page.locator("article", has=page.get_by_role("heading", name=f"stream {stream:02}")).get_attribute("id")
    assert found
    return found


def test_what_is_said_appears_by_itself_while_the_page_is_rewritten(page: Page, follow: Follow) -> None:
    for k in range(4):
        follow.say(2, "The bank keeps its rate", f"Sentence {k} about the bank.")
        follow.write()
        expect(page.locator("article", has_text=f"Sentence {k} about the bank.")).to_have_count(1)
    its = page.locator(f"#{article(page, 2)}")
    expect(its.locator(".now bdi")).to_have_text("The bank keeps its rate")
    expect(its.locator(".now .p")).to_have_text("provisional")
    expect(its.locator("section", has_text="Just ended")).to_contain_text("The bridge is shut")


def test_the_reader_stays_at_the_stream_that_is_read_though_others_grow_above_it(page: Page, follow: Follow) -> None:
    its = article(page, 20)
    page.locator(f"#{its}").evaluate("e => scrollTo(0, e.getBoundingClientRect().top + scrollY - 120)")
    before = page.evaluate(TOP, its)
    follow.say(0, "A matter of which nobody had heard", "A long sentence that takes much room. " * 8)
    follow.settle(1, "Another matter", 4)
    follow.write()
    expect(page.locator("article", has_text="takes much room")).to_have_count(1)
    page.wait_for_function("y => scrollY !== 0", arg=0)
    assert abs(page.evaluate(TOP, its) - before) < 2


def test_a_search_and_the_focus_outlive_reading_again(page: Page, follow: Follow) -> None:
    page.get_by_label("Search the streams").fill("stream 07")
    assert page.locator("article:visible").count() == 1
    page.keyboard.press("Enter")
    page.keyboard.press("j")
    follow.say(7, "The bridge opens", "It opens again.")
    follow.write()
    expect(page.locator("article:visible")).to_contain_text("It opens again.")
    expect(page.locator("article:visible")).to_have_count(1)
    expect(page.locator(f"#{article(page, 7)} h2")).to_be_focused()
    expect(page.locator(".overview li:visible")).to_have_count(1)


def test_a_turn_to_another_topic_is_told_to_those_who_hear_the_page(page: Page, follow: Follow) -> None:
    follow.say(3, "The ferries run", "Ferries run.")
    follow.write()
    expect(page.get_by_role("status")).to_have_text("stream 03: The ferries run")


@pytest.mark.slow
def test_a_page_that_is_stopped_stays_until_it_is_let_go_on(page: Page, follow: Follow) -> None:
    page.get_by_role("button", name="Pause").click()
    follow.say(4, "The ferries run", "Said meanwhile.")
    follow.write()
    page.wait_for_timeout(2_500)  # more than twice as long as the page would have waited
    assert page.get_by_text("Said meanwhile.").count() == 0
    page.keyboard.press("p")
    expect(page.get_by_text("Said meanwhile.")).to_have_count(1)
    assert page.get_by_role("button", name="Pause").get_attribute("aria-pressed") == "false"


@pytest.mark.slow
def test_text_that_is_marked_is_not_taken_from_the_reader(page: Page, follow: Follow) -> None:
    page.evaluate("getSelection().selectAllChildren(document.querySelector('article p bdi'))")
    follow.say(4, "The ferries run", "Said meanwhile.")
    follow.write()
    page.wait_for_timeout(2_500)
    assert page.get_by_text("Said meanwhile.").count() == 0
    page.evaluate("getSelection().removeAllRanges()")
    expect(page.get_by_text("Said meanwhile.")).to_have_count(1)


@pytest.mark.slow
def test_the_page_of_a_follow_that_has_ended_is_read_no_more(page: Page, follow: Follow) -> None:
    follow.state.ended("midnight")
    follow.write()
    expect(page.get_by_text("ended: midnight")).to_be_visible()
    page.evaluate("window.here = true")
    page.wait_for_timeout(2_500)
    assert page.evaluate("window.here") is True


@pytest.mark.slow
def test_without_a_script_the_page_is_read_again_as_well(browser: Browser, follow: Follow) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        tab = context.new_page()
        tab.goto(follow.page.path.as_uri())
        follow.say(4, "The ferries run", "Said meanwhile.")
        follow.write()
        expect(tab.get_by_text("Said meanwhile.")).to_have_count(1, timeout=20_000)


def test_hostile_streams_do_nothing(page: Page, follow: Follow) -> None:
    for k, text in enumerate(HOSTILE):
        its = f"{text}@2026-03-01"
        follow.state.arrived(its, text, 2, datetime.now(UTC), title=text)
        follow.state.settled(settled_of(its, [text], [(text, text)]))
        follow.state.tail(TailNews(its, (Provisional(2, text, f"{k}", text, "facts"),), 2, 1, text, 1))
    follow.state.figures(troubles=list(HOSTILE))
    follow.write()
    expect(page.locator(".troubles li")).to_have_count(5)
    assert page.title() == "Nightdesk live, news"
    assert page.locator("main img, main svg, main script, main a[href^=javascript]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") == 1280


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_nothing_sticks_out_at_any_width(page: Page, width: int) -> None:
    page.get_by_role("button", name="Pause").click()
    page.set_viewport_size({"width": width, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_the_page(page: Page, follow: Follow, scheme: str) -> None:
    follow.say(0, "The ferries run", "Ferries run.")
    follow.state.figures(troubles=["radio.txt: it was truncated"])
    follow.write()
    expect(page.locator(".troubles")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    assert page.evaluate(CONTRAST) == []
