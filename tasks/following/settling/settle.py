"""Settling: the roles are asked about all newly closed chunks of all streams at once, and what they say is filed."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.following.settling.relating import Related, relate
from nightdesk.tasks.following.settling.round_rows import file_round
from nightdesk.tasks.following.settling.settled import Settled
from nightdesk.tasks.following.settling.stream_state import Settling, language_of
from nightdesk.tasks.following.settling.stream_stories import StreamStories
from nightdesk.tasks.reading.documents import Document, known_column
from nightdesk.tasks.reorganizing import role_stages
from nightdesk.tasks.reorganizing.document_state import Batch, JoinedTopic, Work
from nightdesk.tasks.reorganizing.joining.packed import Mark, marked
from nightdesk.tasks.roles.chunk_splitter import Chunk


@dataclass(frozen=True, slots=True)
class Answered:
    """What the models have said of a document's new chunks. marks: of topics, as file_round wants them."""

    related: Related
    marks: Mapping[str | JoinedTopic, Mark]


async def settle(router: Router, asked: Sequence[Settling], stories: StreamStories) -> list[Settled]:
    """Settle chunks of documents; return the rows of each, in order, and change their states in memory.

    A document is asked about at most once in a round. Its state changes after the last answer, so that after a round
    without answers the same one can be asked again. It is to be saved (states.save) in one transaction with the rows,
    before these are published.

    Raises:
        InputError: no model is left to serve a role.
        StoreError: the journal or the answers' store cannot be read or written. The states are to be loaded anew.
    """
    answered = await ask(router, asked)
    return [filed(its, found, stories, router.profile.name) for its, found in zip(asked, answered, strict=True)]


async def ask(router: Router, asked: Sequence[Settling]) -> list[Answered]:
    """Ask about chunks of documents; nothing is changed.

    Raises:
        InputError: no model is left to serve a role.
        StoreError: the answers' store cannot be read or written.
    """
    works = [_work(its) for its in asked]
    await _ask_chunks(router, Batch(0, works))
    related = await relate(router, asked, works)
    marks = await _marks(router, related)
    return [Answered(*each) for each in zip(related, marks, strict=True)]


def filed(its: Settling, answered: Answered, stories: StreamStories, profile: str) -> Settled:
    """Return the rows that come of answers, and change the document's state in memory.

    Raises:
        StoreError: the journal cannot be read. The state is to be loaded anew.
    """
    return file_round(its, answered.related, answered.marks, stories, profile)


def _work(its: Settling) -> Work:
    """Return what is to be asked about a document: its new chunks, over a window of its sentences."""
    state, window, base = its.state, its.window, its.state.needed - 1
    document = Document(
        state.doc_id,
        state.source,
        state.content_hash,
        state.language or language_of(window),
        tuple(s.id for s in window),
        tuple(s.text for s in window),
        title=state.title,
        starts=known_column(tuple(s.start for s in window)),
        ends=known_column(tuple(s.end for s in window)),
        speakers=known_column(tuple(s.speaker for s in window)),
    )
    work = Work(document, state.weights_version, [_moved(c, -base) for c in its.chunks], waits=its.waits, before=base)
    role_stages.make_ready(work)
    return work


def _moved(chunk: Chunk, by: int) -> Chunk:
    return Chunk(chunk.chunk_id, chunk.start + by, chunk.end + by, chunk.own_start + by, chunk.own_end + by)


async def _ask_chunks(router: Router, batch: Batch) -> None:
    """Ask finder, locator and organizer; the last needs no answer of the others, so that it is asked beside them."""

    async def topics() -> None:
        await role_stages.find(router, batch, _quietly)
        await role_stages.locate(router, batch, _quietly)

    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(topics())
            group.create_task(role_stages.organize(router, batch, _quietly))
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from errors


def _quietly(done: int, of: int) -> None:
    """Say nothing of how far a stage is."""


async def _marks(router: Router, related: Sequence[Related]) -> list[dict[str | JoinedTopic, Mark]]:
    """Return what topics are known by that begin, and by their ids those that have few sentences so far, and grow."""
    keys: list[tuple[int, str | JoinedTopic]] = []
    titles: list[str] = []
    texts: list[list[str]] = []
    for k, its in enumerate(related):
        going_on, new = its.stories()
        grown: Mapping[str | JoinedTopic, tuple[str, list[str]]] = {
            topic.topic_id: (topic.title, [*topic.head, *(its.work.document.texts[p] for p in story.positions)])
            for story, topic in going_on
            if topic.head is not None
        } | {
            story: (its.work.lead(story).title, [its.work.document.texts[p] for p in story.positions]) for story in new
        }
        for key, (title, its_texts) in grown.items():
            keys.append((k, key))
            titles.append(title)
            texts.append(its_texts)
    found: list[dict[str | JoinedTopic, Mark]] = [{} for _ in related]
    if texts:
        marks = marked(*await router.embed_with_terms(role_stages.topic_texts(titles, texts)))
        for (k, key), mark in zip(keys, marks, strict=True):
            found[k][key] = mark
    return found
