"""The edition in a real browser: filters, keys, hostile text, phone, dark, print; it asks the network for nothing."""

from collections.abc import Iterator
from datetime import date

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from nightdesk.tasks.edition.pages import write_edition
from nightdesk.tasks.edition.shown import shown as on_a_page
from tests.nights import Said, publish_night

pytestmark = pytest.mark.browser

DAY, NEXT_DAY = date(2026, 3, 1), date(2026, 3, 2)
PHONE: ViewportSize = {"width": 360, "height": 740}
LONG_WORD = "Donaudampfschifffahrt" * 40
BIDI = "Left \u202eto right\u202c and \u05e9\u05dc\u05d5\u05dd."
HOSTILE = (
    "<script>document.title = 'owned'</script>",
    "<img src=x onerror=\"document.title = 'owned'\">",
    "</style><svg onload=\"document.title = 'owned'\">",
    '" autofocus onfocus="document.title = 1',
    "<a href=\"javascript:document.title = 'owned'\">a</a>",
    BIDI,
    LONG_WORD,
)


def _told() -> dict[str, list[Said]]:
    wire: list[Said] = [("The bridge is shut", "facts", f"Fact {k} of the São Pedro bridge.") for k in range(30)]
    wire += [("The bridge is shut", "opinions", f"I think view {k} is wrong.") for k in range(4)]
    wire += [("The bank keeps its rate", "facts", "The bank left its rate alone.")]
    radio: list[Said] = [("Ferries run instead", "facts", "Ferries run from noon.")]
    radio += [("Ferries run instead", "future_plans", "The bridge opens again in May.")]
    zh: list[Said] = [
        ("澜州地铁渗水", "facts", "地铁六号线“柳塘站”发现渗水，列车停运。"),
        ("澜州地铁渗水", "opinions", "我认为应当道歉。"),
    ]
    hostile: list[Said] = [(text[:120], "facts", text) for text in HOSTILE]
    lost: list[Said] = [("", "topic_locator: the answer left this sentence out", "Nobody knows where this belongs.")]
    return {"wire": wire, "radio": radio, "evening-zh": zh, "<b>hostile</b>": hostile, "late": lost}


