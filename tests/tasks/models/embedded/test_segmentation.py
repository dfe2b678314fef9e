"""Where topics change: dynamic programming against trying everything, costs against their formulas."""

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from math import lgamma, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from nightdesk.tasks.models.embedded.segmentation import (
    UNANCHORED,
    Span,
    above_background,
    average_linkage,
    direction_cost,
    partition,
    vocabulary_cost,
)

Matrix = NDArray[np.float64]


def all_cuts(n: int) -> Iterator[list[Span]]:
    """Every way to cut 0..n-1 into runs."""
    for k in range(n):
        for inner in combinations(range(1, n), k):
            ends = [0, *inner, n]
            yield list(pairwise(ends))


def pseudo_count(word: str) -> float:
    """Of a made-up language in which words are the more common, the later in the alphabet."""
    return 0.5 + ord(word[0]) % 7


def price(costs: Matrix, penalty: float, spans: Sequence[Span]) -> float:
    return sum(float(costs[a, b]) + penalty for a, b in spans)


def is_allowed(spans: Sequence[Span], anchors: Sequence[int]) -> bool:
    return all(len({t for t in anchors[a:b] if t != UNANCHORED}) <= 1 for a, b in spans)


@st.composite
def cost_matrices(draw: st.DrawFn) -> Matrix:
    n = draw(st.integers(1, 8))
    values = draw(st.lists(st.floats(-20, 20), min_size=(n + 1) ** 2, max_size=(n + 1) ** 2))
    return np.array(values).reshape(n + 1, n + 1)


@given(cost_matrices(), st.floats(-5, 15), st.data())
def test_no_other_cut_is_cheaper(costs: Matrix, penalty: float, data: st.DataObject) -> None:
    n = len(costs) - 1
    anchors = data.draw(st.lists(st.sampled_from([UNANCHORED, UNANCHORED, 0, 1]), min_size=n, max_size=n))
    spans = partition(costs, penalty, anchors)
    assert [p for a, b in spans for p in range(a, b)] == list(range(n))
    assert is_allowed(spans, anchors)
    cheapest = min(price(costs, penalty, s) for s in all_cuts(n) if is_allowed(s, anchors))
    assert price(costs, penalty, spans) == pytest.approx(cheapest, abs=1e-6)


def test_an_empty_sequence_has_no_segments() -> None:
    assert partition(np.zeros((1, 1)), 1.0) == []
    assert partition(vocabulary_cost([], pseudo_count), 1.0) == []


@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_direction_cost_is_length_less_length_of_the_sum(n: int, seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(n, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[seed % n] = 0.0  # a sentence without words
    costs = direction_cost(vectors)
    for a, b in combinations(range(n + 1), 2):
        assert costs[a, b] == pytest.approx(b - a - np.linalg.norm(vectors[a:b].sum(axis=0)), abs=1e-3)


@given(st.lists(st.lists(st.sampled_from("abcdefg"), unique=True, max_size=5), min_size=1, max_size=10))
def test_vocabulary_cost_is_the_dirichlet_multinomial(sentences: list[list[str]]) -> None:
    """Against the textbook formula, up to what does not depend on the cut."""
    costs = vocabulary_cost(sentences, pseudo_count)
    n, kinds = len(sentences), {w for s in sentences for w in s}
    total = max(sum(map(pseudo_count, kinds)), 1.0) * (140 / n) ** 0.75

    def minus_log_probability(a: int, b: int) -> float:
        found = [w for s in sentences[a:b] for w in s]
        counts = [(pseudo_count(w), found.count(w)) for w in set(found)]
        each = sum(lgamma(p + c) - lgamma(p) - c * log(p) for p, c in counts)
        return lgamma(total + len(found)) - lgamma(total) - len(found) * log(total) - each

    for a, b in combinations(range(n + 1), 2):
        assert costs[a, b] == pytest.approx(minus_log_probability(a, b), abs=1e-6)


def test_words_that_are_everywhere_do_not_count() -> None:
    sentences = [["the", f"w{k // 10}"] for k in range(80)]
    without = [s[1:] for s in sentences]
    np.testing.assert_allclose(vocabulary_cost(sentences, pseudo_count), vocabulary_cost(without, pseudo_count))


def test_a_new_vocabulary_begins_a_segment() -> None:
    dice = np.random.default_rng(1)
    fields = [[f"{field}{k}" for k in range(12)] for field in "abc"]
    sentences = [list(dice.choice(words, 5, replace=False)) for words in fields for _ in range(15)]
    assert partition(vocabulary_cost(sentences, lambda _: 1.5), 3.0) == [(0, 15), (15, 30), (30, 45)]


def naive_average_linkage(similarity: Matrix, threshold: float) -> set[frozenset[int]]:
    groups = [frozenset([k]) for k in range(len(similarity))]
    while len(groups) > 1:
        mean, a, b = max(
            ((similarity[np.ix_(sorted(a), sorted(b))].mean(), a, b) for a, b in combinations(groups, 2)),
            key=lambda x: float(x[0]),
        )
        if mean < threshold:
            break
        groups = [g for g in groups if g not in (a, b)] + [a | b]
    return set(groups)


@given(st.integers(0, 9), st.floats(-0.4, 0.9), st.integers(0, 2**32 - 1))
def test_average_linkage_joins_while_the_mean_is_high_enough(n: int, threshold: float, seed: int) -> None:
    similarity = np.random.default_rng(seed).uniform(-0.3, 0.8, (n, n))
    similarity = (similarity + similarity.T) / 2
    np.fill_diagonal(similarity, 1.0)
    groups = average_linkage(similarity, threshold)
    assert sorted(k for g in groups for k in g) == list(range(n))
    assert {frozenset(g) for g in groups} == naive_average_linkage(similarity, threshold)


def alike(n: int, pairs: Sequence[tuple[int, int]], strong: float, weak: float) -> Matrix:
    similarity = np.full((n, n), weak)
    for i, j in pairs:
        similarity[i, j] = similarity[j, i] = strong
    np.fill_diagonal(similarity, 1.0)
    return similarity


@pytest.mark.parametrize("background", [0.0, 0.1, 0.4])
def test_what_all_have_in_common_joins_nothing(background: float) -> None:
    similarity = alike(20, [(0, 7), (3, 9)], background + 0.3, background)
    groups = average_linkage(*above_background(similarity, least=0.13, prior=0.0))
    assert [g for g in groups if len(g) > 1] == [[0, 7], [3, 9]]


def test_two_topics_are_compared_with_the_prior() -> None:
    similarity = alike(2, [(0, 1)], 0.25, 0.25)
    assert len(average_linkage(*above_background(similarity, least=0.13, prior=0.0))) == 1
    assert len(average_linkage(*above_background(similarity, least=0.13, prior=0.2))) == 2


def test_versions_of_few_texts_are_no_background() -> None:
    version = [k % 3 for k in range(60)]
    similarity = np.where(np.equal.outer(version, version), 0.6, 0.02)
    groups = average_linkage(*above_background(similarity, least=0.13, prior=0.0, version=version))
    assert groups == [[k for k in range(60) if k % 3 == n] for n in range(3)]
    alone = np.full((40, 40), 0.6)
    assert len(average_linkage(*above_background(alone, least=0.13, prior=0.0, version=[0] * 40))) == 1
    assert len(average_linkage(*above_background(alone, least=0.13, prior=0.0))) == 40


def test_no_similarity_at_all_joins_nothing() -> None:
    for n in (0, 1, 2, 5):
        groups = average_linkage(*above_background(np.zeros((n, n)), least=0.13, prior=0.0))
        assert groups == [[k] for k in range(n)]
