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
