"""The role stages: each asks one role's questions about a batch of documents and writes down what came of it."""

from collections.abc import Awaitable, Callable, Sequence

from tasks import chunk_splitter, content_organizer, relationship_checker, topic_finder, topic_locator
from tasks.calls import Desk, Outcome
from tasks.ledger import Unit, digest
from tasks.relationship_checker import Topic
from tasks.requests import RoleRequest
from tasks.work import Batch, Filed, FoundTopic, Work

Progress = Callable[[int, int], None]  # (done, of)
Asked = list[tuple[Work, int, RoleRequest]]  # (document, index of the chunk, question)


async def split(desk: Desk, batch: Batch, progress: Progress) -> None:
    """Cut every document into chunks."""
    for k, work in enumerate(batch.works, 1):
        work.chunks = chunk_splitter.split_document(work.document.doc_id, work.document.texts, desk.profile.chunks)
        n = len(work.chunks)
        work.found, work.placed, work.filed = [()] * n, [{} for _ in range(n)], [{} for _ in range(n)]
        progress(k, len(batch.works))


async def find(desk: Desk, batch: Batch, progress: Progress) -> None:
    """Find the topics of every chunk."""
    asked: Asked = [
        (w, k, topic_finder.make_request(w.texts(c), w.document.language))
        for w in batch.works
        for k, c in enumerate(w.chunks)
    ]
    for (work, k, _), outcome in zip(asked, await _ask_chunks(desk, asked, progress), strict=True):
        if outcome.answer is None or outcome.model is None:
            work.not_located[k] = outcome.reason or "no topic was found"
            continue
        work.found[k] = tuple(
            FoundTopic(topic_finder.clean_title(g.label), tuple(sorted(g.numbers)), outcome.model)
            for g in outcome.answer.groups
        )


async def locate(desk: Desk, batch: Batch, progress: Progress) -> None:
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
    for (work, k, _), outcome in zip(asked, await _ask_chunks(desk, asked, progress), strict=True):
        if outcome.answer is None:
            work.not_located[k] = outcome.reason or "not located"
            continue
        start = work.chunks[k].start
        work.placed[k] = {start + n - 1: int(g.label) - 1 for g in outcome.answer.groups for n in g.numbers}


async def relate(desk: Desk, batch: Batch, progress: Progress) -> None:
    """Join the topics of each document that are one story."""
    units: list[Unit] = []
    shown: list[tuple[Work, list[Topic]]] = []
    for work in batch.works:
        work.joined = relationship_checker.stitch(work.placed)
        stories = work.stories()
        topics = [s.root for s in stories]
        texts = [[work.document.texts[p] for p in s.positions] for s in stories]
        titles = [work.lead(s).title for s in stories]
        for call in await _candidates(desk, titles, texts):
            if len(call) > 1:
                request = relationship_checker.make_request(
                    [titles[i] for i in call], [texts[i] for i in call], work.document.language
                )
                name = f"{work.document.doc_id}/r{digest(call)[:12]}"
                units.append(Unit(work.document.doc_id, name, work.weights_version, request))
                shown.append((work, [topics[i] for i in call]))
    for (work, topics), outcome in zip(shown, await _ask(desk, units, progress), strict=True):
        if outcome.answer is not None:
            groups = [[topics[n - 1] for n in g.numbers] for g in outcome.answer.groups if g.numbers]
            work.joined = relationship_checker.merge(work.joined, groups)
        else:
            work.unjoined = True
            work.notes.append(f"one story may stand as several topics, since they were not compared: {outcome.reason}")


async def organize(desk: Desk, batch: Batch, progress: Progress) -> None:
    """File every sentence under a category."""
    categories, meanings = list(desk.profile.categories), list(desk.profile.categories.values())
    asked: Asked = [
        (w, k, content_organizer.make_request(w.texts(c), w.document.language, categories, meanings))
        for w in batch.works
        for k, c in enumerate(w.chunks)
    ]
    for (work, k, _), outcome in zip(asked, await _ask_chunks(desk, asked, progress), strict=True):
        if outcome.answer is None or outcome.model is None:
            work.not_organized[k] = outcome.reason or "not organized"
            continue
        start = work.chunks[k].start
        for g in outcome.answer.groups:
            for n, confidence in zip(g.numbers, g.confidence or [None] * len(g.numbers), strict=True):
                work.filed[k][start + n - 1] = Filed(g.label, confidence, outcome.model)


ROLE_STAGES: dict[str, Callable[[Desk, Batch, Progress], Awaitable[None]]] = {
    "split": split,
    "find": find,
    "locate": locate,
    "relate": relate,
    "organize": organize,
}  # in the order of a run


async def _candidates(desk: Desk, titles: list[str], texts: list[list[str]]) -> list[list[int]]:
    if len(titles) <= relationship_checker.MOST_TOPICS:
        return [list(range(len(titles)))]
    return relationship_checker.candidate_calls(await desk.embed(topic_texts(titles, texts)))


def topic_texts(titles: Sequence[str], texts: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return what stands for each topic where it is embedded: its title and first sentences."""
    most = relationship_checker.MOST_SENTENCES
    return [[title, *sentences[:most]] for title, sentences in zip(titles, texts, strict=True)]


async def _ask_chunks(desk: Desk, asked: Asked, progress: Progress) -> list[Outcome]:
    units = [Unit(w.document.doc_id, w.chunks[k].chunk_id, w.weights_version, request) for w, k, request in asked]
    return await _ask(desk, units, progress)


async def _ask(desk: Desk, units: list[Unit], progress: Progress) -> list[Outcome]:
    done = 0

    def on_done() -> None:
        nonlocal done
        done += 1
        progress(done, len(units))

    return await desk.ask(units, on_done)
