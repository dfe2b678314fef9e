"""Entries of feeds: the text that says most, without the escapes that were too many, and titles without markup."""

import pytest

from nightdesk.tasks.reading.formats.entries import cleared, entry, plain


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Salt &amp; pepper", "Salt & pepper"),
        ("<b>Mill</b>\n burns", "Mill burns"),
        ("&lt;b&gt;Mill&lt;/b&gt; burns", "Mill burns"),
        ("1 < 2 &lt; 3", "1 < 2 < 3"),
        ("AT&T", "AT&T"),
    ],
)
def test_a_title_is_what_a_reader_sees(title: str, shown: str) -> None:
    assert plain(title) == shown


def test_the_text_that_says_most_counts() -> None:
    record = entry(
        1, None, "T", "https://x.example/", [("<p><img src='a-long-address'></p>", True), ("The mill burnt.", False)]
    )
    assert (record.body, record.is_html, record.letters) == ("The mill burnt.", False, 15)
    assert (record.doc_id, record.source, record.headline_counts) == ("https://x.example/", "https://x.example/", True)


@pytest.mark.parametrize("said_to_be_html", [True, False])
def test_html_is_known_however_it_is_called(said_to_be_html: bool) -> None:
    for text in ("<p>Mill</p>", "&lt;p&gt;Mill&lt;/p&gt;"):
        record = entry(1, "a", "", None, [(text, said_to_be_html)])
        assert (record.body, record.is_html) == ("<p>Mill</p>", True)


def test_tags_that_are_escaped_and_never_closed_are_text() -> None:
    record = entry(1, "a", "Rain", None, [("&lt;p a " * 20_000, False)])
    assert not record.is_html
    assert entry(1, "a", "Rain", None, [("&lt;p class=a&gt;It rained.&lt;/p&gt;", False)]).is_html


@pytest.mark.parametrize(
    ("html", "kept"),
    [
        ("<p>It <script>a<b</script>rained.</p>", "<p>It rained.</p>"),
        ("<STYLE>p {}</STYLE ><p>It rained.", "<p>It rained."),
        ("<p>It rained.<script>a", "<p>It rained."),
        ("<o:p>It</o:p> <john@x.example>rained.", "It rained."),
        ("5 < 6 & 7 > 6", "5 < 6 & 7 > 6"),
        ("<script" * 9_999, ""),
    ],
)
def test_code_and_tags_that_no_page_has_are_left_out(html: str, kept: str) -> None:
    assert cleared(html) == kept
