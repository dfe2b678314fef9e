"""Lines of objects: a document each, a bad line named by its number."""

import json
from pathlib import Path
from typing import Any

import pytest

from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reading.documents import Document, Unreadable
from tests.tasks.reading.written import read, summary


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
        ('{"text": null}', "line 2: no sentence in it"),
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


@pytest.mark.parametrize(
    ("said", "doc_id"),
    [
        ({"id": [1]}, "a#1"),
        ({"id": {"$oid": "65"}}, "a#1"),
        ({"id": True}, "a#1"),
        ({"id": float("nan")}, "a#1"),
        ({"id": " "}, "a#1"),
        ({"id": "a\0b"}, "a#1"),
        ({"id": None, "title": ["x"], "source": {"name": "x"}}, "a#1"),
        ({"id": 7.0}, "7"),
        ({"id": 2.5}, "2.5"),
        ({"id": 12345678901234567890}, "12345678901234567890"),
    ],
)
def test_what_is_odd_about_the_rest_of_a_line_is_left_out(tmp_path: Path, said: dict[str, Any], doc_id: str) -> None:
    (found,) = read(tmp_path / "a.jsonl", json.dumps({"text": "One.", **said}))
    assert isinstance(found, Document)
    assert (found.doc_id, found.texts, found.title) == (doc_id, ("One.",), None)
    assert found.source == str(tmp_path / "a.jsonl")


def test_long_ids_are_shortened_and_still_differ(tmp_path: Path) -> None:
    found = read(tmp_path / "a.jsonl", "\n".join(json.dumps({"text": "x", "id": "i" * 999 + k}) for k in "ab"))
    assert len({d.doc_id for d in found}) == 2
    assert {len(d.doc_id) for d in found} == {200}


@pytest.mark.parametrize("content", ["", "\n \n", "\ufeff"])
def test_a_file_without_a_line_says_so(tmp_path: Path, content: str) -> None:
    with pytest.raises(InputError) as e:
        read(tmp_path / "a.jsonl", content)
    assert str(e.value) == f"{tmp_path / 'a.jsonl'}: no line in it; leave it out or fill it"
