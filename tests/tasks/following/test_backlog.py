"""What waits to be settled: whose turn it is, for how long it has waited, and what was forgotten meanwhile."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nightdesk.tasks.config.profile import Chunks
from nightdesk.tasks.following.backlog import MOST_OF_A_ROUND, MOST_OF_STREAM, MOST_WAITING, Backlog
from nightdesk.tasks.following.journal import Journal, document_id, forget
from nightdesk.tasks.following.settling.stream_state import Settling
from nightdesk.tasks.following.stream import Arrival, Poll
from nightdesk.tasks.reading.sentences import Spoken
from tests.tasks.made import DAY

SIZE = Chunks(sentences=10, overlap=2, characters=10_000)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    out = tmp_path / "out"
    out.mkdir()
    with Journal(out, "news") as opened:
        yield opened


def arrive(journal: Journal, backlog: Backlog, stream: str, sentences: int, at: float, is_over: bool = False) -> None:
    spoken = tuple(Spoken(str(k), f"Sentence {k} of {stream}.") for k in range(sentences))
    for taken in journal.take(Poll([Arrival(stream, stream, spoken, is_over=is_over)]), DAY):
        backlog.arrived(taken, at)


def settle(journal: Journal, backlog: Backlog, asked: list[Settling]) -> None:
    for one in asked:
        before, one.state.closed = one.state.closed.start, one.closed
        journal.mark(one.state.doc_id, settled=one.state.settled)
        backlog.settled(one, before)


def streams(asked: list[Settling]) -> list[str]:
    return [one.state.doc_id.partition("@")[0] for one in asked]


def test_a_chunk_waits_from_the_moment_at_which_its_first_sentence_came(journal: Journal) -> None:
    backlog = Backlog(journal, SIZE, 0)
    arrive(journal, backlog, "a", 8, 100.0)
    assert (backlog.waiting, backlog.lag_s(105.0)) == (0, 0.0)
    arrive(journal, backlog, "a", 8, 110.0)
    assert (backlog.waiting, backlog.lag_s(115.0)) == (1, 15.0)
    settle(journal, backlog, backlog.next_round())
    assert (backlog.waiting, backlog.lag_s(120.0)) == (0, 0.0)


def test_documents_take_turns_though_some_have_more_than_a_round_takes(journal: Journal) -> None:
    backlog = Backlog(journal, SIZE, 0)
    names = [f"s{k:03}" for k in range(MOST_OF_A_ROUND + 10)]
    for name in names:
        arrive(journal, backlog, name, 40, 0.0)
    first = backlog.next_round()
    assert len(first) == MOST_OF_A_ROUND
    settle(journal, backlog, first)
    second = streams(backlog.next_round())
    assert set(names) - set(streams(first)) <= set(second)


def test_rounds_settle_every_sentence_of_what_is_over_and_then_nothing_waits(journal: Journal) -> None:
    backlog = Backlog(journal, SIZE, 0)
    arrive(journal, backlog, "a", 95, 0.0)
    arrive(journal, backlog, "b", 3, 0.0, is_over=True)
    arrive(journal, backlog, "c", 0, 0.0, is_over=True)
    backlog.end()
    done: dict[str, int] = {}
    while asked := backlog.next_round(4):
        assert sum(len(one.chunks) for one in asked) <= 4
        for one in asked:
            done[one.state.doc_id] = one.closed.owned
        settle(journal, backlog, asked)
    assert done == {document_id("a", DAY): 95, document_id("b", DAY): 3}
    assert (backlog.waiting, list(backlog.documents())) == (0, [])


def test_a_document_that_was_forgotten_holds_up_nobody(journal: Journal, tmp_path: Path) -> None:
    backlog = Backlog(journal, SIZE, 0)
    arrive(journal, backlog, "a", 40, 0.0)
    arrive(journal, backlog, "b", 40, 0.0)
    forget(tmp_path / "out", document_id("a", DAY))
    assert streams(backlog.next_round(1)) == ["b"]


def test_documents_that_are_being_asked_about_are_passed_over(journal: Journal) -> None:
    backlog = Backlog(journal, SIZE, 0)
    for name in "abc":
        arrive(journal, backlog, name, 40, 0.0)
    assert streams(backlog.next_round(besides={document_id("a", DAY)})) == ["b", "c"]
    assert backlog.waiting > 0
    assert streams(backlog.next_round(besides={document_id(name, DAY) for name in "abc"})) == []


def test_thousands_that_came_whole_leave_half_of_a_round_to_what_grows(journal: Journal) -> None:
    backlog = Backlog(journal, SIZE, 0)
    for k in range(MOST_WAITING + 1):
        arrive(journal, backlog, f"wire{k:04}", 3, 0.0, is_over=True)
    arrive(journal, backlog, "radio", 40, 1.0)
    first = streams(backlog.next_round())
    assert (len(first), first[-1]) == (MOST_OF_A_ROUND, "radio")
    assert len(streams(backlog.next_round(besides={document_id("radio", DAY)}))) == MOST_OF_A_ROUND


def test_only_what_has_much_waiting_is_held_back_and_only_while_too_much_waits(journal: Journal) -> None:
    backlog = Backlog(journal, SIZE, 0)
    arrive(journal, backlog, "radio", 20, 0.0)
    arrive(journal, backlog, "flood", 8 * (MOST_OF_STREAM + 3), 0.0)
    assert backlog.held_back() is None
    for k in range(MOST_WAITING):
        arrive(journal, backlog, f"wire{k:04}", 3, 0.0, is_over=True)
    assert backlog.held_back() == {"flood"}
    while asked := backlog.next_round():
        settle(journal, backlog, asked)
    assert backlog.held_back() is None


def test_weights_stay_those_of_the_first_chunk(journal: Journal) -> None:
    backlog = Backlog(journal, SIZE, 3)
    arrive(journal, backlog, "a", 20, 0.0)
    backlog.begin(backlog.next_round())
    later = Backlog(journal, SIZE, 4)
    (document,) = journal.documents()
    later.load(document, 0.0)
    assert [one.state.weights_version for one in later.next_round()] == [3]
