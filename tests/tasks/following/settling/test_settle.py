"""Settling: every sentence is settled once, under ids that stay, into whatever pieces a stream arrives."""

import tempfile
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.calling.call_rows import Unit
from nightdesk.tasks.following.journal import Journal, forget
from nightdesk.tasks.following.settling import open_topics, states, stream_state
from nightdesk.tasks.following.settling.stream_tables import TABLES
from nightdesk.tasks.reorganizing.document_state import Lost
from nightdesk.tasks.reorganizing.ids.first_sight import sentence_names
from nightdesk.tasks.roles.chunk_splitter import split_document
from nightdesk.tasks.tables.contracts import contract
from tests.tasks.following.settling.scripted import ByRule, Followed, profile, spoken

ID = "talk@2026-03-01"
WORDS = ("ferry", "bank", "storm", "match", "trial")
runs = st.lists(st.tuples(st.sampled_from(WORDS), st.integers(1, 12)), min_size=1, max_size=14)
cuts = st.lists(st.integers(0, 130), max_size=12)
lost = st.sets(st.tuples(st.sampled_from(["topic_finder", "topic_locator", "content_organizer"]), st.integers(0, 8)))


def failing(which: set[tuple[str, int]], unit: Unit) -> bool:
    number = unit.unit.partition("#")[0].rpartition("/c")[2]
    return number.isdigit() and (unit.request.role, int(number)) in which


def followed(out: Path, journal: Journal, router: ByRule, words: list[str], at: list[int], reloads: bool) -> Followed:
    """Have a stream arrive in pieces, each state read back from the journal or kept in memory."""
    its = Followed(out, journal, router)
    its.reloads = reloads
    sentences = spoken(words)
    borders = [0, *sorted(c for c in at if c < len(sentences)), len(sentences)]
    for begin, end in pairwise(borders):
        its.arrive(("talk", sentences[begin:end]), is_over=end == len(sentences))
    return its


def assert_whole(its: Followed, words: list[str]) -> None:
    """Every sentence stands once, topics say what their passages say, and the document counts them."""
    passages, topics = its.passages(), its.topics()
    assert [row["position"] for row in passages] == list(range(1, len(words) + 1))
    assert [row["text"] for row in passages] == [s.text for s in spoken(words)]
    of: dict[str, list[int]] = defaultdict(list)
    for row in passages:
        assert (row["category"] == "unplaced") == (row["reason"] is not None)
        if row["topic_id"] is not None:
            of[row["topic_id"]].append(row["position"])
            assert topics[row["topic_id"]]["title"] == row["topic"]
    assert of.keys() == topics.keys()
    names = sentence_names([s.text for s in spoken(words)])
    for topic_id, positions in of.items():
        row = topics[topic_id]
        spans = [p for span in row["spans"] for p in range(span["first"], span["last"] + 1)]
        assert (spans, row["sentences"]) == (positions, len(positions))
        assert (row["first_position"], row["last_position"]) == (positions[0], positions[-1])
        assert topic_id == f"{ID}/{names[positions[0] - 1]}"
    document = its.rounds[-1].document
    unplaced = [row for row in passages if row["category"] == "unplaced"]
    assert (document["sentences"], document["unplaced"]) == (len(words), len(unplaced))
    assert document["placed"] + document["unplaced"] == document["sentences"]
    assert document["failed"] == sum("broke down" in row["reason"] for row in unplaced)
    assert document["topics"] == len(topics)


@given(runs, cuts, lost, st.booleans(), st.sampled_from([10_000, 5]))
def test_rounds_cover_a_document_once_and_add_up(
    told: list[tuple[str, int]], at: list[int], broken: set[tuple[str, int]], reloads: bool, widest: int
) -> None:
    words = [word for word, n in told for _ in range(n)]
    with tempfile.TemporaryDirectory() as folder, Journal(Path(folder), "news") as journal:
        router = ByRule(profile(), failing=lambda unit: failing(broken, unit), widest=widest)
        its = followed(Path(folder), journal, router, words, at, reloads)
        assert_whole(its, words)
        chunks = split_document(ID, [s.text for s in spoken(words)], router.profile.chunks)
        assert set(row["chunk_id"] for row in its.passages()) <= {c.chunk_id for c in chunks}
        assert [its.is_closed for its in its.rounds] == [False] * (len(its.rounds) - 1) + [True]


