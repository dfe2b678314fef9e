"""Markdown of which the text is not ours: it shows as itself, whatever it holds."""

import html
import re
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from nightdesk.flows.artifacts.markdown import code, plain, table
from nightdesk.tasks.edition.shown import shown
from tests.hostile import hostile

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def kinds(markdown: str) -> set[str]:
    """Return what a piece of Markdown consists of."""
    return {t.type for token in MARKDOWN.parse(markdown) for t in [token, *(token.children or ())]}


@given(st.text(st.characters(exclude_categories=()), max_size=60))
@pytest.mark.parametrize("around", ["{}", "- {}", "# {}"])
def test_any_text_is_only_text_and_reads_as_it_was(around: str, text: str) -> None:
    allowed = {"paragraph_open", "inline", "text", "text_special", "entity", "paragraph_close", "bullet_list_open"}
    allowed |= {"bullet_list_close", "list_item_open", "list_item_close", "heading_open", "heading_close"}
    assert kinds(around.format(plain(text))) <= allowed
    read = html.unescape(MARKDOWN.render(plain(text)).removeprefix("<p>").rstrip("\n").removesuffix("</p>"))
    assert read.replace("\u200b", "").split() == shown(text).replace("\u200b", "").split()


@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", "[click](http://bad)", "![x](http://bad/p.png)", "a | b", "`x`", "http://bad.example",
          "1. one", "# head", "a\n\n# head", "&lt;b&gt;", "\\<b>"],
)  # fmt: skip
def test_hostile_titles_stay_in_their_cell(hostile: str) -> None:
    rows = "\n".join(table(("title", "n "), [(plain(hostile), 1), (code(hostile), 2)]))
    assert (
        kinds(rows) & {"link_open", "image", "html_inline", "html_block", "heading_open", "ordered_list_open"} == set()
    )
    assert MARKDOWN.render(rows).count("<td") == 4


# What Prefect's UIs make links of: the expressions of mdast-util-gfm-autolink-literal and of marked.
BARE = re.compile(r"(https?|ftp)://|www\.|[-.\w+]@[-\w]", re.IGNORECASE)


@pytest.mark.parametrize("text", hostile("http://bad.example/"), ids=count())
def test_no_address_becomes_a_link(text: str) -> None:
    assert not BARE.search(html.unescape(MARKDOWN.render(plain(text, 400))))
    assert (
        kinds(plain(text)) & {"link_open", "image", "html_inline", "html_block", "code_inline", "heading_open"} == set()
    )


@pytest.mark.parametrize("text", [*hostile("http://bad.example/"), "", " ", "`", "``", "\\"], ids=count())
def test_code_stays_code_in_its_cell(text: str) -> None:
    page = MARKDOWN.render("\n".join(table(("a", "b"), [(code(text), "end")])))
    assert page.count("<td>") == 2 and page.count("<code>") == 1 and "<td>end</td>" in page


def test_long_text_is_cut() -> None:
    assert plain("x" * 500) == "x" * 119 + "…"
    assert len(code("x" * 100_000)) < 500
