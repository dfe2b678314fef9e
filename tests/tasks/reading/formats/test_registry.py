"""Forms of one document and of many: what is text in them, what its documents are called, and what is refused."""

import io
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nightdesk.tasks.config.shipped_data import folder
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reading.documents import Document, Unreadable
from nightdesk.tasks.reading.formats import html, markdown
from nightdesk.tasks.reading.sources import check_sources
from tests.tasks.made import DAY

PAGE = """<!DOCTYPE html><html><head><title>The pool | Gazette</title><style>p { color: red }</style>
<script>document.write("evil <p>script</p>")</script></head><body>
<nav><a href="/">Home</a> <a href="/sport">Sport</a></nav><article><h1>Council shuts the pool</h1>
<p>The council voted on Monday to close the pool.
"It is a loss," said <b>Ann Day</b>.</p><h2>What next</h2>
<p>The pool shuts on 3 May. Members get their <a href="x">money</a> back &amp; a free swim in June.</p>
<ul><li>The lido opens in June.</li></ul></article>
<footer><p>Copyright 2026 Gazette. All rights reserved.</p></footer></body></html>"""


def rss(*items: str) -> str:
    head = '<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
    return f"{head}<title>Wire</title>{''.join(f'<item>{i}</item>' for i in items)}</channel></rss>"


def read(path: Path, content: Any = None) -> list[Document | Unreadable]:
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(check_sources([str(path)], DAY).documents())


def one(path: Path, content: Any = None) -> Document:
    (document,) = read(path, content)
    assert isinstance(document, Document)
    return document


def summary(found: list[Document | Unreadable]) -> list[tuple[str, str]]:
    return [(d.doc_id, d.texts[0] if isinstance(d, Document) else d.reason) for d in found]


# --- one document ---
def test_a_page_is_its_article_under_its_headline(tmp_path: Path) -> None:
    d = one(tmp_path / "pool.html", PAGE)
    assert (d.doc_id, d.title) == ("pool", "Council shuts the pool")
    assert d.texts == (
        "The council voted on Monday to close the pool.",
        '"It is a loss," said Ann Day.',
        "What next",
        "The pool shuts on 3 May.",
        "Members get their money back & a free swim in June.",
        "The lido opens in June.",
    )


def test_a_page_without_an_article_is_all_that_it_shows(tmp_path: Path) -> None:
    page = "<p>Shut.<br>Again<!-- not this -->!</p><script>no</script><div>Ferries <i>run</i></div>tail"
    assert one(tmp_path / "a.htm", page).texts == ("Shut.", "Again!", "Ferries run", "tail")


@pytest.mark.parametrize("page", ["<script>x</script>", "<html></html>", "", "   ", "<!-- -->"])
def test_a_page_that_shows_nothing_is_refused(tmp_path: Path, page: str) -> None:
    with pytest.raises(InputError, match=r"a\.html: "):
        read(tmp_path / "a.html", page)


@pytest.mark.parametrize("text", ["<" * 5_000, "<div>" * 5_000 + "x", "<p " + "a=1 " * 50_000, "&#0;&#xd800;x", "]]>"])
def test_no_page_brings_the_reader_down(text: str) -> None:
    html.read_fragment(text).sentences()
    html.read(text + "<p>x").sentences()


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
    markdown.read(text).sentences()


def test_times_reach_the_document_and_others_have_none(tmp_path: Path) -> None:
    d = one(tmp_path / "a.vtt", "00:01.000 --> 00:02.000\nShut again.\n\n00:03.500 --> 00:04.000\nFerries run.")
    assert (d.starts, d.start_of(1)) == ((1.0, 3.5), 3.5)
    plain = one(tmp_path / "a.txt", "Shut again.")
    assert (plain.starts, plain.start_of(0)) == (None, None)


