"""From a run page in the Prefect UI to its edition: one click, in a real browser, although the UI comes over http."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import sign_in
from tests.serving import Served, serving
from tests.texts import write_evening

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900), pytest.mark.long]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve two documents, one of which cannot be read."""
    home = tmp_path_factory.mktemp("link")
    (home / "wires").mkdir()
    write_evening(home / "wires", "evening", seed=3, passages=3)
    (home / "wires" / "bad.txt").write_bytes(b"x\xff\x00")
    with serving(home, home / "wires", "--sources", str(home / "wires"), cwd=home) as one:
        yield one


@pytest.fixture(scope="module")
def run_id(served: Served) -> str:
    """Run a night, which is worth a look."""
    run_id = served.start("nightly-news", run_date="2026-02-03")
    state = served.ended(run_id)
    assert state["type"] == "COMPLETED"
    assert "1 document could not be read" in state["message"]
    return run_id


def artifacts_of(served: Served, run_id: str) -> dict[str, dict[str, str]]:
    """Return what stands on a run's page, by key."""
    return {a["key"]: a for a in served.ask("/artifacts/filter", {"flow_runs": {"id": {"any_": [run_id]}}})}


def test_the_edition_is_one_click_away_and_why_a_run_is_worth_a_look_is_seen_before_it(
    served: Served, run_id: str, browser: Browser
) -> None:
    artifacts = artifacts_of(served, run_id)
    context = browser.new_context()
    page = context.new_page()
    sign_in(page, served, "/dashboard")
    page.goto(f"{served.api.removesuffix('/api')}/runs/flow-run/{run_id}")
    for tag in ("worth a look", "unreadable"):
        expect(page.get_by_text(tag, exact=True).first).to_be_visible()
    page.goto(f"{served.api.removesuffix('/api')}/artifacts/artifact/{artifacts['edition']['id']}")
    link = page.get_by_role("link", name="The edition of 2026-02-03")
    expect(link).to_be_visible()
    address = link.get_attribute("href")
    assert address is not None and address.startswith("http://127.0.0.1:")
    edition = context.new_page()
    edition.goto(address)
    expect(edition.get_by_text("Nightdesk").first).to_be_visible()
    edition.goto(f"{address.rsplit('/', 2)[0]}/index.html")  # the pages link each other below the secret
    edition.get_by_role("link", name="3 February 2026").first.click()
    expect(edition).to_have_url(address)
    description = served.deployments()["nightly-news"]["description"]
    assert "**Last run**, for 2026-02-03: Worth a look" in description
    context.close()


def test_spend_and_weights_are_tables(served: Served, run_id: str, browser: Browser) -> None:
    artifacts = artifacts_of(served, run_id)
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    sign_in(page, served, "/dashboard")
    for key, column in (("spend", "dollars"), ("weight-changes", "value, 95 %")):
        page.goto(f"{served.api.removesuffix('/api')}/artifacts/artifact/{artifacts[key]['id']}")
        head = page.get_by_text(column, exact=True).first
        expect(head).to_be_visible()
        box = head.bounding_box()
        assert box is not None and box["x"] + box["width"] < 1300  # not cut off at the right
    page.close()