@given(runs, cuts, st.booleans())
def test_ids_titles_and_stories_stay_as_they_were_first_published(
    told: list[tuple[str, int]], at: list[int], reloads: bool
) -> None:
    words = [word for word, n in told for _ in range(n)]
    with tempfile.TemporaryDirectory() as folder, Journal(Path(folder), "news") as journal:
        its = followed(Path(folder), journal, ByRule(profile()), words, at, reloads)
        seen: dict[str, tuple[object, ...]] = {}
        stood: Counter[str] = Counter()
        for settled in its.rounds:
            assert settled.first == sum(stood.values()) + 1
            for row in settled.topics:
                told_now = (row["title"], row["story_id"], row["first_position"], row["finder_model"])
                assert seen.setdefault(row["topic_id"], told_now) == told_now
            assert settled.topic_sentences_before == {row["topic_id"]: stood[row["topic_id"]] for row in settled.topics}
            stood.update(row["topic_id"] for row in settled.passages)
        if not its.merged():  # a topic of a word goes on, however far apart its sentences are
            assert sorted(t["title"].lower() for t in its.topics().values()) == sorted(set(words))


@given(runs, cuts, cuts)
def test_the_rows_do_not_depend_on_whether_states_are_read_back(
    told: list[tuple[str, int]], at: list[int], more: list[int]
) -> None:
    words = [word for word, n in told for _ in range(n)]
    found = []
    for reloads in (True, False):
        with tempfile.TemporaryDirectory() as folder, Journal(Path(folder), "news") as journal:
            found.append(followed(Path(folder), journal, ByRule(profile()), words, at + more, reloads).rounds)
    assert found[0] == found[1]


def test_rows_are_those_of_the_contracts(out: Path) -> None:
    with Journal(out, "news") as journal:
        its = followed(out, journal, ByRule(profile()), ["ferry"] * 20 + ["bank"] * 20, [25], True)
        for settled in its.rounds:
            for table, rows in (
                ("passages", settled.passages),
                ("topics", settled.topics),
                ("documents", [settled.document]),
            ):
                made = contract(table).build([dict(row) | {"run_id": "run-1"} for row in rows])
                assert made.num_rows == len(rows)
                assert all(set(row) == set(contract(table).schema.names) - {"run_id"} for row in rows)


def test_a_round_that_waits_for_dollars_asks_nothing_and_says_so_of_every_sentence(out: Path) -> None:
    with Journal(out, "news") as journal:
        router = ByRule(profile())
        its = Followed(out, journal, router)
        its.arrive(("talk", spoken(["ferry"] * 20)), waits=Lost("today's dollars are spent", "budget"))
        assert not router.units
        (settled,) = its.rounds
        assert {row["reason"] for row in settled.passages} == {"today's dollars are spent"}
        assert settled.document["unpaid"] == settled.document["unplaced"] == len(settled.passages) > 0
        assert "dollars" in settled.document["reason"]
        its.arrive(("talk", spoken(["ferry"] * 40)[20:]), is_over=True)
        assert router.units
        assert its.rounds[-1].document["unpaid"] == len(settled.passages)


def test_two_known_topics_become_one_when_they_are_found_to_be(out: Path) -> None:
    same: dict[str, str] = {}
    with Journal(out, "news") as journal:
        its = Followed(out, journal, ByRule(profile(), story=lambda word: same.get(word, word)))
        words = ["ferry"] * 12 + ["bank"] * 12 + ["storm"] * 12 + ["bank"] * 12
        its.arrive(("talk", spoken(words)[:27]))
        ferry, bank = (t["topic_id"] for t in its.topics().values())
        same |= dict.fromkeys(("ferry", "bank", "storm"), "one")
        its.arrive(("talk", spoken(words)[27:39]))
        assert its.merged() == {bank: ferry}
        assert its.topics()[ferry]["aliases"] == [bank]
        its.arrive(("talk", spoken(words)[39:]), is_over=True)
        late = {row["topic_id"] for row in its.passages() if row["position"] > 36}
        assert late == {ferry}  # what follows of the later one is the earlier one's
        assert [row["topic_id"] for row in its.passages()].count(bank) == its.topics()[bank]["sentences"]