@pytest.fixture(scope="package")
def edition(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two nights with an edition; the address of the second."""
    out = tmp_path_factory.mktemp("out")
    stories = {"The bridge is shut": "bridge", "Ferries run instead": "bridge"}
    for day in (DAY, NEXT_DAY):
        publish_night(
            out, day, _told(), stories, {"evening-zh": "zh"}, {"scan": "scan.pdf: no text"}, run_id=f"run-{day.day}"
        )
        page = write_edition(out, day)
    return page.as_uri()


@pytest.fixture
def page(browser: Browser, edition: str) -> Iterator[Page]:
    """The edition in a tab of its own; in the end nothing has complained, and nothing was asked for but the page."""
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        tab = context.new_page()
        said: list[str] = []
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        asked: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(edition)
        yield tab
        folder = edition.rpartition("/editions/")[0]
        assert said == []
        assert [url for url in asked if not url.startswith((folder, "data:"))] == []


def shown(page: Page, selector: str) -> list[str]:
    """Return the text of the elements that a reader sees; content-visibility aside, they have a box."""
    found: list[str] = page.locator(selector).evaluate_all(
        "them => them.filter(e => e.checkVisibility()).map(e => e.textContent)"
    )
    return found


def headlines(page: Page) -> list[str]:
    return shown(page, "main h2")


def test_what_many_tell_leads_and_its_documents_stand_together(page: Page) -> None:
    assert headlines(page)[0] == "The bridge is shut"
    assert page.locator(".lead h2").inner_text() == "The bridge is shut"
    assert shown(page, "#s-bridge .told li")[:2] == ["wire 34", "radio 2 Ferries run instead"]
    facts = page.locator("#s-bridge section").first
    assert list(dict.fromkeys(facts.locator("cite").all_text_contents())) == ["wire", "radio"]
    assert facts.locator("bdi").last.get_attribute("data-n") == "1"


def test_a_category_a_document_and_words_narrow_the_page_together(page: Page) -> None:
    everything = headlines(page)
    page.get_by_role("button", name="Opinions").click()
    assert shown(page, "main .label") == ["Opinions 4", "Opinions 1"]
    expect(page.get_by_role("status")).to_have_text("5 sentences in 2 stories")
    page.get_by_role("button", name="Future plans").click()  # two categories are either of them
    expect(page.get_by_role("status")).to_have_text("6 sentences in 2 stories")
    page.get_by_label("Document").select_option(label="radio (2)")
    expect(page.get_by_role("status")).to_have_text("1 sentence in 1 story")
    assert shown(page, "main bdi[data-n]") == ["The bridge opens again in May."]
    page.get_by_label("Search the text").fill("no such thing")
    expect(page.locator("#none")).to_be_visible()
    page.get_by_role("button", name="Show everything").click()
    assert headlines(page) == everything
    expect(page.get_by_role("status")).to_be_empty()


def test_words_are_found_whatever_their_case_and_accents_and_in_what_is_folded(page: Page) -> None:
    last = page.locator("main").get_by_text("Fact 29 of the São Pedro bridge.")
    assert not last.is_visible()
    page.get_by_label("Search the text").fill("FACT 29 sao")
    expect(page.get_by_role("status")).to_have_text("1 sentence in 1 story")
    assert last.is_visible()
    assert page.evaluate("CSS.highlights.get('found').size") == 3
    page.get_by_label("Search the text").fill("柳塘站")
    expect(page.get_by_role("status")).to_have_text("1 sentence in 1 story")


def test_a_story_named_so_is_shown_whole(page: Page) -> None:
    page.get_by_label("Search the text").fill("keeps its rate")
    expect(page.get_by_role("status")).to_have_text("1 sentence in 1 story")
    assert headlines(page) == ["The bank keeps its rate"]


def test_a_long_section_unfolds_and_folds(page: Page) -> None:
    facts = page.locator("#s-bridge section").first
    assert len(shown(page, "#s-bridge section:first-child p")) == 2
    button = facts.get_by_role("button", name="Show all 31")
    button.click()
    assert len(shown(page, "#s-bridge section:first-child p")) == 7
    assert facts.get_by_role("button").get_attribute("aria-expanded") == "true"
    facts.get_by_role("button", name="Fewer").click()
    assert len(shown(page, "#s-bridge section:first-child p")) == 2


def test_the_keys_go_from_story_to_story_and_to_the_search(page: Page) -> None:
    focused = "document.activeElement.textContent"
    page.keyboard.press("j")
    assert page.evaluate(focused) == "The bridge is shut"
    page.keyboard.press("j")
    second = page.evaluate(focused)
    assert second == headlines(page)[1]
    top = page.evaluate("document.activeElement.getBoundingClientRect().top")
    assert page.evaluate("document.querySelector('.desk').getBoundingClientRect().bottom") <= top < 450
    page.keyboard.press("k")
    assert page.evaluate(focused) == "The bridge is shut"
    page.keyboard.press("/")
    page.keyboard.type("jkt bank")  # typing is typing, not keys
    assert page.get_by_label("Search the text").input_value() == "jkt bank"
    page.keyboard.press("Escape")
    assert page.get_by_label("Search the text").input_value() == ""
    assert page.evaluate("document.activeElement === document.body")


def test_every_control_is_reached_by_tab_named_and_seen(page: Page) -> None:
    reached = []
    for _ in range(9):
        page.keyboard.press("Tab")
        name, width, outline = page.evaluate(
            """() => { const e = document.activeElement, s = getComputedStyle(e);
                return [e.getAttribute('aria-label') ?? e.labels?.[0]?.textContent ?? e.textContent, e.offsetWidth,
                        s.outlineStyle] }"""
        )
        reached.append(name.split("\n")[0])
        assert width > 0 and outline != "none", name
    assert reached[0] == "Skip to the stories"
    assert {"All nights", "1 unreadable", "Search the text", "Document", "Dark page"} <= set(reached)


def test_hostile_text_is_shown_and_does_nothing(page: Page) -> None:
    page.get_by_label("Document").select_option(label="<b>hostile</b> (7)")
    assert sorted(shown(page, "main bdi[data-n]")) == sorted(map(on_a_page, HOSTILE))
    assert page.title() == "Nightdesk, Monday, 2 March 2026"
    assert page.locator("img, iframe, [onerror], [onload], [onfocus], a[href^=javascript]").count() == 0
    # What runs the other way turns nothing around it: the sentences stay in isolation.
    direction = page.locator("main bdi", has_text="to right").first.evaluate("e => getComputedStyle(e).unicodeBidi")
    assert direction == "isolate"


def test_a_script_that_got_in_all_the_same_would_not_run(browser: Browser, edition: str) -> None:
    with browser.new_context() as context:
        tab = context.new_page()
        tab.goto(edition)
        refused: list[str] = []
        tab.on("console", lambda message: refused.append(message.text))
        tab.evaluate(
            "document.body.append(Object.assign(document.createElement('script'), {textContent: 'owned = 1'}))"
        )
        tab.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=https://example.org/x.png>')")
        assert tab.evaluate("typeof owned") == "undefined"
        assert ["Content Security Policy" in text for text in refused] == [True, True]


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_nothing_sticks_out_at_any_width(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") == width
    out = page.evaluate(
        """() => [...document.querySelectorAll('main *, .front *')].filter(e => {
            const r = e.getBoundingClientRect(); return r.right > innerWidth + 1 || r.left < -1; }).length"""
    )
    assert out == 0


def test_dark_follows_the_system_until_the_reader_chooses(page: Page) -> None:
    def paper() -> str:
        color: str = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        return color

    light = paper()
    page.emulate_media(color_scheme="dark")
    dark = paper()
    assert dark != light
    page.reload()
    button = page.get_by_role("button", name="Dark page")
    assert (paper(), button.get_attribute("aria-pressed")) == (dark, "true")
    button.click()
    assert (paper(), button.get_attribute("aria-pressed")) == (light, "false")
    page.reload()
    assert paper() == light
    page.keyboard.press("t")
    assert paper() == dark


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_the_page(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    weak = page.evaluate(CONTRAST)
    assert weak == []


# Every element that has text of its own, against the page behind it, by WCAG's formula: at least 4.5 to 1.
CONTRAST = """() => {
  const rgb = color => color.match(/[\\d.]+/g).map(Number);
  const linear = v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const luminance = color => {
    const [r, g, b] = rgb(color).map(v => linear(v / 255));
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const behind = e => {
    const color = getComputedStyle(e).backgroundColor;
    return rgb(color)[3] === 0 ? behind(e.parentElement) : color;
  };
  const weak = [];
  for (const e of document.querySelectorAll('body *')) {
    if (!e.checkVisibility() || ![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    const [a, b] = [getComputedStyle(e).color, behind(e)].map(luminance).sort((x, y) => y - x);
    if ((a + .05) / (b + .05) < 4.5) weak.push([e.tagName, e.className, e.textContent.slice(0, 30)]);
  }
  return weak;
}"""


def test_print_shows_all_the_text_and_no_controls(page: Page) -> None:
    page.emulate_media(media="print")
    assert shown(page, "search, .unfold, .skip") == []
    told = [text for its in _told().values() for _, _, text in its]
    assert sorted(shown(page, "main bdi[data-n]")) == sorted(map(on_a_page, told))
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf().startswith(b"%PDF")


def test_chinese_is_marked_as_chinese_and_set_in_its_own_type(page: Page) -> None:
    story = page.locator("article", has=page.get_by_role("heading", name="澜州地铁渗水"))
    assert story.get_attribute("lang") == "zh"
    assert "CJK SC" in story.locator("p bdi").first.evaluate("e => getComputedStyle(e).fontFamily")
    assert story.locator("h3").first.get_attribute("lang") == "en"


def test_the_nights_lead_to_one_another(page: Page) -> None:
    page.locator("#s-bridge .since a").click()
    assert page.url.endswith("/2026-03-01/index.html#s-bridge")
    page.get_by_role("link", name="All nights").first.click()
    assert shown(page, "h2") == ["Monday, 2 March 2026", "Sunday, 1 March 2026"]
    page.get_by_role("link", name="Monday, 2 March 2026").click()
    assert page.title() == "Nightdesk, Monday, 2 March 2026"


def test_it_can_be_read_without_scripts(browser: Browser, edition: str) -> None:
    with browser.new_context(java_script_enabled=False, viewport=PHONE) as context:
        tab = context.new_page()
        tab.goto(edition)
        assert tab.locator("main").get_by_text("Fact 29 of the São Pedro bridge.").is_visible()
        assert not tab.locator(".desk").is_visible()
