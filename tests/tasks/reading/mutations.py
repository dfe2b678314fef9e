"""Samples of every form, and what the world makes of them: cut, doubled, flipped, spliced with each other."""

import gzip
import io
import json
import random
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from tests.tasks.reading.written import PAGE, rss

_WORDS = (
    "The mill burnt. All got out! “Nobody,” she said; 3.5 % of it… Das Haus brennt. 大桥今天关闭。渡轮会运行吗？ "
    "Паром ушёл. ¿Qué? \U0001f600"
)
_ODD = (
    b"\x00", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\x1b$B", b"\r", b"\x85", b"\x1f\x8b", b"\\ud800",
    b"&#0;", b"&#xd800;", b"&#99999999999;", b"&amp;lt;p&amp;gt;", b"<![CDATA[", b"]]>", b"<!--", b"-->",
    b"<", b">", b"{", b"}",
    b"[", b"]", b'"', b"'", b"\\", b"9" * 23, b"9" * 5_000, b"1e999", b"-1", b"NaN", b"null", b"None",
    b"\n\n", b"\t", b"00:00:01,000 --> ", b"99:99:99.999", b"<?xml version='1.0' encoding='utf-7'?>",
    b"<meta charset=utf-16>",
    b"\xe2\x80\xa8", b"\xc2\xa0", b"\xcc\x81" * 9, b"((((" * 99, b"<div>" * 300, b"[" * 2_000, b"x" * 5_000,
)  # fmt: skip

ENDS_ITS_PROCESS = ("rows.parquet",)  # Arrow calls terminate() where a file's statistics contradict each other


def samples() -> dict[str, bytes]:
    """Return a document of every form, by its name."""
    rows = [{"id": k, "text": _WORDS, "title": "T", "source": None} for k in range(3)]
    table = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows[:2]), table)
    article = "<p>The <b>mill</b> burnt.</p><table><tr><td>a<td>b</table>"
    feed = rss(
        f"<guid>a</guid><link>https://x.example/a</link><title>&amp;amp;</title><description>{_WORDS}</description>",
        f"<guid>a</guid><content:encoded><![CDATA[{article}]]></content:encoded>",
    )
    notes = f"- a *b* `c`\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n{_WORDS}\n\n```\ncode\n```\n<p>x</p>\n"
    timed = f'<p begin="00:00:01:12" end="3s">{_WORDS}<br/>x</p><p begin="5s" dur="1s">Yes.</p>'
    captions = "1\n00:00:01,000 --> 00:00:02,500\n>> The mill\n\n2\n00:00:02,500 --> 00:00:04,000\nhas burnt.\n\n"
    pieces = [{"start": k, "end": k + 1, "text": _WORDS} for k in range(3)]
    items = [{"id": "1", "content_html": "<p>The mill burnt.</p>"}, {"id": 2, "content_text": _WORDS}]
    texts = {
        "prose.txt": _WORDS + "\n" + _WORDS.upper(),
        "list.txt": repr([[1, "One."], [2, None], ["c", _WORDS]]),
        "pairs.json": json.dumps(
            {"title": "T", "document": [[1, "One."], [2, None], ["c", _WORDS]]}, ensure_ascii=False
        ),
        "whisper.json": json.dumps({"text": "x", "segments": pieces}),
        "feed.json": json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}),
        "notes.md": f"---\ntitle: T\n---\n# Mill\n\n{notes}",
        "page.html": PAGE.replace(
            "</article>", f"<table><tr><th>a<th>b<tr><td>1<td>2</table><p>{_WORDS}</p></article>"
        ),
        "talk.srt": captions,
        "talk.vtt": "WEBVTT\n\nNOTE x\n\n" + captions.replace(",", ".") + "00:05.000 --> 00:06.000\n<v Ann>Yes.</v>\n",
        "talk.ttml": f'<tt xmlns="http://www.w3.org/ns/ttml"><body begin="1s"><div>{timed}</div></body></tt>',
        "rows.jsonl": "\n".join(json.dumps(r, ensure_ascii=False) for r in rows),
        "wire.xml": feed,
        "wire.atom": '<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><entry><id>urn:1</id><title>T</title>'
        "<content type='html'>&lt;p&gt;Shut again.&lt;/p&gt;</content></entry></feed>",
    }
    plain = {name: text.encode() for name, text in texts.items()} | {"rows.parquet": table.getvalue()}
    return plain | {
        "rows.jsonl.gz": gzip.compress(plain["rows.jsonl"], mtime=0),
        "page.html.gz": gzip.compress(plain["page.html"], mtime=0),
    }


def mutants(sample: bytes, others: list[bytes], seed: int) -> Iterator[bytes]:
    """Yield what a sample may become, without end; the same for the same seed."""
    chance = random.Random(seed)
    while True:
        raw = bytearray(sample)
        for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
            at = chance.randrange(len(raw) + 1)
            to = min(len(raw), at + chance.choice((1, 2, 8, 64, 512)))
            match chance.randrange(8):
                case 0:
                    raw[at:to] = b""
                case 1:
                    raw[at:at] = raw[at:to] * chance.choice((1, 2, 50))
                case 2:
                    raw[at:to] = bytes(chance.randrange(256) for _ in raw[at:to])
                case 3 | 4:
                    raw[at:at] = chance.choice(_ODD)
                case 5:
                    raw[at:to] = chance.choice(_ODD)
                case 6:
                    other = chance.choice(others)
                    begin = chance.randrange(len(other))
                    raw[at:to] = other[begin : begin + chance.choice((8, 64, 512))]
                case 7:
                    del raw[at:]
        if chance.random() < 0.05:
            encoding = chance.choice(
                ("utf-16", "utf-16-le", "cp1252", "gb18030", "shift_jis", "utf-8-sig", "utf-32", "koi8-r")
            )
            yield bytes(raw).decode("utf-8", "replace").encode(encoding, "replace")
        else:
            yield bytes(raw)
