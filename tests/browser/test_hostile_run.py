"""A run over hostile documents, as both of Prefect's UIs show it: titles, names and errors are only text."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, expect

from nightdesk.flows.artifacts.markdown import code, plain, table
from tests.browser.conftest import sign_in
from tests.heard import Heard, one_heard
from tests.hostile import hostile
from tests.serving import PATIENCE_S, Served, serving

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900), pytest.mark.long]
UIS = {"V1": "", "V2": "/v2"}
OWN = "sr-client-cfg.amplitude.com"  # which Prefect's newer UI asks by itself
DRAWN = "() => [...document.querySelectorAll('img, iframe, object, embed, base, form')].map(e => e.outerHTML)"
LINKS = "() => [...document.querySelectorAll('a')].map(e => e.getAttribute('href') ?? '')"


@pytest.fixture(scope="module")
def beacon() -> Iterator[Heard]:
    """A server that hostile text names: whoever asks it was told to by the text."""
    with one_heard() as heard:
        yield heard


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, beacon: Heard) -> Iterator[Served]:
    """Serve a folder of documents with hostile names and text."""
    home = tmp_path_factory.mktemp("hostile")
    source = home / "wires"
    source.mkdir()
    texts = [" ".join(text[:300].split()) for text in hostile(f"http://{beacon.host}/")]
    told = [f"The bridge {k} {text} is shut." for k, text in enumerate(texts) if text.isprintable()]
    (source / "<img src=x onerror=alert(1)>.txt").write_text("\n".join(told))
    (source / "![p](x) WWW.evil.example a@evil.example.txt").write_text("A ferry runs from noon. It is late.")
    (source / "[l](javascript:alert(1)) <svg onload=alert(1)>.txt").write_bytes(b"fine\n\xff\x00")
    with serving(home, source, "--sources", str(source)) as one:
        yield one


@pytest.fixture(scope="module")
def run_id(served: Served) -> str:
    """Reorganize the documents; return the run's id."""
    run_id = served.start("adhoc-news", sources=[str(served.source)])
    assert served.ended(run_id)["type"] == "COMPLETED"
    return run_id


@pytest.fixture
def page(browser: Browser, served: Served, beacon: Heard) -> Iterator[Page]:
    """A tab; in the end nothing was asked for but Prefect's own, and no script of the text has run."""
    with browser.new_context(viewport={"width": 1280, "height": 1600}) as context:
        tab, happened = watched(context, served)
        yield tab
        assert (happened, beacon.asked) == ([], [])


def watched(context: BrowserContext, served: Served) -> tuple[Page, list[str]]:
    """Open a tab; return it and what it asks of others than the server, and which dialogs it opens."""
    tab, happened = context.new_page(), list[str]()
    own = (served.api.removesuffix("/api"), "data:", "blob:", f"https://{OWN}")

    def asked(url: str) -> None:
        if not url.startswith(own):
            happened.append(url)

    def refused(dialog: Dialog) -> None:
        happened.append(dialog.message)
        dialog.dismiss()

    tab.on("request", lambda request: asked(request.url))
    tab.on("dialog", refused)
    tab.set_default_timeout(PATIENCE_S * 1000)
    expect.set_options(timeout=PATIENCE_S * 1000)
    return tab, happened


def open_artifact(page: Page, served: Served, ui: str, artifact_id: str) -> None:
    """Sign in, and open the page of an artifact; not at once, because the newer UI does not find back to that page."""
    sign_in(page, served, f"{UIS[ui]}/artifacts")
    page.goto(f"{served.api.removesuffix('/api')}{UIS[ui]}/artifacts/artifact/{artifact_id}")


def harmless(page: Page) -> bool:
    """Tell whether nothing on a page was drawn or linked by a text."""
    drawn = [e for e in page.evaluate(DRAWN) if "onerror" in e or "evil" in e or "src=x" in e or "127.0.0.1" in e]
    links = [a for a in page.evaluate(LINKS) if a.startswith(("javascript:", "mailto:")) or "evil" in a]
    assert (drawn, links) == ([], [])
    return True


@pytest.mark.parametrize("ui", UIS)
def test_the_artifacts_of_a_run_over_hostile_documents_show_them_as_text(
    page: Page, served: Served, run_id: str, ui: str
) -> None:
    made = served.ask("/artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [run_id]}}})
    (summary,) = (a for a in made if a["key"] == "summary")
    open_artifact(page, served, ui, summary["id"])
    expect(page.get_by_text("The biggest stories").first).to_be_visible()
    said = page.locator("body").inner_text()
    assert "<svg onload=alert(1)>" in said
    assert harmless(page)
    for path in ("/artifacts", f"/runs/flow-run/{run_id}"):
        page.goto(f"{served.api.removesuffix('/api')}{UIS[ui]}{path}")
        expect(page.get_by_text("adhoc-news/").or_(page.get_by_text("summary")).first).to_be_visible()
        page.wait_for_timeout(1_000)
        assert harmless(page)


@pytest.mark.parametrize("ui", UIS)
def test_text_that_went_through_our_markdown_is_text_in_either_renderer(
    page: Page, served: Served, beacon: Heard, ui: str
) -> None:
    texts = hostile(f"http://{beacon.host}/")
    data = [f"# {plain(texts[1])}", "", *(f"- {plain(text, 300)}" for text in texts)]
    data += table(("plain", "code"), [(plain(text), code(text)) for text in texts])
    data += ["", "the end"]
    artifact = {
        "type": "markdown",
        "key": "hostile",
        "data": "\n".join(data),
        "description": plain("; ".join(texts), 600),
    }
    artifact_id = served.ask("/artifacts/", artifact)["id"]
    open_artifact(page, served, ui, artifact_id)
    expect(page.get_by_text("the end", exact=True)).to_be_visible()
    assert page.locator("td").count() == 2 * len(texts)
    assert page.locator("td code").count() == len(texts)
    assert harmless(page)
