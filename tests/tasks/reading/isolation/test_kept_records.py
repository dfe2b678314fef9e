"""Records that are kept from the check of a run until it reads them."""

import os
import time
from pathlib import Path

import pytest

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.documents import Document
from nightdesk.tasks.reading.formats import registry
from nightdesk.tasks.reading.isolation import processes
from nightdesk.tasks.reading.isolation.jobs import Bytes
from nightdesk.tasks.reading.isolation.kept_records import KeptRecords
from nightdesk.tasks.reading.sources import check_sources
from tests.tasks.made import DAY
from tests.tasks.reading.written import rss

ITEMS = [f"<guid>{k}</guid><title>Harbour {k}</title><description>Ship {k} has come.</description>" for k in range(9)]
FEED = Bytes(registry.FEED, rss(*ITEMS).encode())


def written(path: Path, text: str, seconds_ago: float) -> Bytes:
    """Write a feed and say when it was written."""
    path.write_text(text)
    os.utime(path, (time.time() - seconds_ago,) * 2)
    return Bytes(registry.FEED, path, size=len(text))


def is_kept(kept: KeptRecords, what: Bytes) -> bool:
    """Tell whether the very records are given out that were parsed first, and not others that are equal to them."""
    first = list(kept.keeping(what, 5.0))
    again = list(kept.taking(what, 5.0))
    assert again == first
    return all(a is b for a, b in zip(first, again, strict=True))


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parse here: records of another process are never the same objects."""
    monkeypatch.setattr(processes, "ISOLATED", False)


def test_records_are_given_out_once_and_then_forgotten() -> None:
    kept = KeptRecords()
    assert is_kept(kept, FEED)
    first, second = list(kept.taking(FEED, 5.0)), list(kept.taking(FEED, 5.0))
    assert first == second
    assert first[0] is not second[0]


def test_what_takes_more_room_than_there_is_is_parsed_again() -> None:
    kept = KeptRecords(most=len(ITEMS) * 600)
    assert is_kept(kept, FEED)
    assert not is_kept(KeptRecords(most=1_000), FEED)
    list(kept.keeping(FEED, 5.0))
    other = Bytes(registry.FEED, rss(*ITEMS[:8]).encode())
    assert not is_kept(kept, other)  # the first one is still there
    list(kept.taking(FEED, 5.0))
    assert is_kept(kept, other)


def test_what_was_gone_through_in_part_is_parsed_again() -> None:
    kept = KeptRecords()
    some = kept.keeping(FEED, 5.0)
    next(some)
    some.close()
    assert len(list(kept.taking(FEED, 5.0))) == len(ITEMS)


def test_what_cannot_be_read_says_so_each_time() -> None:
    kept, none = KeptRecords(), Bytes(registry.FEED, b"<p>no feed</p>")
    for records in (kept.keeping, kept.taking):
        with pytest.raises(DocumentError, match="no RSS or Atom feed"):
            list(records(none, 5.0))


def test_a_file_at_rest_is_kept_and_one_that_was_just_written_is_not(tmp_path: Path) -> None:
    assert is_kept(KeptRecords(), written(tmp_path / "a.xml", rss(*ITEMS), 60))
    assert not is_kept(KeptRecords(), written(tmp_path / "a.xml", rss(*ITEMS), 0))


@pytest.mark.parametrize("seconds_ago", [60, 0])
def test_a_run_reads_a_feed_as_it_stands_when_it_is_read(tmp_path: Path, seconds_ago: float) -> None:
    feed = tmp_path / "a.xml"
    written(feed, rss(*ITEMS), seconds_ago)
    reading = check_sources([str(feed)], DAY)
    written(feed, rss(*ITEMS).replace("has come", "has gone"), seconds_ago)  # of the same length
    documents = list(reading.documents())
    assert [d.texts for d in documents if isinstance(d, Document)] == [(f"Ship {k} has gone.",) for k in range(9)]
