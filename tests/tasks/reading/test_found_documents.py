"""Documents that are found in files: what they are called, which counts once, and where one is that cannot be read."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reading.documents import Document
from nightdesk.tasks.reading.sources import check_sources
from tests.tasks.made import DAY
from tests.tasks.reading.written import read, rss, write


def test_two_documents_of_one_id_are_refused_by_both_places_before_any_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "One."}\n{"id": "x", "text": "Two."}\n')
    (tmp_path / "b.jsonl").write_text('{"id": "x", "text": "Other."}\n')
    with pytest.raises(InputError) as e:
        check_sources([str(tmp_path)], DAY)
    assert f"{tmp_path}/a.jsonl: line 2 and {tmp_path}/b.jsonl: line 1 would both be document 'x'" in str(e.value)


def test_of_an_entry_that_two_feeds_share_the_longer_text_is_read(tmp_path: Path) -> None:
    short = "<guid>x</guid><description>Shut again...</description>"
    long = "<guid>x</guid><description>&lt;p&gt;Shut again. Nobody knows until when.&lt;/p&gt;</description>"
    other = "<guid>y</guid><description>Other.</description>"
    for city, front in ((short, long), (long, short), (long, long)):
        (tmp_path / "city.xml").write_text(rss(city, other))
        (tmp_path / "front.xml").write_text(rss(front))
        reading = check_sources([str(tmp_path)], DAY)
        found = {d.doc_id: d.texts for d in reading.documents() if isinstance(d, Document)}
        assert found == {"x": ("Shut again.", "Nobody knows until when."), "y": ("Other.",)}
        assert reading.doc_ids == {"x", "y"}


def test_an_entry_is_read_from_the_feed_that_is_left(tmp_path: Path) -> None:
    for name, text in (("a", "Shut."), ("b", "Shut again.")):
        (tmp_path / f"{name}.xml").write_text(rss(f"<guid>x</guid><description>{text}</description>"))
    reading = check_sources([str(tmp_path)], DAY)
    reading = replace(reading, sources=reading.sources[:1])
    assert [d.texts for d in reading.documents() if isinstance(d, Document)] == [("Shut.",)]


def test_entries_of_one_feed_that_share_an_id_are_all_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    entries = [f"<guid>x</guid><title>{k}</title><description>Text {k}.</description>" for k in (1, 2, 2, 3)]
    entries.append("<guid>x#2</guid><description>Its own.</description>")
    (tmp_path / "a.xml").write_text(rss(*entries))
    reading = check_sources([str(tmp_path)], DAY)
    assert not caplog.records
    found = {d.doc_id: d.texts[0] for d in reading.documents() if isinstance(d, Document)}
    assert found == {"x": "Text 1.", "x#2": "Text 2.", "x#3": "Text 3.", "x#2#2": "Its own."}
    assert reading.doc_ids == found.keys()
    assert (
        f"{tmp_path / 'a.xml'}: entry 2: its id 'x' is that of another entry, too; it is read as 'x#2'" in caplog.text
    )
    assert caplog.text.count("that of another entry") == 3


def test_a_feed_that_shares_an_id_with_a_row_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(rss("<guid>x</guid><description>Shut.</description>"))
    (tmp_path / "b.jsonl").write_text('{"id": "x", "text": "Other."}\n')
    with pytest.raises(InputError, match="would both be document 'x'"):
        check_sources([str(tmp_path)], DAY)


def test_what_cannot_be_read_takes_no_document_its_name(tmp_path: Path) -> None:
    for names in (("a.jsonl", "a.txt"), ("a.txt", "a.xml")):
        folder = tmp_path / names[0]
        folder.mkdir()
        for name in names:
            (folder / name).write_text("Shut." if name.endswith("txt") else "")
        found = check_sources([str(folder)], DAY).documents()
        assert sorted((d.doc_id, isinstance(d, Document)) for d in found) in (
            [("a", False), ("a", True)],
            [("a", True), ("a#2", False)],
        )


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


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json", '[\n [1, "x"],\n [2, "y" oops]\n]', "line 3 column 10"),
        ("a.json", [[1, "x"], [2, "y"], [3]], "item 3"),
        ("a.json", [[1, "x"], [True, "y"]], "item 2"),
        ("a.json", [[1, None]], "no sentence"),
        ("a.json", {"text": "x"}, "not a document"),
        ("a.json", '"x"', "not a document"),
        ("a.json", "[" * 100_000, "nested too deep"),
        ("a.json", [[1, ""], [2, "  "]], "no sentence"),
        ("a.json", [], "no sentence"),
        ("a.txt", "", "no sentence"),
        ("a.txt", " \n\n\t", "no sentence"),
        ("a.txt", b"fine\nfine\n\xff\xfe\x00", "line 3: not UTF-8"),
        ("a.json", b"\x89PNG\r\n\x1a\n", "line 1: not UTF-8"),
        ("a.txt", b"fine\n\x7fELF\x02\x00\x00", "line 2: a NUL byte"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(tmp_path: Path, name: str, content: Any, said: str) -> None:
    path = write(tmp_path / name, content)
    with pytest.raises(InputError, match=said) as e:
        read(path)
    assert str(e.value).startswith(f"{path}: ")
    assert "\n" not in str(e.value)


READ_STDIN = """
import sys
from datetime import date
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reading.sources import check_sources
try:
    for d in check_sources(["-"], date(2026, 3, 1), *sys.argv[1:]).documents():
        print(d.doc_id, d.source, d.content_hash, *d.texts, sep="|")
except InputError as e:
    print(e)
"""


def stdin(raw: bytes, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", READ_STDIN, *arguments], input=raw, capture_output=True, check=True)
    return done.stdout.decode().strip()


def test_stdin_is_called_by_its_content_or_as_it_is_told() -> None:
    doc_id, source, content_hash, *texts = stdin(b"Shut again. Ferries run.").split("|")
    assert (source, texts) == ("stdin", ["Shut again.", "Ferries run."])
    assert doc_id == content_hash[:12]
    assert stdin(b"Shut again.", "tonight").startswith("tonight|stdin|")


@pytest.mark.parametrize(("raw", "said"), [(b" \n", "no sentence in it"), (b"\x7fELF\0\0", "a NUL byte")])
def test_stdin_with_nothing_to_read_is_refused(raw: bytes, said: str) -> None:
    told = stdin(raw)
    assert told.startswith("stdin: ")
    assert said in told
