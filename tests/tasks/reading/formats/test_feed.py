"""Feeds: a document an entry, called and titled as the feed says; what is no feed is refused."""

from contextlib import suppress
from pathlib import Path

import pytest

from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reading.documents import Document
from tests.tasks.reading.written import read, rss, summary


def test_entries_of_a_feed_are_documents(tmp_path: Path) -> None:
    feed = rss(
        "<guid>a-1</guid><link>https://x.example/a</link><title>Pool &amp; lido</title>"
        "<description>Short.</description>"
        "<content:encoded><![CDATA[<p>The pool <b>shuts</b> on 3 May.</p><script>no()</script><p>So be it.</p>]]>"
        "</content:encoded>",
        "<link>https://x.example/b</link><description>The &lt;i&gt;lido&lt;/i&gt; opens.</description>",
        "<description>Nameless.</description>",
        "<guid>a-4</guid><title>Only a headline</title><description>&lt;img src=x&gt;</description>",
        "<guid>a-5</guid>",
    )
    found = read(tmp_path / "wire.xml", feed)
    first = found[0]
    assert isinstance(first, Document)
    assert (first.doc_id, first.title, first.source) == ("a-1", "Pool & lido", "https://x.example/a")
    assert first.texts == ("The pool shuts on 3 May.", "So be it.")
    assert summary(found)[1:3] == [("https://x.example/b", "The lido opens."), ("wire#3", "Nameless.")]
    assert summary(found)[3] == ("a-4", "Only a headline")
    assert summary(found)[4] == ("a-5", f"{tmp_path / 'wire.xml'}: entry 5: no sentence in it; leave it out or fill it")


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


@pytest.mark.parametrize(
    ("description", "texts"),
    [
        (
            "&amp;lt;p&amp;gt;The mill burnt.&amp;lt;/p&amp;gt;&amp;lt;p&amp;gt;All got out.&amp;lt;/p&amp;gt;",
            ("The mill burnt.", "All got out."),
        ),
        ("&amp;lt;img src=&amp;quot;a.png&amp;quot; /&amp;gt; The mill burnt.", ("The mill burnt.",)),
        ("&lt;p&gt;Salt &amp;amp; pepper, &amp;amp;quot;here&amp;amp;quot;.&lt;/p&gt;", ('Salt & pepper, "here".',)),
        ("If a &amp;lt; b, stop.", ("If a < b, stop.",)),
        ("Plain words.", ("Plain words.",)),
    ],
)
def test_what_was_escaped_twice_is_unescaped_twice(tmp_path: Path, description: str, texts: tuple[str, ...]) -> None:
    feed = rss(f"<guid>1</guid><title>Salt &amp;amp; pepper</title><description>{description}</description>")
    (found,) = read(tmp_path / "x.xml", feed)
    assert isinstance(found, Document)
    assert (found.title, found.texts) == ("Salt & pepper", texts)


def test_a_long_id_is_shortened_so_that_it_still_differs(tmp_path: Path) -> None:
    guids = [f"https://n.example/{'x' * 300}{k}" for k in range(2)]
    found = read(tmp_path / "x.xml", rss(*(f"<guid>{g}</guid><description>Text {g[-1]}.</description>" for g in guids)))
    ids = {d.doc_id for d in found}
    assert len(ids) == 2
    assert all(len(i) == 200 and i.startswith("https://n.example/xxx") for i in ids)
    assert all(isinstance(d, Document) for d in found)


def test_a_feed_with_an_attribute_longer_than_the_parsers_pieces_is_read(tmp_path: Path) -> None:
    long = "a " * 1_500_000
    feed = rss(
        f'<guid>1</guid><category domain="{long}">a</category><description>The lido opens.</description>',
        "<guid>2</guid><description>The pool shuts.</description>",
    )
    assert summary(read(tmp_path / "wire.xml", feed)) == [("1", "The lido opens."), ("2", "The pool shuts.")]
