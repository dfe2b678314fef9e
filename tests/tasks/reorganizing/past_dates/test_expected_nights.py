"""What the nights of some dates would take, foretold from their sources and from what stands in the tables."""

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reading.documents import Document
from nightdesk.tasks.reading.sources import check_sources
from nightdesk.tasks.reorganizing.past_dates.expected_nights import Expected, expect, until_the_end
from tests.tasks.made import DAY, publish_documents, work

NEWS = load_profile("news")
DAYS = [DAY + timedelta(days=n) for n in range(3)]
NOW = datetime(2026, 3, 10, tzinfo=UTC)


def write(folder: Path, name: str, text: str, day: date | None = None) -> Path:
    """Write a document, last changed at noon of a day."""
    folder.mkdir(parents=True, exist_ok=True)
    (path := folder / f"{name}.txt").write_text(text)
    if day is not None:
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()
        os.utime(path, (noon, noon))
    return path


def foretold(tmp_path: Path, *sources: object, is_all: bool = False) -> Expected:
    arguments = [str(s) for s in sources]
    return expect(tmp_path / "out", NEWS, arguments, "", until_the_end(DAYS, now=NOW), is_all)


def documents(expected: Expected) -> list[int]:
    return [n.documents for n in expected.nights]


def test_each_night_takes_what_was_there_by_its_end_and_nothing_twice(tmp_path: Path) -> None:
    source = tmp_path / "in"
    for k, day in enumerate([DAYS[0], DAYS[0], DAYS[2], DAYS[2] + timedelta(days=3)]):
        write(source, f"d{k}", f"It rains {k}.", day)
    expected = foretold(tmp_path, source)
    assert documents(expected) == [2, 0, 1]
    assert [n.later for n in expected.nights] == [2, 2, 1]
    assert expected.line.startswith("2 nights to run: 3 documents, about $0.0000; 1 date with nothing to do; 4 left")


def test_what_stands_is_left_out_unless_everything_is_asked_for(tmp_path: Path) -> None:
    source = tmp_path / "in"
    for day in DAYS[:2]:
        write(source / day.isoformat(), "front", f"It rains on {day}.")
    dated = source / "{run_date}"
    (front,) = [d for d in check_sources([str(source / str(DAYS[0]))], DAYS[0]).documents() if isinstance(d, Document)]
    publish_documents(tmp_path / "out", work(front), day=DAYS[0])
    expected = foretold(tmp_path, dated)
    assert documents(expected) == [0, 1, 0]
    assert expected.nights[0].skipped_under == {DAYS[0].isoformat(): 1}
    assert "no such file or folder" in expected.nights[2].why_nothing
    assert documents(foretold(tmp_path, dated, is_all=True)) == [1, 1, 0]


def test_if_no_night_has_anything_to_read_that_is_told_as_ever(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        foretold(tmp_path, tmp_path / "nowhere" / "{run_date}")
    write(tmp_path / "in", "new", "It rains.", DAYS[2] + timedelta(days=1))
    expected = foretold(tmp_path, tmp_path / "in")  # it is there, only too new for all of them
    assert documents(expected) == [0, 0, 0]
    assert all("changed after" in n.why_nothing for n in expected.nights)


def test_a_night_whose_sources_cannot_be_read_is_a_fault_and_the_others_are_foretold(tmp_path: Path) -> None:
    source = tmp_path / "in"
    for day in DAYS[:2]:
        write(source / day.isoformat(), "front", f"It rains on {day}.")
    (source / DAYS[0].isoformat() / "front.md").write_text("It snows.")
    expected = foretold(tmp_path, source / "{run_date}")
    assert documents(expected) == [0, 1, 0]
    assert "would both be document 'front'" in expected.nights[0].fault
    assert "1 date with nothing to do; 1 night cannot be run" in expected.line


def test_a_night_of_today_takes_whatever_is_there_and_others_what_was_there_when_they_were_due() -> None:
    due = datetime(2026, 3, 1, 2, tzinfo=UTC)
    today = datetime(2026, 3, 2, 20, tzinfo=UTC)
    assert until_the_end([DAY, DAYS[1], DAYS[2]], {DAY: due}, today) == [(DAY, due), (DAYS[1], None), (DAYS[2], None)]
    ((_, end),) = until_the_end([DAY], now=today)
    assert end is not None
    assert (end.hour, end.date()) == (23, DAY)
