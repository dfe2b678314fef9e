"""Markdown: what a reader sees of it."""

from pathlib import Path

import pytest

from nightdesk.tasks.reading.formats import markdown
from tests.tasks.reading.written import one


def test_markdown_is_what_a_reader_sees_of_it(tmp_path: Path) -> None:
    text = """---\r
title: "Morning brief"\r
---\r
# The *bridge*\r
\r
It is **shut**, see [the notice](https://x.example/a_b). Ferries\r
run `hourly`. 5 \\* 3 &amp; more. <b>No</b> ![a map](m.png)\r
\r
* The first ferry leaves at six.\r
* The last one at ten. Then\r
  there is none.\r
\r
> "Too few," said Ann Day.\r
\r
| Pier | Price |\r
|---|---|\r
| North | 5 |\r
\r
```\r
x = 1\r
```\r
"""
    d = one(tmp_path / "brief.md", text)
    assert d.title == "Morning brief"
    assert d.texts == (
        "The bridge", "It is shut, see the notice.", "Ferries run hourly.", "5 * 3 & more.", "No a map",
        "The first ferry leaves at six.", "The last one at ten.", "Then there is none.", '"Too few," said Ann Day.',
        "Pier, Price", "North, 5", "x = 1",
    )  # fmt: skip


@pytest.mark.parametrize("text", ["[" * 3_000, "*a_" * 3_000, "> " * 500 + "x", "---\ntitle: x\n---\n"])
def test_no_markdown_brings_the_reader_down(text: str) -> None:
    assert {c for s in markdown.read(text).sentences() for c in s[1]} <= set(text)  # it invents nothing
