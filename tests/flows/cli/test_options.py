"""What is typed: dates, folders and sources are checked before anything is written."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.flows.cli.options import check_is_out, check_out, date_of, sources_of
from nightdesk.tasks.errors import InputError
from tests.tasks.made import DAY, files


@given(st.dates())
def test_a_date_is_read_as_it_is_written(day: date) -> None:
    assert date_of(day.isoformat()) == day


@pytest.mark.parametrize("text", ["yesterday", "2026-02-30", "03/01/2026", " ", "2026-3-1"])
def test_what_is_no_date_is_named_with_the_form_that_is(text: str) -> None:
    with pytest.raises(InputError, match="YYYY-MM-DD") as told:
        date_of(text)
    assert str(told.value).startswith(f"--date {text}: ")


def test_an_out_may_be_made_below_a_folder_and_never_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    check_out(tmp_path / "not" / "yet" / "there")
    for out in (tmp_path / "file", tmp_path / "file" / "out"):
        with pytest.raises(InputError, match="is not a folder that can be written"):
            check_out(out)
    with pytest.raises(InputError, match="no such folder"):
        check_is_out(tmp_path / "not")
    assert files(tmp_path) == {"file"}


def test_where_no_source_is_named_the_shipped_samples_are_read() -> None:
    from nightdesk.tasks.reading.sources import find_sources

    assert sources_of(["a.txt", "-"]) == ["a.txt", "-"]
    assert {s.doc_id for s in find_sources(sources_of(None), DAY)} >= {"evening-en"}
