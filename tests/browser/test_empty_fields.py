"""Fields that are left empty, in both of Prefect's UIs and for all deployments: every form can be submitted.

What the UIs send for a field differs: its default if nobody touched it, nothing if it was cleared, null for some.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Response, Route, expect

from tests.browser.conftest import sign_in
from tests.serving import PATIENCE_S, Served, serving
from tests.tables import rows

pytestmark = [pytest.mark.timeout(900), pytest.mark.long]
UIS = {"V1": "", "V2": "/v2"}
DEPLOYMENTS = ("adhoc-news", "nightly-news", "follow", "learn", "evaluate")
CHOSEN = ("profile", "learn", "documents")  # choices and switches always stand for something
DATED = ("adhoc-news", "nightly-news")
NEVER = {"type": "SCHEDULED", "state_details": {"scheduled_time": "2099-01-01T00:00:00Z"}}  # no run of it starts here


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a folder in which nothing is."""
    home = tmp_path_factory.mktemp("empty")
    (home / "wires").mkdir()
    with serving(home, home / "wires", "--sources", str(home / "wires")) as one:
        yield one


@pytest.fixture(params=UIS)
def ui(request: pytest.FixtureRequest) -> str:
    """Name one of Prefect's UIs."""
    return str(request.param)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Open a page."""
    page = browser.new_page(viewport={"width": 1280, "height": 1600})
    page.set_default_timeout(PATIENCE_S * 1000)
    expect.set_options(timeout=PATIENCE_S * 1000)
    yield page
    page.close()


def open_form(page: Page, served: Served, ui: str, deployment: str) -> None:
    """Open the form of a deployment in one of the UIs."""
    deployment_id = served.deployments()[deployment]["id"]
    path = f"{UIS[ui]}/deployments/deployment/{deployment_id}/run"
    page.goto(f"{served.api.removesuffix('/api')}{path}")
    password = page.get_by_placeholder("admin:pass")
    expect(password.or_(submit(page)).first).to_be_visible()
    if password.is_visible():
        sign_in(page, served, path)
    expect(submit(page)).to_be_visible()
    expect(page.locator("textarea").last).to_be_visible()  # the fields are loaded after the button


def submit(page: Page) -> Locator:
    """Return the button that sends the form off."""
    return page.get_by_role("button", name="Submit", exact=True)


def submitted(page: Page) -> Response:
    """Send the form off, again if the database was busy; return what the server says to the run that it asks for."""

    def is_creation(response: Response) -> bool:
        return response.url.endswith("/create_flow_run") and response.request.method == "POST"

    while True:
        with page.expect_response(is_creation) as created:
            submit(page).press("Enter")  # not a click: messages of an earlier one may cover the button
        if created.value.status != 503:
            return created.value


def put_off(page: Page) -> None:
    """Have the run that the form asks for be scheduled for a time that does not come."""

    def later(route: Route) -> None:
        route.continue_(post_data={**route.request.post_data_json, "state": NEVER})

    page.route("**/create_flow_run", later)


def calendar(page: Page) -> Locator:
    """Return what opens the calendar of each field of a date for which no date is chosen."""
    return page.get_by_text(re.compile("^(Pick a date|Select date)$"))


def choose_and_clear_the_date(page: Page, ui: str) -> None:
    """Choose a day in the first calendar, see that it stands in the form, and take it away."""
    fields = calendar(page).count()
    calendar(page).first.click()
    if ui == "V1":
        page.get_by_role("button", name="Today", exact=True).click()
        page.get_by_role("button", name="Apply", exact=True).click()
        expect(calendar(page)).to_have_count(fields - 1)
        page.locator(".p-date-button__actions button").first.click()
    else:
        typed = page.get_by_placeholder("yyyy-MM-dd")
        typed.fill("2026-02-03")
        expect(page.get_by_text("February 3rd, 2026")).to_be_visible()
        typed.fill("")
        page.keyboard.press("Escape")
        expect(typed).to_be_hidden()
    expect(calendar(page)).to_have_count(fields)


def delete_items(page: Page, ui: str) -> None:
    """Delete what stands in lists; an item that is there is to be filled."""
    if ui == "V1":
        items = page.locator(".schema-form-property-array-item__control")
        for item in items.locator("> button").all():
            item.click()
    else:
        items = page.get_by_label("Drag to reorder")
        for handle in items.all():
            handle.locator("xpath=..").get_by_role("button", name="Open menu").click()
            page.get_by_role("menuitem", name="Delete").click()
    expect(items).to_have_count(0)


def clear_texts(page: Page) -> None:
    """Write something into every field of text, and take it away."""
    for field in page.locator("textarea").all():
        for text in ("x", ""):
            field.fill(text)
            page.evaluate("() => new Promise(requestAnimationFrame)")  # the form takes it up before the next change


@pytest.mark.browser
def test_a_pasted_text_and_nothing_else_makes_a_run_that_completes(page: Page, served: Served, ui: str) -> None:
    open_form(page, served, ui, "adhoc-news")
    expect(calendar(page)).to_be_visible()
    page.locator("textarea").first.fill(f"{ui} opened at noon. I think it is ugly. A second lane will open next week.")
    created = submitted(page)
    assert created.status == 201
    run_id = created.json()["id"]
    state = served.ended(run_id)
    assert state["type"] == "COMPLETED", state
    (published,) = [d for d in rows(served.out, "documents") if d["run_id"] == run_id]
    assert published["sentences"] == 3
    assert served.ask(f"/flow_runs/{run_id}")["name"].startswith("adhoc-news/")


@pytest.mark.browser
def test_every_form_submits_untouched_and_with_all_that_can_be_cleared_cleared(
    page: Page, served: Served, ui: str
) -> None:
    put_off(page)
    for deployment in DEPLOYMENTS:
        open_form(page, served, ui, deployment)
        assert submitted(page).status == 201, deployment
        open_form(page, served, ui, deployment)
        if deployment in DATED:
            choose_and_clear_the_date(page, ui)
        delete_items(page, ui)
        clear_texts(page)
        cleared = submitted(page)
        assert cleared.status == 201, deployment
        sent = cleared.request.post_data_json["parameters"].get("parameters", {})
        assert not [name for name, value in sent.items() if value and name not in CHOSEN], sent


def as_forms_fill(deployment: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of a deployment as forms send them untouched: its own, and the defaults of the schema."""
    (schema,) = deployment["parameter_openapi_schema"]["definitions"].values()
    defaults = {name: field["default"] for name, field in schema["properties"].items() if "default" in field}
    return {**defaults, **deployment["parameters"]["parameters"]}


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_the_server_takes_the_default_parameters_and_those_without_any_optional_field(
    served: Served, name: str
) -> None:
    deployment = served.deployments()[name]
    schema = deployment["parameter_openapi_schema"]
    (form,) = schema["definitions"].values()
    assert "required" not in form  # every field is optional
    filled = as_forms_fill(deployment)
    assert all(value is not None for value in filled.values())  # forms show what they hold for every default
    dates = {field: None for field, its in form["properties"].items() if its.get("format") == "date"}
    without = [{k: v for k, v in filled.items() if k != left_out} for left_out in filled]
    for parameters in (filled, {**filled, **dates}, {**filled, **{d: "2026-02-03" for d in dates}}, {}, *without):
        values = {"parameters": parameters}
        told = served.ask("/ui/schemas/validate", {"schema": schema, "values": values})
        assert told == {"errors": [], "valid": True}, parameters
        run = {"parameters": values, "state": NEVER, "enforce_parameter_schema": True}
        assert served.ask(f"/deployments/{deployment['id']}/create_flow_run", run)["state"]["type"] == "SCHEDULED"
    assert (
        not dates
        or not served.ask(
            "/ui/schemas/validate", {"schema": schema, "values": {"parameters": {"run_date": "tomorrow"}}}
        )["valid"]
    )
