"""Text that attacks the pages, pictures and Markdown that show it: by reading the bytes, and in a real browser."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count, cycle
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from lxml import html
from playwright.sync_api import sync_playwright

from benchmarks.attack_cases.outcome import Attack, Outcome
from nightdesk.flows.artifacts.markdown import plain
from nightdesk.tasks.edition.environment import weblink
from nightdesk.tasks.edition.paged import STORIES, put_pages
from nightdesk.tasks.edition.pages import write_edition
from nightdesk.tasks.edition.pagination import FILE_BYTES
from nightdesk.tasks.edition.shown import LONGEST
from nightdesk.tasks.edition.whole_page import night_page
from nightdesk.tasks.learning.weights_plot import picture
from tests.browser.conftest import QUIET, chromium
from tests.heard import Heard, one_heard
from tests.hostile import BIDI, DAY, hostile, night_of
from tests.nights import publish_night, said

BEACON = "https://evil.example/"
LINKS = (
    "javascript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "java\nscript:x",
    "//evil.example",
)
NO_BROWSER = "skipped: no browser"


def cases() -> dict[str, Attack]:
    """Return attack -> what performs it."""
    return {
        "pages: markup in every text of an edition": _markup,
        "pages: control characters, NUL and lone surrogates": _controls,
        "pages: a mark that ends its isolation and turns the page": _turned,
        "pages: a title of 100 kB": _giant,
        "pages: a source that is a script or a file": _sources,
        "pages: 20,000 stories in one night": _many,
        "pages: an edition opened in a browser": _opened,
        "pages: a script, a picture and a form that got in": _injected,
        "pages: image beacons and links in an artifact's Markdown": _markdown,
        "pages: a picture of the weights with hostile names": _svg,
    }


def _markup(_: Path) -> Outcome:
    texts, numbers = cycle(hostile(BEACON)), count()
    found = _outline(night_page(night_of(lambda: next(texts))))
    expected = _outline(night_page(night_of(lambda: f"text {next(numbers)}")))
    more = sorted(found - expected)
    return Outcome("the template's elements and attributes", f"{len(found)} kinds, {more or 'no other'}", not more)


def _controls(folder: Path) -> Outcome:
    told = {"a\x07b": said("T\x08", "facts", "x\0y\x1b[31m\x9bz")}
    publish_night(folder, DAY, told, unreadable={"c\x1b": "no"})
    written = write_edition(folder, DAY).read_text(encoding="utf-8")
    texts = cycle(hostile(BEACON))
    written += night_page(night_of(lambda: next(texts))).encode("utf-8").decode("utf-8")
    raw = re.findall(r"[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", written)
    return Outcome("none raw, their pictures are shown", f"{len(raw)} raw", not raw and "x\u2400y\u241b[31m" in written)


def _turned(folder: Path) -> Outcome:
    publish_night(folder, DAY, {"wire": said("Rate", "facts", f"It is {BIDI}", "The rate is 5 %.")})
    page = write_edition(folder, DAY)
    with _browser() as open_page:
        if open_page is None:
            return Outcome("what follows reads from the left", NO_BROWSER, right=True)
        tab, _ = open_page(page)
        at = tab.locator('main bdi[data-n="2"]').evaluate(
            """e => [...e.firstChild.data].map((_, k) => { const r = new Range(); r.setStart(e.firstChild, k);
            r.setEnd(e.firstChild, k + 1); return r.getBoundingClientRect().left; })"""
        )
    return Outcome("what follows reads from the left", "it does" if at == sorted(at) else "turned", at == sorted(at))


def _giant(_: Path) -> Outcome:
    titles = (f"{k} " + "x" * 100_000 for k in count())
    night = night_of(lambda: next(titles), stories=1, sentences_each=1)
    longest = max(len(e.text or "") for e in html.document_fromstring(night_page(night)).iter("h2", "h3", "i", "em"))
    return Outcome(f"at most {LONGEST} characters on the page", f"{longest}", longest <= LONGEST + 10)


def _sources(_: Path) -> Outcome:
    linked = [source for source in LINKS if weblink(source)]
    return Outcome("none is a link", f"{len(linked)} of {len(LINKS)} are", not linked)


def _many(_: Path) -> Outcome:
    numbers, pages = count(), {}
    night = night_of(lambda: f"text {next(numbers)}", stories=20_000, sentences_each=1)
    put_pages(night, lambda story: "", pages.__setitem__)
    told = [page.count('<article id="s-') for page in pages.values()]
    largest = max(len(page.encode()) for page in pages.values())
    right = sum(told) == 20_000 and max(told) <= STORIES and largest <= FILE_BYTES
    expected = f"each on a page, {STORIES} a page, {FILE_BYTES / 1e6:g} MB a file"
    return Outcome(expected, f"{sum(told):,}; {max(told)} a page, {largest / 1e6:.2g} MB a file", right)


def _opened(folder: Path) -> Outcome:
    expected = "nobody is asked, nothing runs"
    with one_heard() as heard, _browser() as open_page:
        if open_page is None:
            return Outcome(expected, NO_BROWSER, right=True)
        texts = cycle(hostile(f"http://{heard.host}/"))
        tab, happened = open_page(_put(folder, night_page(night_of(lambda: next(texts)))))
        tab.mouse.move(300, 300)
        tab.wait_for_timeout(500)
        return _quiet(expected, heard, happened)


def _injected(folder: Path) -> Outcome:
    expected = "the page's own policy refuses them"
    with one_heard() as heard, _browser() as open_page:
        if open_page is None:
            return Outcome(expected, NO_BROWSER, right=True)
        tab, _ = open_page(_put(folder, night_page(night_of(lambda: "text"))))
        url = f"http://{heard.host}/"
        tab.evaluate(
            f"""() => {{ document.body.insertAdjacentHTML('beforeend', '<img src={url}><iframe src={url}></iframe>' +
            '<form action={url}></form>'); document.body.append(Object.assign(document.createElement('script'),
            {{textContent: 'owned = 1'}})); fetch('{url}').catch(() => 0); document.forms[0].submit(); }}"""
        )
        tab.wait_for_timeout(500)
        return _quiet(expected, heard, [] if tab.evaluate("typeof owned") == "undefined" else ["a script ran"])


def _markdown(_: Path) -> Outcome:
    from markdown_it import MarkdownIt

    kinds: set[str] = set()
    bare = []
    for text in hostile(BEACON):
        made = plain(text, 400)
        kinds |= {t.type for token in MarkdownIt("commonmark").parse(made) for t in (token, *(token.children or ()))}
        bare += [made] if re.search(r"(?:https?|ftp)://|www\.|[-.\w+]@\w", made, re.IGNORECASE) else []
    bad = sorted(kinds & {"image", "link_open", "html_inline", "html_block", "code_inline", "heading_open"})
    return Outcome("text alone", f"{bad or 'text alone'}, {len(bare)} bare addresses", not bad and not bare)


def _svg(_: Path) -> Outcome:
    tags: set[str] = set()
    for name in hostile(BEACON):
        drawn = picture(name, 1, {name: {name: [(1.0, 0.5)]}}, {name: [(1.0, 0.5)]})
        tags |= {e.tag.rpartition("}")[2] for e in ElementTree.fromstring(drawn.encode("utf-8")).iter()}
    more = tags - {"svg", "rect", "text", "polyline", "circle"}
    return Outcome("well-formed, no script", f"well-formed, {more or 'no other element'}", not more)


def _outline(page: str) -> set[tuple[str, ...]]:
    return {(str(e.tag), *sorted(e.attrib)) for e in html.document_fromstring(page).iter()}


def _put(folder: Path, page: str) -> Path:
    file = folder / "index.html"
    file.write_text(page, encoding="utf-8")
    return file


def _quiet(expected: str, heard: Heard, happened: list[str]) -> Outcome:
    seen = "; ".join([*heard.asked, *happened])[:120]
    return Outcome(expected, seen or "nothing happened", not seen)


@contextmanager
def _browser() -> Iterator[Callable[[Path], tuple[Any, list[str]]] | None]:
    """Give what opens a file in Chromium, and tells what it asked for or said meanwhile; None if there is none."""
    if (path := chromium()) is None:
        yield None
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield partial(_open, browser)
        browser.close()


def _open(browser: Any, file: Path) -> tuple[Any, list[str]]:
    tab = browser.new_page()
    happened: list[str] = []

    def asked(request: Any) -> None:
        if not request.url.startswith(("file:", "data:")):
            happened.append(request.url)

    def spoke(dialog: Any) -> None:
        happened.append(dialog.message)
        dialog.dismiss()

    tab.on("request", asked)
    tab.on("dialog", spoke)
    tab.goto(file.as_uri())
    return tab, happened