# --- many documents ---
def test_lines_of_objects_are_documents(tmp_path: Path) -> None:
    lines = [
        '\ufeff{"text": "One. Two.", "title": "A title", "source": "Agency"}',
        "",
        '{"id": "own/id", "text": "Three."}',
        '{"id": 7, "text": "Four.\\nFive."}',
    ]
    first, second, third = read(tmp_path / "wire.jsonl", "\r\n".join(lines))
    assert isinstance(first, Document)
    assert (first.doc_id, first.title, first.source, first.texts) == ("wire#1", "A title", "Agency", ("One.", "Two."))
    assert summary([second, third]) == [("own/id", "Three."), ("7", "Four.")]
    assert isinstance(second, Document)
    assert second.source == str(tmp_path / "wire.jsonl")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"text": "x"', "line 2: column"),
        ('["x"]', 'line 2: not an object with a "text"'),
        ('{"text": 5}', 'line 2: not an object with a "text"'),
        ('{"text": "x", "id": [1]}', 'line 2: its "id" is neither'),
        ('{"text": "x", "id": true}', 'line 2: its "id" is neither'),
        ('{"text": "x", "id": "a\\u0000b"}', "line 2: its id is blank, longer"),
        ('{"text": "x", "id": " "}', "line 2: its id is blank, longer"),
        (json.dumps({"text": "x", "id": "i" * 999}), "line 2: its id is blank, longer"),
        ('{"text": " "}', "line 2: no sentence in it"),
        (b'{"text": "caf\xe9"}', "line 2: not UTF-8"),
        ("[" * 50_000, "line 2: not a document: it is nested too deep"),
    ],
)
def test_a_bad_line_is_named_and_the_others_go_on(tmp_path: Path, line: str | bytes, said: str) -> None:
    raw = line if isinstance(line, bytes) else line.encode()
    first, bad, last = read(tmp_path / "a.jsonl", b'{"text": "One."}\n' + raw + b'\n{"text": "Three."}\n')
    assert summary([first, last]) == [("a#1", "One."), ("a#3", "Three.")]
    assert isinstance(bad, Unreadable)
    assert bad.doc_id == "a#2"
    assert bad.reason.startswith(f"{tmp_path / 'a.jsonl'}: ")
    assert said in bad.reason


def test_a_table_with_a_text_column_is_documents(tmp_path: Path) -> None:
    table = pa.table({"id": ["x", None, None], "text": ["One.", None, "Three."], "year": [1, 2, 3]})
    pq.write_table(table, tmp_path / "wire.parquet", row_group_size=2)
    found = read(tmp_path / "wire.parquet")
    assert summary(found)[0] == ("x", "One.")
    assert summary(found)[2] == ("wire#3", "Three.")
    assert "row 2: no sentence in it" in summary(found)[1][1]


@pytest.mark.parametrize(
    ("columns", "said"),
    [({"body": ["x"]}, "no column of texts called text, but body"), ({"text": [5]}, "no column of texts called text")],
)
def test_a_table_without_text_is_refused(tmp_path: Path, columns: dict[str, Any], said: str) -> None:
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    with pytest.raises(InputError, match=said):
        read(tmp_path / "a.parquet")


def test_a_table_that_is_cut_off_is_refused_in_one_line(tmp_path: Path) -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": ["One."] * 100}), sink)
    for raw in (sink.getvalue()[:-20], b"PAR1 no", b""):
        with pytest.raises(InputError, match=r"a\.parquet: not Parquet that can be read") as e:
            read(tmp_path / "a.parquet", raw)
        assert "\n" not in str(e.value)


def test_entries_of_a_feed_are_documents(tmp_path: Path) -> None:
    feed = rss(
        "<guid>a-1</guid><link>https://x.example/a</link><title>Pool &amp; lido</title>"
        "<description>Short.</description>"
        "<content:encoded><![CDATA[<p>The pool <b>shuts</b> on 3 May.</p><script>no()</script><p>So be it.</p>]]>"
        "</content:encoded>",
        "<link>https://x.example/b</link><description>The &lt;i&gt;lido&lt;/i&gt; opens.</description>",
        "<description>Nameless.</description>",
        "<guid>a-4</guid><title>Nothing in it</title>",
    )
    found = read(tmp_path / "wire.xml", feed)
    first = found[0]
    assert isinstance(first, Document)
    assert (first.doc_id, first.title, first.source) == ("a-1", "Pool & lido", "https://x.example/a")
    assert first.texts == ("The pool shuts on 3 May.", "So be it.")
    assert summary(found)[1:3] == [("https://x.example/b", "The lido opens."), ("wire#3", "Nameless.")]
    assert summary(found)[3] == ("a-4", f"{tmp_path / 'wire.xml'}: entry 4: no sentence in it; leave it out or fill it")


