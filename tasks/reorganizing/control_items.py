"""Control items: each night a few labelled chunks of our own are answered, so that somebody knows the truth.

Models judge each other by their own answers; how good all of them are, and how severe a judge is, no agreement among
them can tell. A control item can: every model of the pool answers its four questions, the labels grade every answer,
and so does every model that may judge it. All of it is booked as judging and paid once: an item's answer comes from the
store the next time, and what comes from the store teaches nothing, so each night has new items until all are known.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from nightdesk.role_rl.judges import LABELS, may_judge
from nightdesk.role_rl.sampling import Decision
from nightdesk.tasks.calling.answers.answer_keys import digest
from nightdesk.tasks.calling.call_rows import CallContext, Unit
from nightdesk.tasks.calling.outcomes import Call
from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.config.shipped_data import folder
from nightdesk.tasks.messages import Answer, Group, RoleRequest
from nightdesk.tasks.reading.labelled import Labelled, load_labelled
from nightdesk.tasks.reading.language import detect_language
from nightdesk.tasks.roles import chunk_splitter, content_organizer, relationship_checker, topic_finder, topic_locator
from nightdesk.tasks.roles.registry import MODULES

ANCHORS = 2
"""Sentences of a topic that the locator is told of."""


@dataclass(frozen=True, slots=True)
class ControlItem:
    """One question about a labelled chunk, and what its labels answer."""

    unit: str
    request: RoleRequest
    labels: Answer


async def answer_controls(router: Router, profile: Profile, run_date: date, languages: set[str]) -> int:
    """Have the night's items answered and graded; return how many. languages: of the night's documents."""
    items = nightly_items(profile, run_date, languages)
    await asyncio.gather(*(_answered(router, profile, run_date, item) for item in items))
    return len(items)


def nightly_items(profile: Profile, run_date: date, languages: set[str]) -> list[ControlItem]:
    """Return the items of a date: those of `controls` chunks, the next of all that suit the profile, in turn."""
    if not profile.learner.controls:
        return []
    chunks = [
        (document, chunk, language)
        for document, language in _suitable(profile, languages)
        for chunk in chunk_splitter.split_document(document.doc_id, document.texts, profile.chunks)
    ]
    many = min(profile.learner.controls, len(chunks))
    first = run_date.toordinal() * many
    tonight = [chunks[(first + k) % len(chunks)] for k in range(many)]
    return [item for document, chunk, language in tonight for item in _items(document, chunk, language, profile)]


def _suitable(profile: Profile, languages: set[str]) -> Iterator[tuple[Labelled, str]]:
    """Yield the labelled documents of the profile's categories in some languages."""
    for path in sorted(folder("labels").glob("*.json")):
        document = load_labelled(path)
        if document.passages and document.categories and set(document.categories) <= set(profile.categories):
            language = document.language or detect_language(list(document.texts))  # to tell it loads 20 MB
            if language in languages:
                yield document, language


def _items(document: Labelled, chunk: chunk_splitter.Chunk, language: str, profile: Profile) -> Iterator[ControlItem]:
    """Yield the four roles' questions about a chunk that its labels can answer."""
    texts = document.texts[chunk.start : chunk.end]
    runs = [
        (story, range(max(first - 1, chunk.start) - chunk.start + 1, min(last, chunk.end) - chunk.start + 1))
        for first, last, story in document.passages
    ]
    runs = [(story, numbers) for story, numbers in runs if len(numbers)]
    stories: dict[str, list[int]] = {}
    for story, numbers in runs:
        stories.setdefault(story, []).extend(numbers)

    def item(request: RoleRequest, groups: Sequence[Group]) -> ControlItem:
        return ControlItem(f"control/{chunk.chunk_id}/{request.role}", request, Answer(tuple(groups)))

    yield item(topic_finder.make_request(texts, language), [Group(story, tuple(numbers)) for story, numbers in runs])
    anchors = [tuple(numbers[:: max(1, len(numbers) // ANCHORS)][:ANCHORS]) for numbers in stories.values()]
    yield item(
        topic_locator.make_request(texts, language, list(stories), anchors),
        [Group(str(k), tuple(numbers)) for k, numbers in enumerate(stories.values(), 1)],
    )
    if len(runs) > len(stories) > 1:
        yield item(
            relationship_checker.make_request(
                [texts[numbers[0] - 1] for _, numbers in runs],
                [[texts[n - 1] for n in numbers] for _, numbers in runs],
                language,
            ),
            [Group("", tuple(k for k, (other, _) in enumerate(runs, 1) if other == story)) for story in stories],
        )
    filed: dict[str, list[int]] = {}
    for position in range(chunk.start + 1, chunk.end + 1):
        labels = document.labels.get(position)
        if labels:
            filed.setdefault(min(labels)[1], []).append(position - chunk.start)
    if sum(map(len, filed.values())) == len(texts):
        yield item(
            content_organizer.make_request(texts, language, list(profile.categories)),
            [Group(category, tuple(numbers)) for category, numbers in filed.items()],
        )


async def _answered(router: Router, profile: Profile, run_date: date, item: ControlItem) -> None:
    """Have every model answer one item, and write down what its labels and the other models say of each answer."""
    arms = [arm for arm in profile.arms() if arm.lane == "sync" and arm.model not in profile.exclude]
    names = tuple(sorted(arm.name for arm in arms))
    unit = Unit(item.unit.rpartition("/")[0], item.unit, 0, item.request)
    drawn = Decision("", None, True, names, {}, {})
    context = CallContext(profile.name, unit, drawn, digest(profile.name, run_date.isoformat(), item.unit))
    answers = {name: use for name, use in (await router.ask_all(context, names)).items() if use.answer is not None}
    for arm in arms:
        use = answers.get(arm.name)
        if use is None or not use.own:
            continue
        _grade(router, item, use, LABELS, LABELS, item.labels)
        for judge in arms:
            other = answers.get(judge.name)
            if other is not None and may_judge(judge.model, judge.family, arm.model, arm.family, [judge]):
                _grade(router, item, use, judge.model, judge.family, other.answer)


def _grade(router: Router, item: ControlItem, use: Call, judge: str, family: str, reference: Answer | None) -> None:
    if use.answer is None or reference is None:
        return
    accuracy = MODULES[item.request.role].agreement(item.request, use.answer, reference)
    router.ledger.judgements.append(
        {
            "call_id": use.record["call_id"],
            "judge": judge,
            "judge_family": family,
            "accuracy": min(1.0, max(0.0, accuracy)),
            "weight": 1.0,
            "cost_usd": 0.0,  # the answers cost, and they are calls of their own
            "control": True,
        }
    )
