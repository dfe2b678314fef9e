"""The journal: what has arrived is there after any kill, once; marks, pruning, forgetting, one process at a time."""

import signal
import stat
from pathlib import Path

import pytest

from nightdesk.tasks.calling.answers import tombstones
from nightdesk.tasks.errors import InputError, PublishError
from nightdesk.tasks.following.journal import FOLDER, Journal, forget, journal_path
from nightdesk.tasks.following.stream import Arrival, Poll
from nightdesk.tasks.forget.document import forget_document
from nightdesk.tasks.reading.sentences import Spoken
from tests.tasks.following.dying import DAY, followed
from tests.tasks.following.streams import ENGLISH, whole

ID = "talk@2026-03-01"


def poll(*texts: str, stream: str = "talk", at: str = "1", is_over: bool = False) -> Poll:
    spoken = tuple(Spoken(str(k), text, 1.5, 2.0, "Ann") for k, text in enumerate(texts, 1))
    return Poll([Arrival(stream, "in/talk.txt", spoken, "Title", is_over)], {"file:in": at})


def kept(journal: Journal, doc_id: str = ID) -> list[str]:
    return [s.text for _, s in journal.sentences(doc_id)]


def test_a_restart_reads_back_streams_tails_and_cursors(out: Path) -> None:
    with Journal(out, "news") as journal:
        journal.take(poll("One.", "Two."), DAY)
        journal.take(poll("Three.", at="2", is_over=True), DAY)
        journal.mark(ID, settled=2, published=1)
    with Journal(out, "news") as journal:
        (its,) = journal.documents(DAY)
        assert (its.doc_id, its.stream, its.title, its.sentences) == (ID, "talk", "Title", 3)
        assert (its.settled, its.published, its.is_over) == (2, 1, True)
        assert journal.cursors() == {"file:in": "2"}
        assert journal.sentences(ID, first=3) == [(3, Spoken("1", "Three.", 1.5, 2.0, "Ann"))]


def test_sentences_leave_once_they_are_published_and_no_context(out: Path) -> None:
    with Journal(out, "news") as journal:
        journal.take(poll(*(f"Sentence {k}." for k in range(1, 11))), DAY)
        journal.mark(ID, settled=8, published=6)
        assert journal.prune(context=2) == 4
        assert [p for p, _ in journal.sentences(ID)] == [5, 6, 7, 8, 9, 10]
        journal.take(poll("Later.", at="2"), DAY)
        assert journal.sentences(ID)[-1][0] == 11


def test_marks_never_go_back_nor_beyond_what_is_there(out: Path) -> None:
    with Journal(out, "news") as journal:
        journal.take(poll("One.", "Two."), DAY)
        journal.mark(ID, settled=2)
        journal.mark(ID, settled=1, published=1)
        with pytest.raises(ValueError, match="settled 3"):
            journal.mark(ID, settled=3)
        its = journal.document(ID)
        assert its is not None and (its.settled, its.published) == (2, 1)


def test_a_date_is_closed_but_for_what_is_not_published(out: Path) -> None:
    with Journal(out, "news") as journal:
        journal.take(poll("One."), DAY)
        journal.take(poll("Other.", stream="other"), DAY)
        journal.mark(ID, settled=1, published=1)
        assert journal.close_date(DAY) == 1
        assert [d.stream for d in journal.documents()] == ["other"]
        assert kept(journal) == []


def test_one_process_follows_a_profile(out: Path) -> None:
    with Journal(out, "news"), Journal(out, "commerce"), pytest.raises(InputError, match="another process follows"):
        Journal(out, "news")
    Journal(out, "news").close()


def test_the_journal_is_private_and_no_link_is_followed(out: Path, tmp_path: Path) -> None:
    with Journal(out, "news") as journal:
        journal.take(poll("One."), DAY)
        files = list((out / FOLDER).iterdir())
        assert {stat.S_IMODE(p.stat().st_mode) for p in files} == {0o600}
        assert stat.S_IMODE((out / FOLDER).stat().st_mode) == 0o700
    elsewhere = tmp_path / "elsewhere.db"
    journal_path(out, "commerce").symlink_to(elsewhere)
    with pytest.raises(PublishError, match="leads out of"):
        Journal(out, "commerce")
    assert not elsewhere.exists()


def test_a_forgotten_document_leaves_the_journal(out: Path) -> None:
    with Journal(out, "news") as journal:
        journal.take(poll("The heron knocked at the lighthouse."), DAY)
        journal.take(poll("Nobody opened the door of it.", stream="other"), DAY)
        told = forget_document(out, ID)
        assert told["left"] == []
        assert [d.stream for d in journal.documents()] == ["other"]
        journal.take(poll("The heron came again and again.", at="3"), DAY)  # its source goes on
        assert journal.document(ID) is None and journal.cursors() == {"file:in": "3"}
        assert not any(b"heron" in p.read_bytes() for p in (out / FOLDER).iterdir())
    with Journal(out, "news") as journal:
        journal.take(poll("A new start."), DAY)  # a follow that begins later reads it anew
        assert kept(journal) == ["A new start."]


def test_the_unfinished_line_of_stdin_is_forgotten_with_its_document(out: Path) -> None:
    with Journal(out, "news") as journal:
        came = [Arrival("stdin", "stdin", (Spoken("1", "One."),))]
        journal.take(Poll(came, {"stdin": '{"held": "The heron"}'}), DAY)
        tombstones.bury(out, "stdin@2026-03-01")
        forget(out, "stdin@2026-03-01")
        assert journal.cursors() == {}


STEPS = (9, 41, 150, 320, 500, 700, 1_000)


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_loses_and_doubles_nothing(tmp_path: Path, step: int) -> None:
    source, out = tmp_path / "talk.txt", tmp_path / "out"
    first, rest = ENGLISH[:1_000].encode(), ENGLISH[1_000:].encode()
    source.write_bytes(first)
    code = followed(out, source, 3, step)
    assert code in (0, -signal.SIGKILL)
    source.rename(tmp_path / "talk.txt.1")  # it is rotated while nobody looks
    with (tmp_path / "talk.txt.1").open("ab") as file:
        file.write(rest)
    source.write_text("A new file began.\n")
    assert followed(out, source, 4, step) in (0, -signal.SIGKILL)
    assert followed(out, source, 12) == 0
    with Journal(out, "news") as journal:
        got = kept(journal)
        assert [p for p, _ in journal.sentences(ID)] == list(range(1, len(got) + 1))
    started = got != ["A new file began."]  # else it was killed before it knew anything of the old file
    assert got == (whole(".txt", ENGLISH.encode()) if started else []) + ["A new file began."]