def test_an_atom_feed_is_a_feed(tmp_path: Path) -> None:
    feed = """<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><id>urn:1</id><title>T</title>
      <content type="html">&lt;p&gt;Shut again.&lt;/p&gt;</content></entry></feed>"""
    assert summary(read(tmp_path / "f.atom", feed)) == [("urn:1", "Shut again.")]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (rss(), "a feed without an entry"),
        ("<a><b>x</b></a>", "no RSS or Atom feed"),
        ("<rss><channel><item><title>x", "x.xml: "),
        ("", "no RSS or Atom feed"),
        (b"\x00\x01\x02", "no RSS or Atom feed"),
        ("/etc/passwd", "no RSS or Atom feed"),
        (
            '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><rss version="2.0"><channel></channel></rss>',
            "x.xml: ",
        ),
    ],
)
def test_what_is_no_feed_is_refused(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(InputError) as e:
        read(tmp_path / "x.xml", content)
    assert said in str(e.value)
    assert "\n" not in str(e.value)


def test_a_feed_reads_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("the secret")
    feed = f"""<!DOCTYPE rss [<!ENTITY s SYSTEM "file://{tmp_path}/secret.txt">]>
      <rss version="2.0"><channel><item><guid>1</guid><description>It is: &s;</description></item></channel></rss>"""
    with suppress(InputError):
        assert "secret" not in str(read(tmp_path / "x.xml", feed))


# --- names ---
def test_two_documents_of_one_id_are_refused_by_both_places_before_any_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "One."}\n{"id": "x", "text": "Two."}\n')
    (tmp_path / "b.jsonl").write_text('{"id": "x", "text": "Other."}\n')
    with pytest.raises(InputError) as e:
        check_sources([str(tmp_path)], DAY)
    assert f"{tmp_path}/a.jsonl: line 2 and {tmp_path}/b.jsonl: line 1 would both be document 'x'" in str(e.value)


def test_an_entry_that_two_feeds_share_is_read_once(tmp_path: Path) -> None:
    entry = "<guid>x</guid><description>Shut again.</description>"
    (tmp_path / "city.xml").write_text(rss(entry, "<guid>y</guid><description>Other.</description>"))
    (tmp_path / "front.xml").write_text(rss(entry))
    reading = check_sources([str(tmp_path)], DAY)
    assert [d.doc_id for d in reading.documents()] == ["x", "y"]
    assert reading.doc_ids == {"x", "y"}


def test_rows_are_called_by_the_path_from_the_folder_that_was_named(tmp_path: Path) -> None:
    (tmp_path / "in" / "wires").mkdir(parents=True)
    (tmp_path / "in" / "wires" / "a.b.jsonl").write_text('{"text": "One."}')
    (tmp_path / "in" / "wires" / "a.b.txt").write_text("One.")
    reading = check_sources([str(tmp_path / "in")], DAY)
    assert [d.doc_id for d in reading.documents()] == ["wires/a.b#1", "wires/a.b"]


def test_a_file_that_changes_after_the_check_does_not_smuggle_in_a_second_document(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": "x", "text": "One."}\n')
    reading = check_sources([str(tmp_path / "a.jsonl")], DAY)
    (tmp_path / "a.jsonl").write_text('{"id": "x", "text": "One."}\n{"id": "x", "text": "Two."}\n')
    with pytest.raises(InputError, match="would both be document 'x'"):
        list(reading.documents())


def test_our_own_samples_are_read_as_their_labels_say() -> None:
    data = folder("contracts").parent
    labels = {p.stem: json.loads(p.read_text(encoding="utf-8"))["document"] for p in (data / "labels").glob("*.json")}
    documents = {d.doc_id: d for d in check_sources([str(data / "samples")], DAY).documents()}
    assert documents.keys() == labels.keys()
    for doc_id, d in documents.items():
        assert isinstance(d, Document)
        assert list(zip(d.ids, d.texts, strict=True)) == [(str(i), s) for i, s in labels[doc_id]]
