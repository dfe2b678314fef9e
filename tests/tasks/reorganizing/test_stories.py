"""Stories: near topics of different documents and nights go on with each other."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from nightdesk.tasks.reorganizing import stories as stories_module
from nightdesk.tasks.reorganizing.stories import NEAREST, Codes, KnownStories, Mark, Rule, pack, unpack

Vectors = NDArray[np.float32]
NOTHING = KnownStories()
RULE = Rule(likeness=0.065, in_common=1.9)


def relate(topics: list[str], documents: list[str], vectors: Vectors, known: KnownStories) -> list[str]:
    marks = [Mark(pack(v)) for v in vectors]
    return stories_module.relate(topics, documents, marks, known, [RULE] * len(marks))


def known_as(vectors: Vectors, story_ids: list[str]) -> KnownStories:
    known = KnownStories()
    known.add([Mark(pack(v)) for v in vectors], story_ids)
    return known


def cosines(codes: Codes) -> NDArray[np.float64]:
    rows = codes.astype(np.float64)
    lengths = np.linalg.norm(rows, axis=1)
    return (rows @ rows.T) / lengths / lengths[:, None]


def some_vectors(n: int, seed: int, dimensions: int = 16) -> Vectors:
    rows = np.random.default_rng(seed).normal(size=(n, dimensions))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@given(st.integers(0, 2**32 - 1), st.floats(1e-6, 1e6))
def test_packing_keeps_the_direction(seed: int, length: float) -> None:
    (vector,) = some_vectors(1, seed, dimensions=256)
    (back,) = unpack([pack((vector * length).astype(np.float32))])
    assert float(back @ vector) > 0.999 * np.linalg.norm(back.astype(float))


def test_a_vector_of_nothing_stays_nothing() -> None:
    assert not unpack([pack(np.zeros(8, np.float32))]).any()
    assert len(unpack([])) == 0


def test_near_topics_of_two_documents_share_a_story_and_far_ones_do_not() -> None:
    bridge, bank = np.eye(2, 8, dtype=np.float32)
    stories = relate(["a/t1", "a/t2", "b/t1", "b/t2"], ["a", "a", "b", "b"], np.array([bridge, bank] * 2), NOTHING)
    assert stories[0] == stories[2]
    assert stories[1] == stories[3]
    assert stories[0] != stories[1]


def test_a_story_of_an_earlier_night_is_taken_up() -> None:
    bridge, bank = np.eye(2, 8, dtype=np.float32)
    known = known_as(np.array([bridge]), ["known"])
    stories = relate(["a/t1", "a/t2"], ["a", "a"], np.array([bank, bridge]), known)
    assert stories[1] == "known"
    assert stories[0] != "known"


def test_how_near_is_near_enough() -> None:
    for cosine, same in ((NEAREST + 0.01, True), (NEAREST - 0.01, False)):
        vectors = np.array([[1, 0], [cosine, np.sqrt(1 - cosine**2)]], np.float32)
        one, other = relate(["a/t1", "b/t1"], ["a", "b"], vectors, NOTHING)
        assert (one == other) == same


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=14), st.integers(0, 3))
def test_topics_of_one_document_are_never_one_story(topics: list[tuple[int, int]], known: int) -> None:
    directions = some_vectors(4, seed=1)
    noise = 0.01 * some_vectors(len(topics) + 1, seed=2)[: len(topics)]
    vectors = np.array([directions[k] for _, k in topics], np.float32).reshape(-1, 16) + noise
    topic_ids = [f"{doc}/t{n}" for n, (doc, _) in enumerate(topics)]
    doc_ids = [str(doc) for doc, _ in topics]
    earlier = known_as(directions[:known], [f"known-{k}" for k in range(known)])
    stories = relate(topic_ids, doc_ids, vectors, earlier)
    assert len(stories) == len(topics)
    assert len(set(zip(doc_ids, stories, strict=True))) == len(topics)
    assert stories == relate(topic_ids, doc_ids, vectors, earlier)


def test_a_story_that_begins_is_named_by_its_topic_alone() -> None:
    bridge, bank = np.eye(2, 8, dtype=np.float32)
    (alone,) = relate(["a/1"], ["a"], np.array([bridge]), NOTHING)
    stories = relate(["b/1", "a/2", "a/1"], ["b", "a", "a"], np.array([bank, -bank, bridge]), NOTHING)
    assert stories[2] == alone
    assert len(set(stories)) == 3


def test_a_published_topic_keeps_its_story_before_any_that_is_nearer() -> None:
    bridge, bank = np.eye(2, 8, dtype=np.float32)
    marks = [Mark(pack(v)) for v in (bridge, bridge, bank)]
    known = known_as(np.array([bridge, bank]), ["of the bridge", "of the bank"])
    kept = {"a/2": "of the bridge", "b/1": "of old"}
    stories = stories_module.relate(["a/1", "a/2", "b/1"], ["a", "a", "b"], marks, known, [RULE] * 3, kept)
    assert stories[1:] == ["of the bridge", "of old"]
    assert stories[0] not in ("of the bridge", "of old")


def test_a_story_that_another_topic_of_the_document_goes_on_with_is_not_begun_again() -> None:
    bridge, bank = np.eye(2, 8, dtype=np.float32)
    (begun,) = relate(["a/1"], ["a"], np.array([bridge]), NOTHING)
    stories = relate(["a/2", "a/1"], ["a", "a"], np.array([bridge, bank]), known_as(np.array([bridge]), [begun]))
    assert stories[0] == begun
    assert stories[1] != begun


@given(st.lists(st.integers(0, 5), max_size=40), st.booleans(), st.integers(0, 99))
def test_a_topic_joins_the_nearest_before_it_of_another_document(documents: list[int], apart: bool, seed: int) -> None:
    doc_ids = [str(d) for d in (documents if apart else sorted(documents))]
    vectors = some_vectors(len(doc_ids), seed, dimensions=4)
    alike = cosines(unpack([pack(v) for v in vectors])).astype(np.float32)
    expected: list[int] = []  # of each topic, the first of its story
    for i, doc in enumerate(doc_ids):
        others = [j for j in range(i) if doc_ids[j] != doc]
        j = max(others, key=lambda j: float(alike[i, j]), default=i)
        near = j != i and float(alike[i, j]) >= NEAREST
        taken = {expected[k] for k in range(i) if doc_ids[k] == doc}
        expected.append(expected[j] if near and expected[j] not in taken else i)
    stories = relate([str(k) for k in range(len(doc_ids))], doc_ids, vectors, NOTHING)
    assert [stories.index(s) for s in stories] == expected


def test_topics_are_compared_across_the_edges_of_blocks() -> None:
    n = stories_module.BLOCK * 2 + 3
    vectors = some_vectors(n, seed=4, dimensions=64)
    again = np.concatenate([vectors, vectors])
    doc_ids = [f"d{k // 5}" for k in range(n)] + [f"e{k // 5}" for k in range(n)]
    stories = relate([str(k) for k in range(2 * n)], doc_ids, again, NOTHING)
    same = sum(a == b for a, b in zip(stories[:n], stories[n:], strict=True))
    assert same > 0.8 * n  # the others' documents have that story already
