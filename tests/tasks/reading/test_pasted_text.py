"""Pasted text: it becomes a file that is read like any other, is called by its content, and can be forgotten."""

from datetime import date
from pathlib import Path

import pytest

from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reading import pasted_text
from nightdesk.tasks.reading.documents import Document
from nightdesk.tasks.reading.sources import check_sources

TEXT = "The bridge is open. Nobody knows for how long.\nIt may rain \ud800 tonight\0."


def test_it_is_called_by_the_hash_of_its_content(tmp_path: Path) -> None:
    path = pasted_text.keep(tmp_path, TEXT, "")
    (document,) = check_sources([str(path)], date(2026, 3, 1)).documents()
    assert isinstance(document, Document)
    assert document.doc_id == document.content_hash[:12]
    assert len(document.texts) == 3
    assert pasted_text.keep(tmp_path, TEXT, "") == path


def test_it_is_called_as_it_is_named_and_removed_by_that_name(tmp_path: Path) -> None:
    path = pasted_text.keep(tmp_path, TEXT, "evening-7")
    assert path.stem == "evening-7"
    pasted_text.remove(tmp_path, "../evening-7")
    assert path.exists()
    pasted_text.remove(tmp_path, "evening-7")
    assert not path.exists()


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(InputError, match="cannot be written"):
        pasted_text.keep(tmp_path / "out", TEXT, "")


def test_names_that_differ_only_by_case_are_apart_on_every_file_system(tmp_path: Path) -> None:
    kept = {name: pasted_text.keep(tmp_path, f"This is {name}.", name) for name in ("note", "Note", "NOTE", "nOte-7")}
    assert len({str(path).lower() for path in kept.values()}) == 4
    assert all(path.stem == name and path.parent.stat().st_mode & 0o077 == 0 for name, path in kept.items())
    pasted_text.remove(tmp_path, "Note")
    assert pasted_text.sentences(tmp_path, "Note") == []
    assert pasted_text.sentences(tmp_path, "NOTE") == ["This is NOTE."]


def test_a_link_in_the_way_is_replaced_and_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("kept")
    (tmp_path / "pasted").mkdir()
    for name in ("note.tmp", "note.txt"):
        (tmp_path / "pasted" / name).symlink_to(tmp_path / "elsewhere")
    assert pasted_text.keep(tmp_path, "New.", "note").read_text() == "New."
    assert (tmp_path / "elsewhere").read_text() == "kept"
