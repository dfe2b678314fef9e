"""Relating in rounds: a document of more topics than one question holds is asked again about what was joined so far.

Topics of one story that were in different questions could not be joined. So the stories that came of a round are asked
about in the next one, as fewer and larger topics, those together that were not shown together before. What a model has
seen together and not joined stays apart. A round follows only if the last one took more than one question and left at
most MOST_LEFT of the topics, so that all rounds ask about at most 1 / (1 - MOST_LEFT) times the topics of the first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from nightdesk.tasks.calling.answers.answer_keys import digest
from nightdesk.tasks.calling.call_rows import Unit
from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.reorganizing.document_state import Batch, Work
from nightdesk.tasks.reorganizing.halved_questions import Progress
from nightdesk.tasks.reorganizing.relating.topic_questions import MOST_LEFT, Question, Topics, questions, smaller
from nightdesk.tasks.roles import relationship_checker
from nightdesk.tasks.roles.relationship_checker import Shown, Topic


@dataclass(frozen=True, slots=True)
class Comparing:
    """Topics of one document of which some may be one. roots: what each is called in the groups that are found.

    round: counted from 1. shown: for each topic the questions of earlier rounds that it was in; () in the first.
    """

    work: Work
    roots: Sequence[Topic]
    topics: Topics
    round: int = 1
    shown: Sequence[Shown] = ()


@dataclass(slots=True)
class Compared:
    """What came of one round about a document. shown: the topics of each question that got an answer."""

    groups: list[list[Topic]] = field(default_factory=list)
    shown: list[list[Topic]] = field(default_factory=list)


@dataclass(slots=True)
class _Rounds:
    """A document on its way through the rounds. shown: root of a story -> numbers of the questions that it was in."""

    work: Work
    round: int = 0
    asked: int = 0  # questions of all rounds
    shown: dict[Topic, Shown] = field(default_factory=dict)

    def next(self) -> Comparing:
        """Return what the next round asks about."""
        self.round += 1
        work, stories = self.work, self.work.stories()
        texts = [[work.document.texts[p] for p in s.positions] for s in stories]
        topics = Topics([work.lead(s).title for s in stories], texts, work.document.language)
        roots = [s.root for s in stories]
        shown = [self.shown.get(root, frozenset()) for root in roots] if self.round > 1 else ()
        return Comparing(work, roots, topics, self.round, shown)

    def take(self, comparing: Comparing, compared: Compared) -> bool:
        """Carry out the joins of a round; return whether another one follows."""
        # At once: a topic is in one question, and each merge goes through all topics.
        groups = [part for group in compared.groups for part in not_seen_together(group, self.shown)]
        joined = self.work.joined = relationship_checker.merge(self.work.joined, groups)
        shown: dict[Topic, set[int]] = {}
        for root in comparing.roots:
            shown.setdefault(joined[root], set()).update(self.shown.get(root, ()))
        for number, some in enumerate(compared.shown, self.asked):
            for root in some:
                shown[joined[root]].add(number)
        self.asked += len(compared.shown)
        self.shown = {root: frozenset(numbers) for root, numbers in shown.items()}
        return len(compared.shown) > 1 and len(shown) <= MOST_LEFT * len(comparing.roots)


def not_seen_together(group: Sequence[Topic], shown: Mapping[Topic, Shown]) -> list[list[Topic]]:
    """Return a group in parts so that no two topics of a part were in one question of an earlier round."""
    parts: list[tuple[list[Topic], set[int]]] = []
    for topic in sorted(group):
        its = shown.get(topic, frozenset())
        for topics, seen in parts:
            if seen.isdisjoint(its):
                topics.append(topic)
                seen.update(its)
                break
        else:
            parts.append(([topic], set(its)))
    return [topics for topics, _ in parts if len(topics) > 1]


async def relate(router: Router, batch: Batch, progress: Progress) -> None:
    """Join the topics of each document that are one story."""
    for work in batch.works:
        work.joined = relationship_checker.stitch(work.placed)
    going_on, counted = [_Rounds(work) for work in batch.works], Counted(progress)
    while going_on:
        asked = [its.next() for its in going_on]
        answered = await _compare(router, asked, counted)
        going_on = [
            its
            for its, comparing, compared in zip(going_on, asked, answered, strict=True)
            if its.take(comparing, compared)
        ]


@dataclass(slots=True)
class Counted:
    """How many questions are answered, of how many that are known so far."""

    progress: Progress
    done: int = 0
    of: int = 0

    def one_done(self) -> None:
        """Tell that one more is answered."""
        self.done += 1
        self.progress(self.done, self.of)


async def compare(router: Router, comparing: Sequence[Comparing], progress: Progress) -> list[list[list[Topic]]]:
    """Ask in one round which topics are one; return the groups of each document."""
    return [its.groups for its in await _compare(router, comparing, Counted(progress))]


async def _compare(router: Router, comparing: Sequence[Comparing], counted: Counted) -> list[Compared]:
    """Ask which topics are one. It is noted of a document where some could not be compared."""
    asked: list[tuple[int, Question]] = []  # the question's numbers count the topics
    for k, its in enumerate(comparing):
        budgets = router.plans.budgets_of("relationship_checker", its.work.weights_version, its.topics.language)
        made = await questions(its.topics, budgets, router.embed, its.shown)
        if its.round == 1:  # what is too long in a later round was so in the first
            _not_compared(its.work, len(made.left), "longer than any model of the pool can be asked at once")
        asked += [(k, question) for question in made.asked]
    found = [Compared() for _ in comparing]
    while asked:
        counted.of += len(asked)
        outcomes = await router.ask([_unit(comparing[k], question) for k, question in asked], counted.one_done)
        again: list[tuple[int, Question]] = []
        for (k, question), outcome in zip(asked, outcomes, strict=True):
            its = comparing[k]
            if outcome.answer is not None:
                shown = [its.roots[n] for n in question.numbers]
                found[k].shown.append(shown)
                found[k].groups += [[shown[n - 1] for n in g.numbers] for g in outcome.answer.groups if g.numbers]
            elif outcome.too_long:
                made = await smaller(question, its.topics, router.embed)
                _not_compared(its.work, len(made.left), outcome.reason)
                again += [(k, q) for q in made.asked]
            else:
                _not_compared(its.work, len(question.numbers), outcome.reason)
        asked = again
    return found


def _unit(its: Comparing, question: Question) -> Unit:
    """Name a question by the topics that it is about, and by its round, as the numbers of each round count from 0."""
    numbered = digest(question.numbers) if its.round == 1 else digest(its.round, question.numbers)
    name = f"{its.work.document.doc_id}/r{numbered[:12]}"
    return Unit(its.work.document.doc_id, name, its.work.weights_version, question.request)


def _not_compared(work: Work, topics: int, why: str | None) -> None:
    """Say of a document that some of its topics were not compared with the others."""
    if topics:
        work.unjoined = True
        work.notes.append(f"one story may stand as several topics, since {topics} were not compared: {why}")
