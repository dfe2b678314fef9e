"""What is out on lane batch, whenever a process is killed."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from nightdesk.tasks.calling.answers.database import Database
from nightdesk.tasks.calling.batch_journal import Outstanding


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """A database as the store opens it."""
    with closing(Database(tmp_path / "answers.db")) as opened:
        yield opened


def test_a_question_is_found_in_its_batch_until_it_is_over(db: Database) -> None:
    made = Outstanding(db).intend("nd1", ["a", "b"], 100.0)
    assert (made.batch_id, made.size, made.made_at, made.since) == (None, 2, 100.0, 100.0)
    Outstanding(db).made("nd1", "batch-7")
    journal = Outstanding(db)  # as after a kill
    place = journal.find("b")
    assert place is not None
    assert (place.marker, place.number, place.since, place.times) == ("nd1", 1, 100.0, 1)
    assert journal.batch("nd1").batch_id == "batch-7"
    journal.over(["b"])
    assert journal.find("b") is None
    assert journal.find("a") is not None


def test_a_question_that_goes_up_again_keeps_when_it_first_did(db: Database) -> None:
    journal = Outstanding(db)
    journal.intend("nd1", ["a", "b"], 100.0)
    journal.returned("a")
    place = journal.find("a")
    assert place is not None
    assert (place.marker, place.times) == (None, 1)
    again = journal.intend("nd2", ["new", "a"], 500.0)
    assert (again.made_at, again.since) == (500.0, 100.0)
    place = journal.find("a")
    assert place is not None
    assert (place.marker, place.number, place.since, place.times) == ("nd2", 1, 100.0, 2)


def test_questions_of_a_batch_that_was_never_made_count_as_never_sent(db: Database) -> None:
    journal = Outstanding(db)
    journal.intend("nd1", ["a", "b"], 100.0)
    journal.unmade("nd1")
    for key in ("a", "b"):
        place = journal.find(key)
        assert place is not None
        assert (place.marker, place.times) == (None, 0)
    assert db.rows("SELECT count(*) FROM batches") == [(0,)]


def test_a_batch_without_questions_is_swept_when_the_store_is_opened(db: Database) -> None:
    journal = Outstanding(db)
    journal.intend("nd1", ["a"], 100.0)
    journal.intend("nd2", ["b"], 100.0)
    journal.over(["a"])
    assert Outstanding(db).batch("nd2").size == 1
    assert db.rows("SELECT marker FROM batches") == [("nd2",)]
