"""Which topics are one: what code joins by itself, what it shows together, what a model's answer joins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.tasks.messages import Answer, Group
from nightdesk.tasks.roles import relationship_checker
from nightdesk.tasks.roles.relationship_checker import (
    MOST_SENTENCES,
    MOST_TOPICS,
    candidate_calls,
    members,
    merge,
    stitch,
)
from tests.tasks.roles.made import REQUESTS


def placed(first: int, topics: str) -> dict[int, int]:
    """Write "aab" for: sentence `first` and the next are of topic 0, the one after them of topic 1."""
    return {first + k: "abcdefgh".index(t) for k, t in enumerate(topics) if t != "."}


def test_topics_that_claim_the_same_sentences_of_an_overlap_are_one() -> None:
    joined = stitch([placed(0, "aaabbb"), placed(4, "aacc")])
    assert joined == {(0, 0): (0, 0), (0, 1): (0, 1), (1, 0): (0, 1), (1, 2): (1, 2)}


def test_a_topic_is_followed_over_three_chunks() -> None:
    joined = stitch([placed(0, "abb"), placed(1, "aaaa"), placed(3, "ccd")])
    assert members(joined) == {(0, 0): [(0, 0)], (0, 1): [(0, 1), (1, 0), (2, 2)], (2, 3): [(2, 3)]}


def test_a_topic_joins_one_partner_a_border_and_that_the_best() -> None:
    joined = stitch([placed(0, "aaaaa"), placed(0, "aabbb")])
    assert joined[1, 1] == (0, 0)
    assert joined[1, 0] == (1, 0)


def test_a_tie_goes_the_same_way_every_time() -> None:
    assert members(stitch([placed(0, "aabb"), placed(0, "abab")])) == {
        (0, 0): [(0, 0), (1, 0)],
        (0, 1): [(0, 1), (1, 1)],
    }


def test_topics_that_share_less_than_half_stay_apart() -> None:
    joined = stitch([placed(0, "aaabbbccc"), placed(0, "abcabcabc")])
    assert all(topic == first for topic, first in joined.items())


def test_a_short_topic_joins_a_long_one_that_holds_half_of_it() -> None:
    assert stitch([placed(0, "aaaaaaab"), placed(4, "ccca")])[1, 2] == (0, 0)


def test_chunks_without_a_common_sentence_join_nothing() -> None:
    joined = stitch([placed(0, "aab"), placed(3, "aab"), {}])
    assert all(topic == first for topic, first in joined.items())


@given(st.lists(st.text("abc.", min_size=3, max_size=6), max_size=6))
def test_stitching_keeps_every_topic_and_never_joins_two_of_one_chunk(chunks: list[str]) -> None:
    all_placed = [placed(2 * k, topics) for k, topics in enumerate(chunks)]
    joined = stitch(all_placed)
    assert joined.keys() == {(k, t) for k, chunk in enumerate(all_placed) for t in chunk.values()}
    for first, topics in members(joined).items():
        assert first == topics[0]
        assert len({k for k, _ in topics}) == len(topics)


def unit_rows(rows: np.ndarray) -> np.ndarray:
    result: np.ndarray = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return result


@settings(max_examples=25)
@given(st.integers(0, 700), st.integers(0, 2**32 - 1), st.sampled_from([2, 16]))
def test_candidates_are_shared_out_over_calls_that_fit(n: int, seed: int, dimensions: int) -> None:
    vectors = unit_rows(np.random.default_rng(seed).normal(size=(n, dimensions)) + 1e-6)
    calls = candidate_calls(vectors)
    assert sorted(k for call in calls for k in call) == list(range(n))
    assert all(len(call) <= MOST_TOPICS for call in calls)
    assert len(calls) <= 1 or len(calls) < 2 * n / MOST_TOPICS + 2
    assert calls == candidate_calls(vectors)


@settings(max_examples=10)
@given(st.integers(0, 2**32 - 1))
def test_near_duplicates_are_shown_in_one_call(seed: int) -> None:
    dice = np.random.default_rng(seed)
    sources = unit_rows(dice.normal(size=(120, 64)))
    vectors = unit_rows(np.repeat(sources, 4, axis=0) + dice.normal(scale=1e-3, size=(480, 64)))
    order = dice.permutation(480)
    call_of = {int(order[k]) // 4: set() for k in range(480)}
    for number, call in enumerate(candidate_calls(vectors[order])):
        for k in call:
            call_of[int(order[k]) // 4].add(number)
    assert all(len(calls) == 1 for calls in call_of.values())


@pytest.mark.parametrize("stories", [3, 4, 6])
def test_calls_show_several_stories_however_often_each_comes_back(stories: int) -> None:
    dice = np.random.default_rng(stories)
    of = dice.permutation(np.repeat(np.arange(stories), 300))
    near = np.eye(stories, 64)[of] + dice.normal(scale=1e-3, size=(len(of), 64))
    calls = candidate_calls(unit_rows(near))
    assert all(len({int(of[k]) for k in call}) > 1 for call in calls)


def test_few_topics_are_one_call() -> None:
    assert candidate_calls(np.ones((3, 4), np.float32) / 2) == [[0, 1, 2]]


def test_a_models_joins_reach_everything_that_was_stitched() -> None:
    first = {(0, 0): (0, 0), (0, 1): (0, 1), (1, 0): (0, 1), (2, 0): (2, 0), (2, 1): (2, 1)}
    merged = merge(first, [[(2, 0), (0, 1)]])
    assert merged == {(0, 0): (0, 0), (0, 1): (0, 1), (1, 0): (0, 1), (2, 0): (0, 1), (2, 1): (2, 1)}
    assert merge(first, []) == first


@given(st.permutations(range(8)), st.integers(1, 4))
def test_merging_joins_the_groups_and_nothing_else(order: list[int], size: int) -> None:
    topics = [(k, 0) for k in range(8)]
    groups = [[topics[i] for i in order[k : k + size]] for k in range(0, 6, size)]
    merged = merge({t: t for t in topics}, groups)
    expected = {frozenset(g) for g in groups} | {frozenset([t]) for t in topics if all(t not in g for g in groups)}
    assert {frozenset(ts) for ts in members(merged).values()} == expected


def test_a_long_topic_is_shown_by_sentences_from_all_of_it() -> None:
    texts = [f"Sentence {k}." for k in range(1000)]
    (item,) = relationship_checker.make_request(["Bridge"], [texts], "en").items
    title, *shown = item.split("\n")
    assert title == "Bridge"
    assert len(shown) == MOST_SENTENCES
    assert (shown[0], shown[-1]) == (texts[0], texts[-1])


def test_topics_that_are_in_no_group_are_stories_of_their_own() -> None:
    agreement, request = relationship_checker.agreement, REQUESTS["relationship_checker"]
    alone = Answer(tuple(Group("", (k,)) for k in range(1, 7)))
    assert agreement(request, Answer(()), alone) == 1.0
    assert agreement(request, Answer(()), Answer((Group("", (1, 2, 3, 4, 5, 6)),))) < 0.5
