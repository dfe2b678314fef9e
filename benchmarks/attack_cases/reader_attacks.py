"""Attacks on the readers: a document that wants to end its reader, take its time or memory, or read other files.

Each lies beside an honest document, which has to be read whatever becomes of the other.
"""

import gzip
import io
import json
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from benchmarks.attack_cases.outcome import Attack, Outcome
from nightdesk.tasks.errors import BadReply
from nightdesk.tasks.reading.documents import Document
from nightdesk.tasks.reading.sources import check_sources
from nightdesk.tasks.roles import replies
from tests.tasks.made import DAY
from tests.tasks.reading.written import rss

HONEST = "It rained in the harbour."
SECRET = "the secret of another file"
MOST_S = 20.0  # seconds by the clock for both documents, a process's start with them
_N = 1_000_000  # characters of what makes patterns run away
_LAUGHS = "".join(f'<!ENTITY l{k} "{f"&l{k - 1};" * 10}">' for k in range(1, 12))
_ENTITIES = f'<!DOCTYPE rss [<!ENTITY l0 "ha">{_LAUGHS}]>'
_TTML = '<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="1s">{}</p></div></body></tt>'
_SLOW: dict[str, str] = {
    "a.md": f"---\ntitle: a{' ' * _N}b",
    "b.md": "<a" * (_N // 2),
    "c.srt": "1\n00:00:01,000 --> 00:00:02,000\n" + "{\\" * (_N // 2),
    "d.vtt": "WEBVTT\n\n00:01.000 --> 00:02.000\n" + "<v.a" * (_N // 4),
    "e.srt": "\r" * _N + "\n1\n00:00:01,000 --> 00:00:02,000\na",
    "f.html": f"<p {' '.join(f'a{k}=b' for k in range(_N // 10))}>Yes.</p>",
    "g.html": f"<title>{'a | ' * (_N // 4)}</title><p>Yes.</p>",
    "h.xml": rss(f"<guid>1</guid><title><![CDATA[{'<!--' * (_N // 4)}]]></title><description>Yes.</description>"),
    "i.xml": rss(f"<guid>2</guid><description>{'&amp;lt;p ' * (_N // 10)}</description>"),
    "j.txt": "[[1, 'a'" + " " * _N,
    "k.txt": ("a" * 70 + "\n") * (_N // 70),
}


def cases() -> dict[str, Attack]:
    """Return the attacks by their names."""
    return {
        "readers: entities that multiply, in a feed": partial(_no_expansion, "a.xml", _feed_of_entities("&l11;")),
        "readers: entities that multiply, in captions": partial(
            _no_expansion, "a.ttml", _ENTITIES.replace("rss", "tt") + _TTML.format("Yes. &l11;")
        ),
        "readers: an entity that is another file, in a feed": partial(_other_file, "a.xml", _feed_of_file),
        "readers: an entity that is another file, in captions": partial(_other_file, "a.ttml", _ttml_of_file),
        "readers: a page nested 100,000 deep": partial(_bounded, "a.html", lambda: b"<div>" * 100_000 + b"Yes."),
        "readers: JSON nested 100,000 deep": partial(_bounded, "a.json", lambda: b"[" * 100_000),
        "readers: a Parquet dictionary of one text, a million times": partial(
            _bounded, "a.parquet", partial(_parquet, "text", 1_000_000)
        ),
        "readers: a Parquet dictionary of one title, a million times": partial(
            _bounded, "a.parquet", partial(_parquet, "title", 1_000_000)
        ),
        "readers: a Parquet file of 20 million rows in 50 kB": partial(
            _refused, "a.parquet", partial(_parquet, "text", 20_000_000, 1), "more than 100 times its size"
        ),
        "readers: a .gz of 300 MB in 300 kB": partial(
            _refused, "a.txt.gz", lambda: gzip.compress(b"a" * 300_000_000, 1), "more than 100 times its size"
        ),
        "readers: an attribute of 20 MB in a feed": partial(_bounded, "a.xml", _long_attribute),
        "readers: NUL bytes in a text": partial(_refused, "a.txt", lambda: b"Yes.\nNo.\0\0" * 999, "a NUL byte"),
        "readers: text at which patterns ran away": _slow,
        "readers: replies of models, 50 MB and nested": _replies,
    }


def _beside(folder: Path, name: str, raw: bytes) -> tuple[str, bool]:
    """Read a document beside an honest one; return its text or why it is refused, and whether the other was read."""
    logging.disable(logging.WARNING)
    (folder / name).write_bytes(raw)
    (folder / "honest.txt").write_text(HONEST)
    said, honest = [], False
    for found in check_sources([str(folder)], DAY).documents():
        if found.doc_id == "honest":
            honest = isinstance(found, Document) and found.texts == (HONEST,)
        else:
            said.append(" ".join(found.texts) if isinstance(found, Document) else found.reason)
    return " ".join(said), honest


def _bounded(name: str, make: Callable[[], bytes], folder: Path) -> Outcome:
    """See that a document is read or refused within the limits."""
    begin = time.monotonic()
    said, honest = _beside(folder, name, make())
    took = time.monotonic() - begin
    expected = f"read or refused within {MOST_S:.0f} s, the other is read"
    return Outcome(expected, f"{took:.1f} s: {said[:90]!r}", honest and took < MOST_S and bool(said))


def _long_attribute() -> bytes:
    """Return a feed that expat 2.5 reads anew from the attribute's beginning with each piece."""
    attribute = f'<category domain="{"a " * 10_000_000}">a</category>'
    return rss(f"<guid>1</guid>{attribute}<description>Yes.</description>").encode()


def _refused(name: str, make: Callable[[], bytes], why: str, folder: Path) -> Outcome:
    said, honest = _beside(folder, name, make())
    said = said.removeprefix(f"{folder / name}: ")
    return Outcome(f"refused: {why}, the other is read", said[:120], honest and why in said)


def _no_expansion(name: str, text: str, folder: Path) -> Outcome:
    begin = time.monotonic()
    said, honest = _beside(folder, name, text.encode())
    took, laughs = time.monotonic() - begin, said.count("ha")
    expected = f"not expanded, within {MOST_S:.0f} s, the other is read"
    return Outcome(
        expected, f"{took:.1f} s, {laughs} of 10^11: {said[:60]!r}", honest and laughs < 99 and took < MOST_S
    )


def _feed_of_entities(said: str) -> str:
    return _ENTITIES + rss(f"<guid>1</guid><description>Yes. {said}</description>").partition("?>")[2]


def _feed_of_file(path: Path) -> str:
    declared = f'<!DOCTYPE rss [<!ENTITY f SYSTEM "{path.as_uri()}">]>'
    return declared + rss("<guid>1</guid><description>Yes. &f;</description>").partition("?>")[2]


def _ttml_of_file(path: Path) -> str:
    return f'<!DOCTYPE tt [<!ENTITY f SYSTEM "{path.as_uri()}">]>' + _TTML.format("Yes. &f;")


def _other_file(name: str, write: Callable[[Path], str], folder: Path) -> Outcome:
    secret, inside = folder / "secret", folder / "in"
    secret.write_text(SECRET)
    inside.mkdir()
    said, honest = _beside(inside, name, write(secret).encode())
    return Outcome("the other file is not read", said[:90], honest and SECRET not in said)


def _parquet(column: str, rows: int, letters: int = 1_000_000) -> bytes:
    """Return a Parquet file in which one value stands in all rows of a column."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    repeated = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["a" * letters]))
    columns = {"text": pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array([HONEST]))}
    file = io.BytesIO()
    pq.write_table(pa.table({**columns, column: repeated}), file, compression="brotli", store_schema=False)
    return file.getvalue()


def _slow(folder: Path) -> Outcome:
    """Read a million characters of each text that once took minutes."""
    took = {}
    for name, text in _SLOW.items():
        inside = folder / name.replace(".", "-")
        inside.mkdir()
        begin = time.monotonic()
        _, honest = _beside(inside, name, text.encode())
        took[name] = time.monotonic() - begin if honest else 999.0
    slowest = max(took, key=lambda name: took[name])
    seen = f"{len(took)} texts; the slowest is {slowest}: {took[slowest]:.1f} s"
    return Outcome(f"each within {MOST_S:.0f} s, the others are read", seen, took[slowest] < MOST_S)


def _replies(_folder: Path) -> Outcome:
    hostile = (
        '{"groups":[' + '{"label":"a","numbers":"1-9"},' * 1_700_000,
        "[" * 4_000_000,
        '{"a' * 1_300_000,
        "[" * 900 + "1," * 1_900_000,
        json.dumps({"groups": [{"label": "a", "numbers": "1-99999"}] * 9_999}),
        "{'a': " + "-" * 90_000 + "1}",
    )
    refused, begin = 0, time.process_time()
    for text in hostile:
        with suppress(BadReply):
            replies.parse(text, 100)
            continue
        refused += 1
    took = time.process_time() - begin
    seen = f"{refused} of {len(hostile)} refused, {took:.1f} s of CPU"
    return Outcome(f"all refused within {MOST_S:.0f} s of CPU", seen, refused == len(hostile) and took < MOST_S)
