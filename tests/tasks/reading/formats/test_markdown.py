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


@pytest.mark.parametrize(
    ("front", "title"),
    [
        ("title: The mill", "The mill"),
        ("title:  'The mill' \t ", "The mill"),
        ("date: x\ntitle: The mill", "The mill"),
        ("title:\ntitle: The mill", "The mill"),
        ("title: The" + " " * 100_000 + "mill", "The" + " " * 100_000 + "mill"),
        ("title:" + " \t" * 50_000, None),
        ("subtitle: The mill", None),
    ],
)
def test_a_title_of_any_length_is_that_of_the_front_matter(front: str, title: str | None) -> None:
    content = markdown.read(f"---\n{front}\n---  \nIt rained.\n")
    assert content.title == title
    assert [s[1] for s in content.sentences()] == ["It rained."]


@pytest.mark.parametrize("text", ["---\ntitle: a\n", "--- \n", "----\ntitle: a\n---\n", "---x\ntitle: a\n---\n"])
def test_what_does_not_end_is_no_front_matter(text: str) -> None:
    assert markdown.read(text + "It rained.").title is None
