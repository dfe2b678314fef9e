"""A document on its way: each sentence belongs to one chunk, and its stories hold what was placed and nothing else."""

from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.config.profile import Chunks
from nightdesk.tasks.reorganizing.document_state import Batch
from nightdesk.tasks.roles.relationship_checker import merge
from tests.tasks.made import document, work

SMALL = Chunks(sentences=8, overlap=4)


@given(st.integers(1, 60), st.integers(1, 12), st.sets(st.integers(0, 59), max_size=9))
def test_stories_hold_every_sentence_that_was_placed_once_and_in_order(
    length: int, topic_length: int, left_out: set[int]
) -> None:
    w = work(document("d", length), topic_length, SMALL)
    for placed in w.placed:
        for position in left_out:
            placed.pop(position, None)
    assert [position for position, _ in w.owned()] == list(range(length))
    for position, k in w.owned():
        assert w.chunks[k].start <= position < w.chunks[k].end
    stories = w.stories()
    assert sorted(p for s in stories for p in s.positions) == sorted(set(range(length)) - left_out)
    assert [s.positions[0] for s in stories] == sorted(s.positions[0] for s in stories)
    assert all(list(s.positions) == sorted(s.positions) and s.lead in s.members for s in stories)


def test_a_story_takes_the_title_of_the_topic_that_has_most_of_its_sentences() -> None:
    w = work(document("d", 8), topic_length=5)  # five sentences, then three
    w.joined = merge(w.joined, [[(0, 0), (0, 1)]])
    (story,) = w.stories()
    assert (story.members, story.positions) == (((0, 0), (0, 1)), tuple(range(8)))
    assert w.lead(story).title == "Topic 0 of d"
    for position in (0, 1, 2):  # then two, and three
        del w.placed[0][position]
    (story,) = w.stories()
    assert w.lead(story).title == "Topic 1 of d"


def test_a_batch_is_as_long_as_its_documents() -> None:
    batch = Batch(1, [work(document("a", 5)), work(document("b", 30), size=SMALL)])
    assert batch.sentences == 35  # sentences of an overlap count once
