"""What runs on a Dask worker: an embedded model files sentences of tails under topics and categories. No state.

Either the topics of the sentences are found anew, or the sentences are located among topics that are known. Both are
asked in the words of the roles, so any embedded model can do it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nightdesk.tasks.messages import RoleRequest, Sent
from nightdesk.tasks.models.address import ModelAddress
from nightdesk.tasks.models.registry import build
from nightdesk.tasks.roles import content_organizer, relationship_checker, topic_finder, topic_locator

UNKNOWN = -1  # the topic of a sentence that has none
Shared = tuple[ModelAddress, tuple[str, ...], tuple[str, ...]]  # the model, the categories and their meanings


@dataclass(frozen=True, slots=True)
class ShownTopic(Sent):
    """A topic that sentences may be of: its title, and a few sentences of it."""

    title: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TailWork(Sent):
    """Sentences to file. before: those that stand before them; before_topics: their topics, as indexes (or UNKNOWN).

    topics: those that are known, that which was heard last standing last. anew: whether to find the topics anew.
    """

    language: str
    before: tuple[str, ...]
    before_topics: tuple[int, ...]
    texts: tuple[str, ...]
    topics: tuple[ShownTopic, ...]
    anew: bool


@dataclass(frozen=True, slots=True)
class TailAnswer(Sent):
    """Where the sentences belong. titles: of topics that are new. topics: of each sentence, as an index into those that
    were known and then the new ones. filed: category and confidence of each. error: why there is nothing of this.
    """

    titles: tuple[str, ...] = ()
    topics: tuple[int, ...] = ()
    filed: tuple[tuple[str, float | None], ...] = ()
    error: str = ""


def file_group(shared: Shared, works: Sequence[TailWork]) -> list[TailAnswer]:
    """File the sentences of several tails."""
    address, categories, meanings = shared
    model = build(address)
    return [_filed(model, work, categories, meanings) for work in works]


def _filed(model: Any, work: TailWork, categories: Sequence[str], meanings: Sequence[str]) -> TailAnswer:
    try:
        titles, topics = _found(model, work) if work.anew or not work.topics else ((), _located(model, work))
        return TailAnswer(titles, topics, _organized(model, work, categories, meanings))
    except Exception as e:  # noqa: BLE001  (a text that a model cannot take must not keep its neighbours from theirs)
        return TailAnswer(error=f"{type(e).__name__}: {e}")


def _organized(
    model: Any, work: TailWork, categories: Sequence[str], meanings: Sequence[str]
) -> tuple[tuple[str, float | None], ...]:
    """File the sentences under categories, as they stand behind those before them."""
    n = len(work.before)
    answer = model.compute(
        content_organizer.make_request((*work.before, *work.texts), work.language, categories, meanings)
    )
    filed: list[tuple[str, float | None]] = [(categories[0], None)] * (n + len(work.texts))
    for group in answer.groups:
        for k, number in enumerate(group.numbers):
            filed[number - 1] = group.label, group.confidence[k] if group.confidence else None
    return tuple(filed[n:])


def _located(model: Any, work: TailWork) -> tuple[int, ...]:
    """Put the sentences under the known topics. These are shown as runs of sentences that stand before."""
    items: list[str] = []
    anchors: list[list[int]] = []
    for topic in work.topics:
        anchors.append(list(range(len(items) + 1, len(items) + len(topic.texts) + 1)))
        items += topic.texts
    for text, k in zip(work.before, work.before_topics, strict=True):
        items.append(text)
        if k != UNKNOWN:
            anchors[k].append(len(items))
    request = topic_locator.make_request(
        (*items, *work.texts), work.language, [t.title for t in work.topics], [tuple(numbers) for numbers in anchors]
    )
    return _filled(_placed(model, request)[len(items) :], _last_known(work))


def _placed(model: Any, request: RoleRequest) -> list[int]:
    """Return the topic of each item, or UNKNOWN."""
    placed = [UNKNOWN] * len(request.items)
    for group in model.compute(request).groups:
        for number in group.numbers:
            placed[number - 1] = int(group.label) - 1
    return placed


def _filled(placed: Sequence[int], last: int) -> tuple[int, ...]:
    """Return topics where what was left out goes on with the sentence before it."""
    filled = []
    for k in placed:
        last = last if k == UNKNOWN else k
        filled.append(last)
    return tuple(filled)


def _last_known(work: TailWork) -> int:
    return next((k for k in reversed(work.before_topics) if k != UNKNOWN), len(work.topics) - 1)


def _found(model: Any, work: TailWork) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Find the topics anew; return the titles of those that are new, and the topic of each sentence.

    A topic that goes on from the sentences before is that of the last of them. Of the others, some are one with a known
    topic or with one another, by the words of the relationship checker.
    """
    n = len(work.before)
    items = (*work.before, *work.texts)
    groups = [g for g in model.compute(topic_finder.make_request(items, work.language)).groups if g.numbers]
    titles = [topic_finder.clean_title(g.label) or "…" for g in groups]
    request = topic_locator.make_request(items, work.language, titles, [g.numbers for g in groups])
    placed = list(_filled(_placed(model, request), 0))
    goes_on = {k: t for k, t in zip(placed, work.before_topics, strict=False) if t != UNKNOWN}  # found -> known topic
    begun = [k for k in dict.fromkeys(placed[n:]) if k not in goes_on]
    named = _related(model, work, {k: titles[k] for k in begun}, placed[n:])
    new: dict[int, int] = {}
    for k in begun:
        if (same := named[k]) not in range(len(work.topics)):
            new.setdefault(same, len(work.topics) + len(new))
    of = goes_on | {k: new.get(named[k], named[k]) for k in begun}
    first = {name: next(k for k in begun if named[k] == name) for name in new}
    return tuple(titles[first[name]] for name in new), tuple(of[k] for k in placed[n:])


def _related(model: Any, work: TailWork, titles: dict[int, str], placed: Sequence[int]) -> dict[int, int]:
    """Return found topic -> the index of the known topic that it is one with, else a number for each new one.

    That number is above those of the known topics, and the same where two found topics are one.
    """
    known = len(work.topics)
    begun = list(titles)
    named = {k: known + at for at, k in enumerate(begun)}
    if known + len(begun) < 2 or not begun:
        return named
    shown = [t.title for t in work.topics] + [titles[k] for k in begun]
    texts: list[Sequence[str]] = [t.texts for t in work.topics]
    texts += [[text for text, its in zip(work.texts, placed, strict=True) if its == k] for k in begun]
    for group in model.compute(relationship_checker.make_request(shown, texts, work.language)).groups:
        its = [number - 1 for number in group.numbers]
        same = max((k for k in its if k < known), default=min(its))
        named |= {begun[k - known]: same for k in its if k >= known}
    return named
