"""Ids at first sight: derived from a topic's first sentence alone, and kept by what was published."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.reorganizing.ids import first_sight
from nightdesk.tasks.reorganizing.ids.first_sight import is_of_a_sentence, sentence_names, story_id, topic_id
from nightdesk.tasks.reorganizing.ids.kept import Named, Standing, StandingTopic, name_topics
from tests.tasks.made import DAY

TEXTS = st.lists(st.sampled_from(["Good.", "The bridge is shut.", "Banks open.", "雨。", ""]), min_size=1, max_size=24)


def topics_of(numbers: Sequence[int | None]) -> list[list[int]]:
    """Return the positions of each topic, in order of appearance; numbers: the topic of each sentence, or None."""
    found: dict[int, list[int]] = {}
    for position, number in enumerate(numbers):
        if number is not None:
            found.setdefault(number, []).append(position)
    return list(found.values())


def published(
    texts: Sequence[str], topics: Sequence[Sequence[int]], named: Sequence[Named], day: date = DAY
) -> Standing:
    of: list[str | None] = [None] * len(texts)
    for positions, its in zip(topics, named, strict=True):
        for position in positions:
            of[position] = its.topic_id
    stand = {its.topic_id: StandingTopic(f"story of {its.topic_id}", b"", its.aliases) for its in named}
    return Standing(day, sentence_names(texts), of, stand)


def numbered(draw: st.DrawFn, n: int) -> list[int | None]:
    return draw(st.lists(st.none() | st.integers(0, 5), min_size=n, max_size=n))


@st.composite
def nights(draw: st.DrawFn) -> list[tuple[list[str], list[list[int]]]]:
    """Draw a document that grows over some runs, each of which finds topics of its own."""
    texts: list[str] = []
    found = []
    for _ in range(draw(st.integers(1, 4))):
        texts = texts + draw(TEXTS)
        found.append((texts, topics_of(numbered(draw, len(texts)))))
    return found


def run_all(runs: Sequence[tuple[list[str], list[list[int]]]]) -> list[list[Named]]:
    standing, all_named = None, []
    for texts, topics in runs:
        named = name_topics("d", texts, topics, standing)
        standing = published(texts, topics, named)
        all_named.append(named)
    return all_named


@given(nights())
def test_ids_are_unique_and_no_alias_is_a_topic(runs: list[tuple[list[str], list[list[int]]]]) -> None:
    for named in run_all(runs):
        ids = [its.topic_id for its in named]
        assert len(set(ids)) == len(ids)
        assert all(is_of_a_sentence(i, "d") for i in ids)
        assert not set(ids) & {alias for its in named for alias in its.aliases}


@given(nights())
def test_a_run_of_the_same_text_and_topics_keeps_every_id_and_alias(
    runs: list[tuple[list[str], list[list[int]]]],
) -> None:
    *_, last = run_all(runs)
    *_, again = run_all([*runs, runs[-1]])
    assert again == last


@given(nights())
def test_a_topic_whose_first_sentence_stays_first_keeps_its_id(runs: list[tuple[list[str], list[list[int]]]]) -> None:
    before: dict[int, str] = {}
    for (_, topics), named in zip(runs, run_all(runs), strict=True):
        now = {positions[0]: its.topic_id for positions, its in zip(topics, named, strict=True)}
        assert all(now[first] == before[first] for first in now.keys() & before.keys())
        before = now


@given(TEXTS, TEXTS, st.data())
def test_the_id_of_a_new_topic_is_that_of_its_first_sentence_whatever_else_is_there(
    texts: list[str], more: list[str], data: st.DataObject
) -> None:
    topics = topics_of(data.draw(st.composite(numbered)(len(texts))))
    alone = {positions[0]: name_topics("d", texts, [positions])[0] for positions in topics}
    together = name_topics("d", texts + more, topics)
    assert together == list(alone.values())
    assert not any(its.aliases for its in together)


@given(TEXTS, st.integers(0, 24))
def test_sentences_are_named_piece_by_piece_as_in_one_go(texts: list[str], cut: int) -> None:
    seen: dict[str, int] = {}
    assert sentence_names(texts[:cut], seen) + sentence_names(texts[cut:], seen) == sentence_names(texts)


def test_what_an_id_is_made_of() -> None:
    first, second = name_topics("a/d", ["Good.", "Bye.", "Good."], [[0, 1], [2]])
    assert first.topic_id == topic_id("a/d", first_sight.digest("Good."))
    assert second.topic_id == f"{first.topic_id}-2"
    assert is_of_a_sentence(second.topic_id, "a/d")
    assert not is_of_a_sentence("a/d/t0001", "a/d")
    assert not is_of_a_sentence(first.topic_id, "a")
    assert story_id(first.topic_id) != story_id(second.topic_id)
    assert story_id(first.topic_id) != story_id(first.topic_id, "2026-03-02")


def test_two_texts_of_one_digest_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_sight, "digest", lambda text: "0123456789")
    assert sentence_names(["One.", "Two.", "One."]) == ["0123456789", "0123456789-2", "0123456789-3"]


# --- topics a to f of one sentence each, that the next run joins or cuts otherwise ---

TEN = [f"Sentence {k}." for k in range(10)]


def again(first: str, second: str, texts: Sequence[str] = TEN) -> tuple[list[Named], list[Named]]:
    """Name the topics of two runs; a letter for each sentence, '.' for none."""
    runs = [
        topics_of([None if c == "." else ord(c) for c, _ in zip(letters, texts, strict=False)])
        for letters in (first, second)
    ]
    before = name_topics("d", texts, runs[0])
    return before, name_topics("d", texts, runs[1], published(texts, runs[0], before))


def test_of_two_topics_that_become_one_the_earlier_id_stays_and_the_other_leads_there() -> None:
    (a, b, c), (ab, c_now) = again("aaabbbbccc", "aaaaaaaccc")
    assert ab == Named(a.topic_id, (b.topic_id,))
    assert c_now == c


def test_what_comes_in_front_of_a_topic_does_not_rename_it() -> None:
    (a, b), (a_now, b_now) = again("aaaa..bbbb", "aaa.bbbbbb")
    assert (a_now, b_now) == (a, b)


def test_one_sentence_that_goes_over_takes_no_id_along() -> None:
    (a, b), (a_now, b_now) = again("aaaaabbbbb", "aaaaaabbbb")
    assert (a_now, b_now) == (a, b)


def test_a_topic_that_begins_where_a_published_one_began_has_its_id_and_the_rest_another() -> None:
    (a, b), (a_now, new, rest) = again("aaabbbbbbb", "aaabbccccc")
    assert (a_now, new) == (a, b)
    assert rest.topic_id == topic_id("d", first_sight.digest(TEN[5]))


def test_an_alias_stays_until_what_it_names_is_a_topic_again() -> None:
    first, joined = topics_of([0, 0, 0, 1, 1, 1]), topics_of([0] * 6)
    texts = TEN[:6]
    a, b = name_topics("d", texts, first)
    standing = published(texts, joined, name_topics("d", texts, joined, published(texts, first, [a, b])))
    assert name_topics("d", texts, joined, standing) == [Named(a.topic_id, (b.topic_id,))]
    assert name_topics("d", texts, first, standing) == [a, b]


def test_an_order_number_of_an_earlier_version_is_kept_like_any_id() -> None:
    topics = topics_of([0] * 5 + [1] * 5)
    old = published(TEN, topics, [Named("d/t0001"), Named("d/t0002")])
    assert name_topics("d", TEN, topics, old) == [Named("d/t0001"), Named("d/t0002")]
    assert name_topics("d", TEN, topics_of([0] * 10), old) == [Named("d/t0001", ("d/t0002",))]
    assert name_topics("d", TEN, topics, replace(old, topic_ids=[None] * 10)) == name_topics("d", TEN, topics)


def test_text_that_is_put_in_front_moves_no_id() -> None:
    topics = topics_of([0] * 5 + [1] * 5)
    before = name_topics("d", TEN, topics)
    moved = [[p + 2 for p in positions] for positions in topics]
    texts = ["New.", "Newer.", *TEN]
    assert name_topics("d", texts, [[0, 1], *moved], published(TEN, topics, before))[1:] == before
