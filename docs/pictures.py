"""Takes the README's pictures of our own samples, docs/edition.webp and docs/run.webp: python -m docs.pictures

News under the news profile, live commerce under its own, into one night; the edition, with its dark page on a phone
laid over the corner; and the page of the run in the Prefect UI. Needs the system's Chromium, and fonts (Debian:
fonts-noto-cjk for Chinese).
"""

import base64
import shutil
import sys
from datetime import date
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.common import ROOT, nightdesk, prefect_server, scratch
from nightdesk.tasks.edition.pages import edition_path

DAY = date(2026, 11, 24)
COMMERCE = ("live-commerce.txt", "zhibo.vtt")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
LARGEST = 200_000  # bytes of a picture
_LAID_OVER = """
<style>
body {{ margin: 0; position: relative; }}
img {{ display: block; }}
.phone {{ position: absolute; right: 40px; bottom: 0; width: 300px; border: 8px solid #333; border-bottom: 0;
          border-radius: 28px 28px 0 0; box-shadow: 0 0 40px #0008; }}
</style>
<img src="data:image/png;base64,{desktop}"><img class="phone" src="data:image/png;base64,{phone}">
"""


def main() -> None:
    """Take both pictures, or those that are named: edition, run."""
    wanted = set(sys.argv[1:]) or {"edition", "run"}
    if (chromium := shutil.which("chromium")) is None:
        sys.exit("there is no Chromium here; Debian: apt-get install chromium")
    samples = sorted((ROOT / "datasets" / "samples").iterdir())
    news, commerce = ([s for s in samples if (s.name in COMMERCE) == live] for live in (False, True))
    with prefect_server() as env, scratch() as out, sync_playwright() as playwright:
        nightdesk("run", *commerce, "--profile", "commerce", "--out", out, "--date", DAY, env=env)
        run = nightdesk("run", *news, "--out", out, "--date", DAY, env=env)
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        if "edition" in wanted:
            take_edition(browser, edition_path(out, DAY))
        if "run" in wanted:
            take_run(browser, env["PREFECT_API_URL"].removesuffix("/api"), run["run_id"])
        browser.close()


def take_edition(browser: Browser, page: Path) -> None:
    """Take the front page in the light, and a story of it on a phone in the dark."""
    desktop = browser.new_page(viewport={"width": 1200, "height": 1120}, color_scheme="light")
    desktop.goto(page.as_uri())
    phone = browser.new_page(viewport={"width": 360, "height": 620}, color_scheme="dark", device_scale_factor=2)
    phone.goto(page.as_uri())
    phone.locator("main h2", has_text="六号线").first.evaluate("e => e.closest('article').scrollIntoView()")
    both = browser.new_page(viewport={"width": 1200, "height": 1120})
    pictures = {"desktop": desktop.screenshot(), "phone": phone.screenshot()}
    both.set_content(_LAID_OVER.format(**{name: base64.b64encode(p).decode() for name, p in pictures.items()}))
    keep(both, "edition")


def take_run(browser: Browser, ui: str, run_id: str) -> None:
    """Take the page of a run in the Prefect UI, where its artifacts stand."""
    tab = browser.new_page(viewport={"width": 1200, "height": 1000})
    tab.goto(f"{ui}/runs/flow-run/{run_id}")
    tab.get_by_text("Artifacts", exact=True).click()
    tab.get_by_text("summary", exact=True).first.wait_for()
    tab.wait_for_timeout(2_000)  # its graph draws itself in motion
    keep(tab, "run")


def keep(tab: Page, name: str) -> None:
    """Write what a tab shows beside this file, if it is small enough to be read with the README."""
    taken = tab.context.new_cdp_session(tab).send("Page.captureScreenshot", {"format": "webp", "quality": 85})
    picture = base64.b64decode(taken["data"])
    if len(picture) > LARGEST:
        sys.exit(f"{name}.webp would have {len(picture):,} bytes, more than {LARGEST:,}; take less of the page")
    (ROOT / "docs" / f"{name}.webp").write_bytes(picture)
    print(f"docs/{name}.webp  {len(picture):,} bytes")


if __name__ == "__main__":
    main()
