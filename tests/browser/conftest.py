"""A real browser: Chromium as the system has it, headless, with nothing of its own on the network."""

import re
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.serving import Served

QUIET = (
    "--no-sandbox",  # a container has no namespace for it
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str | None:
    """Return the path of the system's Chromium, if it has one."""
    return next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)


def sign_in(page: Page, served: Served, path: str) -> None:
    """Open a page of the UI (of the newer one below /v2), and sign in, for which it asks first."""
    page.goto(f"{served.api.removesuffix('/api')}{path}")
    page.get_by_placeholder("admin:pass").fill(served.auth)
    page.get_by_role("button", name="Login").click()
    expect(page).not_to_have_url(re.compile("/login"))


# Not for the session: while it is open an event loop runs in this thread, and no other test could start one.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Open the browser once for all tests of this folder; each test takes a page or a context of its own."""
    if (path := chromium()) is None:
        pytest.skip("there is no Chromium here; install it (Debian: apt-get install chromium) to run these tests")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield opened
        opened.close()
