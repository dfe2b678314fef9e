"""Headlines of pages: the story's, whatever the site calls itself at the top of the page."""

from pathlib import Path

import pytest

from tests.tasks.reading.written import one

STORY = "".join(
    f"<p>The {word} street was shut for most of the morning, and nobody could say why.</p>"
    for word in ("first", "second", "third")
)


def titled(tmp_path: Path, head: str, body: str) -> str | None:
    return one(tmp_path / "a.html", f"<!doctype html><html><head>{head}</head><body>{body}</body></html>").title


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (
            '<meta property="og:title" content="Mill burns"><title>x</title>',
            "<header><h1>Gazette</h1></header><main>STORY</main>",
        ),
        (
            '<meta property="og:site_name" content="Gazette"><meta property="og:title" content="Mill burns | Gazette">',
            "<h1>Gazette</h1><main>STORY</main>",
        ),
        (
            "<title>Mill burns | Gazette</title>",
            "<div><a href='/'><h1>Gazette</h1></a></div><main><h2>Mill burns</h2>STORY</main>",
        ),
        ("<title>Mill burns - Gazette</title>", "<h1 class='logo'><img alt='x'>Gazette</h1><main>STORY</main>"),
        (
            "<title>Mill burns — Gazette</title>",
            "<header><h1><a href='https://g.example'>Gazette</a></h1></header>STORY",
        ),
        ("<title>Gazette</title>", "<h1 id='site-title'>Gazette</h1><article><h1>Mill burns</h1>STORY</article>"),
        ("<title>Gazette</title>", "<nav><h1>Menu</h1></nav><main><h1>Mill burns</h1>STORY</main>"),
        ("<title>Mill burns</title>", "STORY"),
        ("<title>Mill burns | Gazette</title>", "<main><h1>Gazette</h1><h2>Mill burns</h2>STORY</main>"),
        ("<title>Gazette - Mill burns</title>", "<main><h1>Mill burns</h1>STORY</main>"),
        ('<meta property="og:title" content="Mill burns | Gazette">', "<h1><a href='/'>Gazette</a></h1>STORY"),
        ('<meta property="og:title" content="Mill burns - Gazette">', "<h1 class=logo>X</h1><h2>Mill burns</h2>STORY"),
        ('<meta property="og:title" content="Gazette"><title>Gazette</title>', "<h1>Mill burns</h1>STORY"),
        ("", "<h1>Mill burns</h1>STORY"),
        (
            '<meta property="og:title" content="Gazette"><meta property="og:site_name" content="Gazette">',
            "<h1>Mill burns</h1>STORY",
        ),
        ('<meta name="twitter:title" content="Mill burns">', "<header><h1><a href='/'>Gazette</a></h1></header>STORY"),
    ],
)
def test_a_headline_is_the_storys_and_no_logo(tmp_path: Path, head: str, body: str) -> None:
    assert titled(tmp_path, head, body.replace("STORY", STORY)) == "Mill burns"


def test_a_headline_is_looked_for_in_the_first_of_what_a_page_offers(tmp_path: Path) -> None:
    many = "<h1>Rain | Gazette</h1>" * 5_000
    head = f"<title>Rain{' | Gazette' * 5_000}</title>"
    assert titled(tmp_path, head, f"<h1>Rain</h1>{many}<p>It rained.</p>") == "Rain"
    long = titled(tmp_path, "", f"<h1>{'The mill burnt ' * 1_000}</h1><p>It rained.</p>")
    assert long is not None
    assert len(long) <= 1_000