def test_a_topic_that_was_silent_for_long_can_come_back(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_topics, "SILENT", 40)
    monkeypatch.setattr(stream_state, "SILENT", 40)
    monkeypatch.setattr(states, "SILENT", 40)
    words = ["ferry"] * 12 + [word for word in ("bank", "storm", "match") for _ in range(40)] + ["ferry"] * 15
    with Journal(out, "news") as journal:
        its = Followed(out, journal, ByRule(profile()))
        its.arrive(("talk", spoken(words)[:132]))
        state = its.state()
        assert len(state.vectors) == 4
        assert "ferry" not in {t.title for t in state.topics.values()}
        its.arrive(("talk", spoken(words)[132:]), is_over=True)
        assert [t["sentences"] for t in its.topics().values() if t["title"] == "ferry"] == [27]


def test_memory_and_what_a_round_saves_do_not_grow_with_the_document(out: Path) -> None:
    words = [f"w{k // 6}" for k in range(6_000)]  # a new topic every six sentences
    with Journal(out, "news") as journal:
        its = Followed(out, journal, ByRule(profile(60, 10)))
        its.reloads = False
        open_now, saved = [], []
        for begin in range(0, 6_000, 600):
            its.arrive(("talk", spoken(words)[begin : begin + 600]))
            state = its.state()
            open_now.append(len(state.topics))
            ((value,),) = journal.db.rows("SELECT length(value) FROM states")
            saved.append(value)
        assert max(open_now[4:]) <= max(open_now[:4])
        assert max(saved[4:]) < 1.1 * max(saved[:4])
        assert len(state.vectors) == state.begun > 900  # by a vector each


def test_streams_tell_stories_that_go_on_in_each_other(out: Path) -> None:
    with Journal(out, "news") as journal:
        its = Followed(out, journal, ByRule(profile()))
        words = spoken(["ferry"] * 8 + ["bank"] * 8)
        first, second = its.arrive(("talk", words), ("radio", words), is_over=True)
        of = [{row["title"]: row["story_id"] for row in settled.topics} for settled in (first, second)]
        assert of[0] == of[1]
        assert len(set(of[0].values())) == 2
    with Journal(out, "news") as journal:  # as another process finds it
        (third,) = Followed(out, journal, ByRule(profile())).arrive(("web", words), is_over=True)
        assert {row["title"]: row["story_id"] for row in third.topics} == of[0]


def test_what_is_forgotten_or_done_leaves_the_journal(out: Path) -> None:
    def kept(journal: Journal) -> int:
        return sum(journal.db.rows(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES)

    with Journal(out, "news") as journal:
        its = Followed(out, journal, ByRule(profile()))
        its.arrive(("talk", spoken(["ferry"] * 20)), ("radio", spoken(["bank"] * 20)), is_over=True)
        assert kept(journal) > 4
        forget(out, ID)
        assert {row[0] for row in journal.db.rows("SELECT doc_id FROM stream_topics")} == {"radio@2026-03-01"}
        journal.mark("radio@2026-03-01", settled=20, published=20)
        journal.close_date(its.journal.documents()[0].run_date)
        assert kept(journal) == 0


def test_what_a_failed_transaction_did_not_save_is_saved_by_the_next_round(out: Path) -> None:
    words = ["ferry", "bank"] * 10 + ["storm"] * 20
    with Journal(out, "news") as journal:
        its = Followed(out, journal, ByRule(profile()))
        its.reloads = False
        its.fails = True
        its.arrive(("talk", spoken(words)[:20]))
        assert its.state().settled == 0
        its.fails = False
        its.arrive(("talk", spoken(words)[20:]), is_over=True)
        assert_whole(its, words)
        read_back = its.state()
        assert read_back.settled == len(words)
        assert set(read_back.topics) == set(its.topics())
        assert sum(n for (n,) in journal.db.rows("SELECT count FROM stream_names")) == len(words)
