"""Lines of objects: a document each, a bad line named by its number."""

import json
from pathlib import Path

import pytest

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
