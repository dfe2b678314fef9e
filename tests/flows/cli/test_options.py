"""What is typed: dates, folders and sources are checked before anything is written."""

import errno
import io
import tempfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.flows.cli.options import check_apart, check_is_out, check_out, check_size, date_of, sources_of
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


def test_an_out_that_is_there_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tables" / "calls").mkdir(parents=True)
    check_out(tmp_path)
    assert files(tmp_path) == set()

    def full(dir: Path) -> None:
        if dir.name == "calls":
            raise OSError(errno.ENOSPC, "No space left on device", str(dir / "tmp"))

    monkeypatch.setattr(tempfile, "TemporaryFile", lambda dir: full(dir) or io.BytesIO())
    with pytest.raises(InputError, match="cannot be written \\(No space left on device\\)"):
        check_out(tmp_path)


def test_out_and_sources_are_apart(tmp_path: Path) -> None:
    inside, beside, source = tmp_path / "in" / "out", tmp_path / "out", tmp_path / "in"
    inside.mkdir(parents=True)
    check_apart(beside, [str(source), "-", "https://wire.example/out", str(source / "*.txt")])
    with pytest.raises(InputError, match="lies inside the source"):
        check_apart(inside, [str(source)])
    with pytest.raises(InputError, match="lies inside --out"):
        check_apart(source, [str(inside)])
    (tmp_path / "link").symlink_to(inside)
    with pytest.raises(InputError, match="lies inside the source"):
        check_apart(tmp_path / "link", [str(source)])


def test_so_many_sources_that_prefect_takes_no_more_are_refused() -> None:
    with pytest.raises(InputError, match="name the folder"):
        check_size(["/srv/wires/" + "a" * 200] * 3_000)


def test_a_link_in_out_that_leads_out_of_it_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "out" / "tables").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / "tables" / "calls").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match=r"--out .*/tables/calls: this link leads out of .*; put what it leads to"):
        check_out(tmp_path / "out")
    assert files(tmp_path) == set()
