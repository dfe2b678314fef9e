"""What follows hold: sources while one is under way or has left documents open, seen from another process's side."""

import os
from datetime import date
from pathlib import Path

import pytest

from nightdesk.tasks.following.held_sources import held, hold
from nightdesk.tasks.following.journal import Journal
from nightdesk.tasks.following.stream import Arrival, Poll
from nightdesk.tasks.reading.sentences import Spoken

DAY = date(2026, 3, 1)
FEED = "https://me:secret@feeds.example.org/news"


def came(journal: Journal, published: bool = False) -> None:
    """Have a sentence of a stream come."""
    journal.take(Poll([Arrival("talk", "in/talk.txt", (Spoken("1", "One."),))], {"file:in": "1"}), DAY)
    if published:
        journal.mark("talk@2026-03-01", settled=1, published=1)


def test_nothing_is_held_where_nothing_was_followed(tmp_path: Path) -> None:
    found = held(tmp_path / "out")
    assert (found.sources, found.documents, found.has(tmp_path / "talk.txt")) == ({}, frozenset(), False)
    assert not (tmp_path / "out").exists()


def test_a_follow_that_is_under_way_holds_its_sources_and_what_is_in_its_folders(tmp_path: Path) -> None:
    out, folder, alone = tmp_path / "out", tmp_path / "wires", tmp_path / "talk.txt"
    folder.mkdir()
    (tmp_path / "linked").symlink_to(folder)
    with Journal(out, "news") as journal:
        hold(journal.db, [os.path.relpath(folder), str(alone), FEED, "-"])
        found = held(out)
        for where in (folder, folder / "a" / "b.txt", tmp_path / "linked" / "b.txt", alone, FEED):
            assert found.has(where), where
        for other in (tmp_path / "wires.txt", tmp_path, "https://feeds.example.org/other", "-"):
            assert not found.has(other), other
        assert sorted(found.lines()) == [
            f"{alone} is left out, since a follow of the profile news reads it",
            f"{folder} is left out, since a follow of the profile news reads it",
            "https://feeds.example.org/news is left out, since a follow of the profile news reads it",
        ]
    assert not held(out).has(alone)  # it has ended, and left nothing open


def test_sources_of_documents_that_are_not_closed_are_held_though_nobody_follows(tmp_path: Path) -> None:
    out, alone = tmp_path / "out", tmp_path / "talk.txt"
    with Journal(out, "news") as journal:
        hold(journal.db, [str(alone)])
        came(journal)
    found = held(out)
    assert found.has(alone)
    assert found.documents == {"talk@2026-03-01"}
    (line,) = found.lines()
    assert line.endswith(
        "has ended before its documents of 2026-03-01 were closed; the same `nightdesk follow` closes them"
    )
    (line,) = held(out).lines()  # also where nothing of it is a source any more: else nobody would hear of it
    assert line.startswith("a follow of the profile news has ended before its documents of 2026-03-01 were closed")
    with Journal(out, "news") as journal:
        hold(journal.db, [str(tmp_path / "other.txt")])  # of another command: the first one's stay held with theirs
    assert held(out).has(alone) and held(out).has(tmp_path / "other.txt")


def test_once_all_is_closed_only_what_is_followed_next_is_held(tmp_path: Path) -> None:
    out, alone = tmp_path / "out", tmp_path / "talk.txt"
    with Journal(out, "news") as journal:
        hold(journal.db, [str(alone)])
        came(journal, published=True)
        journal.close_date(DAY)
        hold(journal.db, [str(tmp_path / "other.txt")])
        found = held(out)
        assert (found.has(alone), found.has(tmp_path / "other.txt"), found.documents) == (False, True, frozenset())


def test_a_look_at_what_is_held_does_not_keep_a_follow_from_beginning(tmp_path: Path) -> None:
    for _ in range(20):
        with Journal(tmp_path / "out", "news") as journal:
            hold(journal.db, [str(tmp_path / "talk.txt")])
        held(tmp_path / "out")
    with Journal(tmp_path / "out", "commerce"):
        assert set(held(tmp_path / "out").sources) == set()


@pytest.mark.skipif(os.fsencode("\udcff") != b"\xff", reason="names here are no bytes")
def test_a_name_that_is_no_utf8_is_held_like_any_other(tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt"))
    with Journal(tmp_path / "out", "news") as journal:
        hold(journal.db, [str(odd)])
        assert held(tmp_path / "out").has(odd)
