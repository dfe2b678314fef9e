"""Words, how common they are, and vectors of sentences and texts."""

import numpy as np
import pytest
from hypothesis import given

from nightdesk.tasks.models.embedded import vectors
from nightdesk.tasks.models.embedded.vectors import commonness, hashed_terms, static_vectors, term_vectors, words
from tests.tasks.models.embedded.made import BEES, FERRY, FERRY_AGAIN, KETTLE, SENTENCES


def test_the_vector_of_nothing_is_zero_and_all_others_are_of_length_one() -> None:
    found = static_vectors(["", " ", "😀", "A ferry ran aground.", "水壶", "\ud800 ferry"])
    lengths = np.linalg.norm(found, axis=1)
    np.testing.assert_allclose(lengths, [0, 1, 1, 1, 1, 1], rtol=1e-5)
    assert np.isfinite(found).all() and static_vectors([]).shape == (0, 256)


def test_a_full_cache_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = static_vectors(FERRY)
    monkeypatch.setattr(vectors, "CACHED_SENTENCES", 3)
    vectors._rows.clear()
    for part in (FERRY[:2], FERRY[2:4], FERRY[1:3], FERRY):
        found = static_vectors(part)
        assert len(vectors._rows) <= 3
    np.testing.assert_array_equal(found, before)
    np.testing.assert_array_equal(static_vectors(FERRY), before)


def test_words_of_scripts_with_and_without_spaces() -> None:
    assert words("The U.S. it’s 保温壶 x2 ไทย") == ("the", "u", "s", "it's", "保温", "温壶", "x2", "ไท", "ทย")
    assert commonness("the") > commonness("house") > commonness("marlinda") == 0.0
    assert commonness("我们") > commonness("围巾")


@given(SENTENCES, SENTENCES)
def test_a_text_has_the_same_vector_on_every_night_whatever_stands_beside_it(one: list[str], other: list[str]) -> None:
    alone, (beside, _) = hashed_terms([one]), hashed_terms([one, other])
    np.testing.assert_array_equal(alone[0], beside)
    assert np.linalg.norm(beside) == pytest.approx(1 if any(map(words, one)) else 0, abs=1e-4)


@pytest.mark.parametrize("vectors_of", [term_vectors, hashed_terms])
def test_a_story_told_again_is_nearer_than_another(vectors_of) -> None:
    ferry, again, bees, kettle = vectors_of([FERRY, FERRY_AGAIN, BEES, KETTLE])
    assert ferry @ again > 2 * max(ferry @ bees, ferry @ kettle)


def test_a_very_long_sentence_points_where_its_parts_do() -> None:
    part = "The bees of the old mill have swarmed over the ferry. "
    short, long = static_vectors([part * 20, part * 2_000])
    assert float(short @ long) > 0.9999
    assert not np.isnan(long).any()
