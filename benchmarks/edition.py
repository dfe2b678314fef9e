"""How long an edition takes to make and to open: 10,000 sentences by default, in the system's Chromium.

A real night (documents as in benchmarks.speed) is run, its edition made again and opened in fresh tabs, cold. opened_s:
from going to the page until it is loaded and its first two frames are drawn; first_paint_s: as the browser reports it;
filtered_s: from the first letter of the first search until the page shows what was found, its index built on the way.
Medians over some tabs.
"""

import argparse
import shutil
import statistics
import time
from datetime import date
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.common import nightdesk, prefect_server, scratch, show
from benchmarks.speed import write_documents
from nightdesk.tasks.edition.pages import write_edition

DAY = date(2026, 3, 1)
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
_DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
_PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sentences", type=int, nargs="*", default=[10_000])
    parser.add_argument("--tabs", type=int, default=5)
    a = parser.parse_args()
    if (chromium := shutil.which("chromium")) is None:
        print("not measured: there is no Chromium here; Debian: apt-get install chromium")
        return
    rows = []
    with prefect_server() as env, scratch() as folder, sync_playwright() as playwright:
        for sentences in a.sentences:
            source, out = folder / f"in-{sentences}", folder / f"out-{sentences}"
            source.mkdir()
            write_documents(source, sentences, min(sentences, 2_000), seed=1)
            nightdesk("run", source, "--out", out, "--date", DAY, "--no-learn", env=env)
            started = time.perf_counter()
            page = write_edition(out, DAY)
            made = time.perf_counter() - started
            opened = []
            for _ in range(a.tabs):  # a browser each, so that nothing is warm
                browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
                opened.append(measured(browser.new_page(viewport={"width": 1280, "height": 900}), page))
                browser.close()
            medians = {name: statistics.median(one[name] for one in opened) for name in opened[0]}
            rows.append({"sentences": sentences, "made_s": made, "mb": page.stat().st_size / 1e6, **medians})
    show("edition", rows)


def measured(tab: Page, page: Path) -> dict[str, float]:
    """Open a page and search it; return seconds."""
    started = time.perf_counter()
    tab.goto(page.as_uri())
    tab.evaluate(_DRAWN)
    opened = time.perf_counter() - started
    started = time.perf_counter()
    tab.fill("#q", "the")
    tab.locator("#status:not(:empty)").wait_for()
    tab.evaluate(_DRAWN)
    filtered = time.perf_counter() - started
    return {
        "opened_s": opened,
        "first_paint_s": tab.evaluate(_PAINTED),
        "filtered_s": filtered,
        "elements": tab.evaluate("document.querySelectorAll('*').length"),
    }


if __name__ == "__main__":
    main()
