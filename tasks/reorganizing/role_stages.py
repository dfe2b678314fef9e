"""The role stages: each asks one role's questions about a batch of documents and writes down what came of it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from nightdesk.tasks.calling.answers.answer_keys import digest
from nightdesk.tasks.calling.call_rows import Unit
from nightdesk.tasks.calling.outcomes import Outcome
from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.messages import RoleRequest
from nightdesk.tasks.reorganizing.document_state import Batch, Filed, FoundTopic, Lost, Work
from nightdesk.tasks.reorganizing.halved_questions import Part, ask_in_parts
from nightdesk.tasks.reorganizing.topic_questions import Question, Topics, questions, smaller
from nightdesk.tasks.roles import chunk_splitter, content_organizer, relationship_checker, topic_finder, topic_locator
from nightdesk.tasks.roles.relationship_checker import Topic

Progress = Callable[[int, int], None]  # (done, of)
Asked = list[tuple[Work, int, RoleRequest]]  # (document, index of the chunk, question)


@dataclass(frozen=True, slots=True)
class Comparing:
    """Topics of one document of which some may be one. roots: what each is called in the groups that are found."""

    work: Work
    roots: Sequence[Topic]
    topics: Topics


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


async def relate(router: Router, batch: Batch, progress: Progress) -> None:
    """Join the topics of each document that are one story."""
    comparing: list[Comparing] = []
    for work in batch.works:
        work.joined = relationship_checker.stitch(work.placed)
        stories = work.stories()
        texts = [[work.document.texts[p] for p in s.positions] for s in stories]
        topics = Topics([work.lead(s).title for s in stories], texts, work.document.language)
        comparing.append(Comparing(work, [s.root for s in stories], topics))
    for work, groups in zip(batch.works, await compare(router, comparing, progress), strict=True):
        # At once: a topic is in one question, and each merge goes through all topics.
        work.joined = relationship_checker.merge(work.joined, groups)


async def compare(router: Router, comparing: Sequence[Comparing], progress: Progress) -> list[list[list[Topic]]]:
    """Ask which topics are one; return the groups of each document. It is noted where some could not be compared."""
    asked: list[tuple[int, Question]] = []  # the question's numbers count the topics
    for k, its in enumerate(comparing):
        budgets = router.plans.budgets_of("relationship_checker", its.work.weights_version, its.topics.language)
        made = await questions(its.topics, budgets, router.embed)
        _not_compared(its.work, len(made.left), "longer than any model of the pool can be asked at once")
        asked += [(k, question) for question in made.asked]
    done, of = 0, len(asked)

    def on_done() -> None:
        nonlocal done
        done += 1
        progress(done, of)

    groups: list[list[list[Topic]]] = [[] for _ in comparing]
    while asked:
        outcomes = await router.ask([_unit(comparing[k].work, question) for k, question in asked], on_done)
        again: list[tuple[int, Question]] = []
        for (k, question), outcome in zip(asked, outcomes, strict=True):
            its = comparing[k]
            if outcome.answer is not None:
                shown = [its.roots[n] for n in question.numbers]
                groups[k] += [[shown[n - 1] for n in g.numbers] for g in outcome.answer.groups if g.numbers]
            elif outcome.too_long:
                made = await smaller(question, its.topics, router.embed)
                _not_compared(its.work, len(made.left), outcome.reason)
                again += [(k, q) for q in made.asked]
            else:
                _not_compared(its.work, len(question.numbers), outcome.reason)
        asked, of = again, of + len(again)
    return groups


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


def _unit(work: Work, question: Question) -> Unit:
    name = f"{work.document.doc_id}/r{digest(question.numbers)[:12]}"
    return Unit(work.document.doc_id, name, work.weights_version, question.request)


def _not_compared(work: Work, topics: int, why: str | None) -> None:
    """Say of a document that some of its topics were not compared with the others."""
    if topics:
        work.unjoined = True
        work.notes.append(f"one story may stand as several topics, since {topics} were not compared: {why}")


async def _ask_chunks(router: Router, asked: Asked, progress: Progress) -> list[list[Part]]:
    units = [Unit(w.document.doc_id, w.chunks[k].chunk_id, w.weights_version, request) for w, k, request in asked]
    return await ask_in_parts(router, units, progress)
