"""The role stages: each asks one role's questions about a batch of documents and writes down what came of it."""

from collections.abc import Awaitable, Callable, Sequence

from nightdesk.tasks.calling.call_rows import Unit
from nightdesk.tasks.calling.outcomes import Outcome
from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.messages import RoleRequest
from nightdesk.tasks.reorganizing.document_state import Batch, Filed, FoundTopic, Lost, Work
from nightdesk.tasks.reorganizing.halved_questions import Part, Progress, ask_in_parts
from nightdesk.tasks.reorganizing.relating.rounds import relate
from nightdesk.tasks.reorganizing.relating.topic_questions import Topics
from nightdesk.tasks.roles import chunk_splitter, content_organizer, topic_finder, topic_locator

Asked = list[tuple[Work, int, RoleRequest]]  # (document, index of the chunk, question)


async def split(router: Router, batch: Batch, progress: Progress) -> None:
    """Cut every document into chunks."""
    for k, work in enumerate(batch.works, 1):
        work.chunks = chunk_splitter.split_document(work.document.doc_id, work.document.texts, router.profile.chunks)
        make_ready(work)
        progress(k, len(batch.works))


def make_ready(work: Work) -> None:
    """Make room for what the roles will say of a document's chunks; of one that waits, say why they have no topic."""
    n = len(work.chunks)
    work.found, work.placed, work.filed = [()] * n, [{} for _ in range(n)], [{} for _ in range(n)]
    if work.waits is not None:
        work.not_located = dict.fromkeys(range(n), work.waits)
        work.notes.append(f"waits for the next night: {work.waits.reason}")


async def find(router: Router, batch: Batch, progress: Progress) -> None:
    """Find the topics of every chunk."""
    asked: Asked = [
        (w, k, topic_finder.make_request(w.texts(c), w.document.language))
        for w in batch.served
        for k, c in enumerate(w.chunks)
    ]
    for (work, k, _), parts in zip(asked, await _ask_chunks(router, asked, progress), strict=True):
        for before, outcome in parts:
            if outcome.answer is None or outcome.model is None:
                work.not_located[k] = _lost(outcome, "no topic was found")
                continue
            work.found[k] += tuple(
                FoundTopic(
                    topic_finder.clean_title(g.label), tuple(sorted(before + n for n in g.numbers)), outcome.model
                )
                for g in outcome.answer.groups
            )


async def locate(router: Router, batch: Batch, progress: Progress) -> None:
    """Place every sentence of every chunk under one of its topics."""
    asked: Asked = [
        (
            w,
            k,
            topic_locator.make_request(
                w.texts(c), w.document.language, [t.title for t in w.found[k]], [t.anchors for t in w.found[k]]
            ),
        )
        for w in batch.works
        for k, c in enumerate(w.chunks)
        if w.found[k]
    ]
    for (work, k, _), parts in zip(asked, await _ask_chunks(router, asked, progress), strict=True):
        for before, outcome in parts:
            if outcome.answer is None:
                work.not_located[k] = _lost(outcome, "not located")
                continue
            start = work.chunks[k].start + before
            work.placed[k] |= {start + n - 1: int(g.label) - 1 for g in outcome.answer.groups for n in g.numbers}


async def organize(router: Router, batch: Batch, progress: Progress) -> None:
    """File every sentence under a category."""
    categories, meanings = list(router.profile.categories), list(router.profile.categories.values())
    asked: Asked = [
        (w, k, content_organizer.make_request(w.texts(c), w.document.language, categories, meanings))
        for w in batch.served
        for k, c in enumerate(w.chunks)
    ]
    for (work, k, _), parts in zip(asked, await _ask_chunks(router, asked, progress), strict=True):
        for before, outcome in parts:
            if outcome.answer is None or outcome.model is None:
                work.not_organized[k] = _lost(outcome, "not organized")
                continue
            start = work.chunks[k].start + before
            for g in outcome.answer.groups:
                for n, confidence in zip(g.numbers, g.confidence or [None] * len(g.numbers), strict=True):
                    work.filed[k][start + n - 1] = Filed(g.label, confidence, outcome.model)


ROLE_STAGES: dict[str, Callable[[Router, Batch, Progress], Awaitable[None]]] = {
    "split": split,
    "find": find,
    "locate": locate,
    "relate": relate,
    "organize": organize,
}  # in the order of a run


def topic_texts(titles: Sequence[str], texts: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return what stands for each topic where it is embedded: its title and first sentences."""
    return Topics(titles, texts, "").embedded(range(len(titles)))


def _lost(outcome: Outcome, otherwise: str) -> Lost:
    return Lost(outcome.reason or otherwise, outcome.cause or "text")


async def _ask_chunks(router: Router, asked: Asked, progress: Progress) -> list[list[Part]]:
    units = [Unit(w.document.doc_id, w.chunks[k].chunk_id, w.weights_version, request) for w, k, request in asked]
    return await ask_in_parts(router, units, progress)
