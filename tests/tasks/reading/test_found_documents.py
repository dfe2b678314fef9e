"""Documents that are found in files: what they are called, which counts once, and where one is that cannot be read."""

from pathlib import Path
from typing import Any

import pytest

from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reading.sources import check_sources
from tests.tasks.made import DAY
from tests.tasks.reading.written import read, rss, write


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
