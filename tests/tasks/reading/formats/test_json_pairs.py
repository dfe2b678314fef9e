"""Pairs of ids and sentences in JSON: nothing is trimmed, dropped or cut, and what is wrong is named."""

from pathlib import Path
from typing import Any

import pytest

from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reading.sources import check_sources
from tests.tasks.made import DAY
from tests.tasks.reading.written import one, write


@pytest.mark.parametrize("wrap", [lambda pairs: pairs, lambda pairs: {"title": "x", "document": pairs}])
def test_json_sentences_stay_as_they_are(tmp_path: Path, wrap: Any) -> None:
    d = one(write(tmp_path / "a.json", wrap([[7, " stray  spaces "], ["7", ""], ["b", "One. Two."], ["", "\t"]])))
    assert d.ids == ("7", "7", "b", "")
    assert d.texts == (" stray  spaces ", "", "One. Two.", "\t")
    assert d.replaced == 0


def test_a_number_of_5000_digits_is_a_document_error(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(f'[[{"1" * 5000}, "x"]]')
    with pytest.raises(InputError):
        check_sources([str(tmp_path)], DAY)
