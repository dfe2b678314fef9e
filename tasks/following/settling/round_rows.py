"""What a round has found out about a document -> its state from then on, and rows of passages, topics and documents."""

from collections.abc import Mapping
from typing import Any

from nightdesk.tasks.following.settling.open_topics import OpenTopic
from nightdesk.tasks.following.settling.relating import Related
from nightdesk.tasks.following.settling.settled import Settled
from nightdesk.tasks.following.settling.stream_state import Settling, StreamState, chained
from nightdesk.tasks.following.settling.stream_stories import StreamStories
from nightdesk.tasks.reorganizing.document_state import JoinedTopic, TopicLink, Work
from nightdesk.tasks.reorganizing.filing import REPLACED, Columns, failed_and_unpaid, file_passages, titles_of
from nightdesk.tasks.reorganizing.ids.first_sight import topic_id
from nightdesk.tasks.reorganizing.joining.packed import Mark
from nightdesk.tasks.tables.contracts import contract

Marks = Mapping[str | JoinedTopic, Mark]


def file_round(its: Settling, related: Related, marks: Marks, stories: StreamStories, profile: str) -> Settled:
    """Bring a document's state up to date with a round, and return the rows that it has changed.

    marks: of the topics that begin, and by id of those that grow.

    Raises:
        StoreError: the journal or what is published cannot be read.
    """
    state, work, before = its.state, related.work, its.state.settled
    own = slice(before - work.before, its.closed.owned - work.before)
    merged = _merge(state, related)
    going_on, new = related.stories()
    begun = _begin(state, work, new, work.document.texts[own], marks, stories)
    topics = [*going_on, *zip(new, begun, strict=True)]
    counts = {t.topic_id: t.sentences for _, t in topics} | {t.topic_id: t.sentences for _, t in related.merged}
    for story, topic in topics:
        topic.add(
            [work.before + p + 1 for p in story.positions],
            [work.document.texts[p] for p in story.positions],
            [f"{work.chunks[k].chunk_id}/t{t + 1}" for k, t in story.members],
        )
        if topic.topic_id in marks:
            topic.know_by(marks[topic.topic_id])
        state.vectors.put(topic.topic_id, topic.vector)
    changed = {t.topic_id: t for t in [*(t for _, t in topics), *(earlier for _, earlier in related.merged)]}
    changed = {name: t for name, t in changed.items() if name not in merged}
    state.topics |= changed
    state.changed |= changed
    if its.waits is None:
        state.unasked = [topic.topic_id for topic in begun] if related.is_put_off else []
    passages = _passages(state, work, topics)
    _go_on(its, related, topics)
    return Settled(
        doc_id=state.doc_id,
        first=before + 1,
        last=state.settled,
        passages=passages,
        topics=[topic.row(state.doc_id) for topic in changed.values()],
        document=_document(state, profile),
        topic_sentences_before={name: counts[name] for name in changed},
        merged=merged,
        is_closed=its.is_over,
    )


def _merge(state: StreamState, related: Related) -> dict[str, str]:
    """Make topics parts of earlier ones; return which of which."""
    for later, earlier in related.merged:
        earlier.absorb(later)
        state.vectors.leave_out(later.topic_id)
        state.topics.pop(later.topic_id, None)
    merged = {later.topic_id: earlier.topic_id for later, earlier in related.merged}
    state.merged |= merged
    return merged


def _begin(
    state: StreamState,
    work: Work,
    new: list[JoinedTopic],
    texts: tuple[str, ...],
    marks: Marks,
    stories: StreamStories,
) -> list[OpenTopic]:
    """Name new topics, for good. texts: the sentences that are settled."""
    names = state.shelf.names(texts)
    first = state.settled - work.before  # of these sentences, in the window
    ids = [topic_id(state.doc_id, names[story.positions[0] - first]) for story in new]
    titles = titles_of(work, new, state.shelf)
    state.shelf.take_titles(titles)
    state.begun += len(new)
    its_marks = [marks[story] for story in new]
    its_stories = stories.begin(state.doc_id, ids, its_marks, work.document.language) if ids else []
    begun = [
        OpenTopic(name, its_story, title, mark.vector, work.lead(story).model)
        for name, its_story, title, mark, story in zip(ids, its_stories, titles, its_marks, new, strict=True)
    ]
    for topic, mark in zip(begun, its_marks, strict=True):
        topic.know_by(mark)
    return begun


def _passages(state: StreamState, work: Work, topics: list[tuple[JoinedTopic, OpenTopic]]) -> list[dict[str, Any]]:
    """Return the rows of the sentences that are settled; those without a place are counted."""
    if not work.chunks:
        return []
    names = [name for name in contract("passages").schema.names if name != "run_id"]
    columns: Columns = {name: [] for name in names}
    links = [TopicLink(topic.topic_id, topic.story_id, topic.vector) for _, topic in topics]
    lost = file_passages(work, [story for story, _ in topics], [topic.title for _, topic in topics], links, columns)
    failed, unpaid = failed_and_unpaid(lost)
    state.unplaced, state.failed, state.unpaid = (
        state.unplaced + len(lost),
        state.failed + failed,
        state.unpaid + unpaid,
    )
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _go_on(its: Settling, related: Related, topics: list[tuple[JoinedTopic, OpenTopic]]) -> None:
    """Keep what the next round needs to know of this one."""
    state, work = its.state, related.work
    own = its.window[state.settled - work.before : its.closed.owned - work.before]
    state.language = work.document.language
    state.content_hash = chained(state.content_hash, own)
    state.replaced += sum(s.id.count("\ufffd") + s.text.count("\ufffd") for s in own)
    state.note(work.notes)
    if work.chunks:
        last = len(work.chunks) - 1
        state.placed = {work.before + p: number for p, number in work.placed[last].items()}
        begun = {story.root: topic.topic_id for story, topic in topics}
        state.topic_of = {}
        for number in sorted(set(work.placed[last].values())):
            root = work.joined[last, number]
            known = related.topic_of(root)
            name = known.topic_id if known is not None else begun.get(root)
            if name is not None:  # else no sentence of it is settled yet
                state.topic_of[number] = name
    state.closed = its.closed
    state.fall_silent()


def _document(state: StreamState, profile: str) -> dict[str, Any]:
    notes = [f"{state.replaced} {REPLACED}"] if state.replaced else []
    return {
        "doc_id": state.doc_id,
        "source": state.source,
        "title": state.title,
        "content_hash": state.content_hash,
        "language": state.language,
        "sentences": state.settled,
        "placed": state.settled - state.unplaced,
        "unplaced": state.unplaced,
        "failed": state.failed,
        "unpaid": state.unpaid,
        "topics": state.begun,
        "status": "published",
        "reason": "; ".join([*notes, *state.notes]) or None,
        "taken_up": [],
        "profile": profile,
        "weights_version": state.weights_version,
    }
