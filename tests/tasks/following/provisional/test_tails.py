"""Tails of streams: filed at once, each sentence once, whatever comes in which portions and is settled when."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.tasks.calling.dask.pool import fan_out
from nightdesk.tasks.config.profile import UNPLACED, Chunks, load_profile
from nightdesk.tasks.errors import TerminalError
from nightdesk.tasks.following.provisional.tail import LastTopic, Tails, provisional_model
from nightdesk.tasks.following.provisional.tail_state import BEFORE
from nightdesk.tasks.following.provisional.tail_work import TailWork
from nightdesk.tasks.reorganizing.ids.first_sight import sentence_names
from nightdesk.tasks.tables.contracts import contract
from tests.tasks.following.provisional.made import (
    CHUNK,
    PROFILE,
    PoolHere,
    rows,
    sample,
    settled_of,
    spoken,
    tails_of,
)

EN, ZH = sample("evening-en"), sample("evening-zh")


def filed(tails: Tails, doc_id: str, texts: list[str], portion: int, first: int = 1) -> None:
    """Have sentences arrive some at a time, and be filed each time."""
    for k in range(0, len(texts), portion):
        tails.arrived(doc_id, first + k, spoken(texts[k : k + portion], first + k))
        asyncio.run(tails.file())


@pytest.mark.parametrize(("language", "texts"), [("en", EN), ("zh", ZH)])
def test_sentences_are_filed_as_they_come_by_topic_and_category(language: str, texts: list[str]) -> None:
    tails = tails_of(PoolHere(), load_profile("news"))
    filed(tails, "radio@2026-03-01", texts, 3)
    its = rows(tails)
    assert [(row["position"], row["text"]) for row in its] == list(enumerate(texts, 1))
    assert {row["category"] for row in its} <= set(PROFILE.categories)
    assert {(row["chunk_id"], row["organizer_model"], row["run_id"]) for row in its} == {
        ("radio@2026-03-01/open", "static", "run-1")
    }
    assert len({row["topic_id"] for row in its}) > 1
    assert tails.table().schema.equals(contract("passages").schema)
    tails.arrived("radio@2026-03-01", len(texts) + 1, spoken(texts[:1], len(texts) + 1))
    (news,) = asyncio.run(tails.file())
    assert (news.language, news.sentences, news.latest[-1].text) == (language, len(texts) + 1, texts[0])


def test_a_topic_is_called_after_its_first_sentence_and_one_title_stands_for_it() -> None:
    tails = tails_of(PoolHere())
    titles: dict[str, set[str]] = {}
    for k, text in enumerate(EN, 1):
        tails.arrived("d", k, spoken([text], k))
        asyncio.run(tails.file())
        for row in rows(tails):
            titles.setdefault(row["topic_id"], set()).add(row["topic"])
    assert all(len(its) == 1 for its in titles.values())
    names = sentence_names(EN)
    its_rows = rows(tails)
    for topic_id in {row["topic_id"] for row in its_rows}:
        first = next(row["position"] for row in its_rows if row["topic_id"] == topic_id)
        assert topic_id == f"d/{names[first - 1]}"


def test_a_topic_that_begins_as_a_settled_one_did_has_a_name_of_its_own() -> None:
    asked: list[tuple[str, str]] = []

    def settled_count(doc_id: str, digest: str) -> int:
        asked.append((doc_id, digest))
        return 2

    tails = tails_of(PoolHere(), settled_count=settled_count)
    tails.arrived("d", 41, spoken(["Good evening.", "The bridge is shut."], 41))
    asyncio.run(tails.file())
    (name,) = sentence_names(["Good evening."])
    assert {row["topic_id"] for row in rows(tails)} == {f"d/{name}-3"}
    assert asked == [("d", name)]


@pytest.mark.parametrize("texts", [EN, ZH], ids=["en", "zh"])
@pytest.mark.parametrize("settled_already", [True, False])
def test_a_tail_goes_on_with_the_settled_topic_under_its_id_and_title(texts: list[str], settled_already: bool) -> None:
    tails = tails_of(PoolHere())
    topic = ("d/settled", "What the pool calls it")
    if not settled_already:
        filed(tails, "d", texts[:8], 4)
    settled = settled_of("d", texts[:4], [topic] * 4)
    if settled_already:
        tails.begin("d")
    tails.settled(settled)
    filed(tails, "d", texts[4:8], 2, first=5)
    assert [(row["position"], row["topic_id"], row["topic"]) for row in rows(tails)] == [
        (k, *topic) for k in range(5, 9)
    ]


def test_a_process_that_is_new_goes_on_with_what_the_last_one_had_settled() -> None:
    tails = tails_of(PoolHere())
    topic = LastTopic("d/settled", "The tunnel", tuple(EN[:4]))
    tails.begin("d", 4, "en", [(text, topic.topic_id) for text in EN[:4]], [topic])
    filed(tails, "d", EN[4:7], 3, first=5)
    assert {(row["topic_id"], row["topic"]) for row in rows(tails)} == {("d/settled", "The tunnel")}
    (name,) = sentence_names(["Nobody was hurt."])
    with pytest.raises(ValueError, match="ends before sentence 8"):
        tails.arrived("d", 9, spoken(["Nobody was hurt."], 9))
    assert name not in str(rows(tails))


def test_topics_are_found_anew_at_most_every_half_chunk_and_the_work_on_a_long_tail_is_bounded() -> None:
    pool = PoolHere()
    texts = [f"{text} ({k})" for k in range(8) for text in EN]
    filed(tails_of(pool), "d", texts, 2)
    assert max(len(work.texts) for work in pool.asked) <= CHUNK.sentences
    assert max(len(work.before) for work in pool.asked) <= BEFORE
    found = [k for k, work in enumerate(pool.asked) if work.anew]
    half = CHUNK.sentences // 2
    assert len(found) <= 2 * len(texts) / (2 * half) + half.bit_length()
    late = [b - a for a, b in pairwise(found) if 2 * a > half]
    assert min(late) * 2 >= half
    assert max(late) * 2 <= half + 2


def test_what_comes_at_once_is_filed_piece_by_piece_and_streams_take_turns() -> None:
    pool = PoolHere()
    tails = tails_of(pool)
    texts = [f"{text} ({k})" for k in range(4) for text in EN]
    tails.arrived("long", 1, spoken(texts))
    tails.arrived("short", 1, spoken(EN[:3]))
    asyncio.run(tails.file(most=30))
    assert len(rows(tails, "short")) == 3
    assert 20 <= len(rows(tails, "long")) <= 30
    for _ in range(len(texts) // 30 + 1):
        asyncio.run(tails.file(most=30))
    assert [row["text"] for row in rows(tails, "long")] == texts
    assert max(len(work.texts) for work in pool.asked) <= CHUNK.sentences


def test_sentences_of_many_characters_are_asked_about_a_few_at_a_time() -> None:
    pool = PoolHere()
    tails = tails_of(pool, PROFILE.model_copy(update={"chunks": Chunks(sentences=20, overlap=5, characters=1_000)}))
    texts = [f"{k} " + "the harbour is closed and " * 20 for k in range(30)]
    filed(tails, "d", texts, 7)
    assert [row["text"] for row in rows(tails)] == texts
    assert max(sum(map(len, work.texts)) for work in pool.asked) <= 1_600


def test_what_a_worker_fails_on_stands_unplaced_with_the_reason_and_is_filed_anew_later() -> None:
    class Fails(PoolHere):
        is_broken = False

        async def call(self, function: Any, shared: Any, item: TailWork, size: int = 0) -> Any:
            if self.is_broken:
                raise TerminalError("the call ended its worker process")
            return await super().call(function, shared, item, size)

    pool = Fails()
    tails = tails_of(pool)
    filed(tails, "d", EN[:6], 2)
    pool.is_broken = True
    filed(tails, "d", EN[6:8], 2, first=7)
    assert [(row["category"], row["reason"]) for row in rows(tails)][6:] == [
        (UNPLACED, "the call ended its worker process")
    ] * 2
    assert all(row["topic_id"] and row["category"] != UNPLACED for row in rows(tails)[:6])
    pool.is_broken = False
    filed(tails, "d", EN[8:30], 2, first=9)
    assert UNPLACED not in {row["category"] for row in rows(tails)}


def test_what_is_settled_while_it_is_filed_leaves_the_tail_and_no_sentence_is_lost() -> None:
    topic = ("d/settled", "Settled meanwhile")

    def meanwhile() -> None:
        if len(pool.asked) == 2:
            tails.settled(settled_of("d", EN[:5], [topic] * 5))
            tails.drop("gone")

    pool = PoolHere(meanwhile)
    tails = tails_of(pool)
    tails.arrived("gone", 1, spoken(ZH[:3]))
    tails.arrived("d", 1, spoken(EN[:8]))
    asyncio.run(tails.file())
    assert [(row["doc_id"], row["position"]) for row in rows(tails)] == [("d", k) for k in (6, 7, 8)]
    assert rows(tails)[0]["topic_id"] == "d/settled"


def test_a_merge_and_a_new_title_reach_the_sentences_that_wait() -> None:
    tails = tails_of(PoolHere())
    filed(tails, "d", EN[:8], 2)
    first, second = ("d/one", "One"), ("d/two", "Two")
    tails.settled(settled_of("d", EN[:4], [first] + [second] * 3))
    before = {row["position"] for row in rows(tails) if row["topic_id"] == "d/two"}
    tails.settled(settled_of("d", EN[4:5], [("d/one", "One of both")], first=5, merged={"d/two": "d/one"}))
    filed(tails, "d", EN[8:10], 1, first=9)
    after = {row["position"]: row["topic"] for row in rows(tails) if row["topic_id"] == "d/one"}
    assert before
    assert before - {5} <= after.keys()
    assert set(after.values()) <= {"One of both"}
    assert "d/two" not in {row["topic_id"] for row in rows(tails)}


def test_rows_may_be_taken_in_another_thread_while_streams_go_on() -> None:
    tails = tails_of(PoolHere())
    with ThreadPoolExecutor(1) as other:
        seen = []
        for k in range(40):
            tails.arrived(f"d{k % 7}", k // 7 + 1, spoken([EN[k]], k // 7 + 1))
            taken = other.submit(lambda: [tails.table().to_pylist() for _ in range(5)])
            asyncio.run(tails.file())
            if k % 9 == 8:
                tails.drop("d0")
                tails.begin("d0", k // 7 + 1)
            seen += taken.result()
    for its in seen:
        assert len({(row["doc_id"], row["position"]) for row in its}) == len(its)


def test_a_document_that_is_closed_or_forgotten_leaves_nothing() -> None:
    tails = tails_of(PoolHere())
    for doc_id in ("closed", "forgotten", "open"):
        tails.arrived(doc_id, 1, spoken(EN[:4]))
    asyncio.run(tails.file())
    tails.settled(settled_of("closed", EN[:4], [("closed/1", "One")] * 4, closed=True))
    tails.drop("forgotten")
    assert {row["doc_id"] for row in rows(tails)} == {"open"}
    assert asyncio.run(tails.file()) == []


STEPS = st.lists(st.tuples(st.sampled_from(["arrive", "file", "settle"]), st.integers(1, 25)), min_size=1, max_size=14)


@settings(max_examples=60, deadline=None)
@given(STEPS, st.sampled_from(["en", "zh", "mixed"]))
def test_each_sentence_stands_once_whatever_comes_and_is_settled_when(steps: list[tuple[str, int]], kind: str) -> None:
    texts = {"en": EN, "zh": ZH, "mixed": [t for both in zip(EN, ZH, strict=False) for t in both]}[kind]
    tails = tails_of(PoolHere())
    come = settled = 0
    tails.begin("d")
    for what, count in steps:
        if what == "arrive":
            new = [texts[(come + k) % len(texts)] for k in range(count)]
            tails.arrived("d", come + 1, spoken(new, come + 1))
            come += count
        elif what == "settle":
            its = [texts[k % len(texts)] for k in range(settled, min(come, settled + count))]
            topics = [(f"d/s{(settled + k) // 7}", f"Topic {(settled + k) // 7}") for k in range(len(its))]
            tails.settled(settled_of("d", its, topics, first=settled + 1))
            settled += len(its)
        else:
            asyncio.run(tails.file())
    asyncio.run(tails.file())
    table = tails.table()
    assert table["position"].to_pylist() == list(range(settled + 1, come + 1))
    assert table["text"].to_pylist() == [texts[k % len(texts)] for k in range(settled, come)]
    assert pc.all(pc.is_in(table["category"], pa.array(list(PROFILE.categories)))).as_py() is not False
    titles = {(row["topic_id"], row["topic"]) for row in table.to_pylist()}
    assert len({topic_id for topic_id, _ in titles}) == len(titles)
    assert all(topic_id.startswith("d/") and title for topic_id, title in titles)


def test_the_profiles_embedded_model_files_tails_and_else_the_shipped_one() -> None:
    news = load_profile("news")
    assert provisional_model(news).name == "static"
    assert provisional_model(news.model_copy(update={"exclude": ("static",)})).name == "lexical"
    far = [m.model_copy(update={"provider": "openai"}) for m in news.models]
    assert provisional_model(news.model_copy(update={"models": tuple(far)})).kind in ("", "static")


def test_tails_of_many_streams_are_filed_on_workers(cluster: str) -> None:
    async def follow() -> tuple[list[str], int]:
        async with fan_out(cluster, 2, 60.0) as pool:
            tails = Tails(pool, load_profile("news"), "run-1")
            for tick in range(3):
                for k in range(12):
                    texts = (EN if k % 2 else ZH)[tick * 4 : tick * 4 + 4]
                    tails.arrived(f"s{k:02}", tick * 4 + 1, spoken(texts, tick * 4 + 1))
                told = [news.doc_id for news in await tails.file()]
            return told, len(rows(tails))

    told, count = asyncio.run(follow())
    assert told == [f"s{k:02}" for k in range(12)]
    assert count == 12 * 12
