"""An answer made worse at random, so that its expected accuracy by the role's own measure is what was asked for."""

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace

from nightdesk.tasks.messages import Answer, Group, RoleRequest
from nightdesk.tasks.roles.registry import MODULES

MOST_STEPS = 500
Step = Callable[[RoleRequest, Answer, random.Random], Answer]


def spoil(request: RoleRequest, truth: Answer, accuracy: float, rng: random.Random) -> Answer:
    """Return `truth` spoiled to an accuracy in [0, 1]."""
    match request.role:
        case "topic_finder":
            return _stepwise(request, truth, accuracy, rng, _worse_topics)
        case "relationship_checker":
            return _stepwise(request, truth, accuracy, rng, _worse_stories)
        case "topic_locator":
            labels = tuple(str(k) for k in range(1, len(request.labels) + 1))
        case "content_organizer":
            labels = request.labels
    return _moved(truth, labels, accuracy, rng)


def _moved(truth: Answer, labels: tuple[str, ...], accuracy: float, rng: random.Random) -> Answer:
    """Move each sentence to another label with probability 1 - accuracy; where there is no other, leave it out."""
    groups: dict[str, list[int]] = defaultdict(list)
    for group in truth.groups:
        others = [label for label in labels if label != group.label]
        for number in group.numbers:
            if rng.random() < accuracy:
                groups[group.label].append(number)
            elif others:
                groups[rng.choice(others)].append(number)
    return Answer(tuple(Group(label, tuple(sorted(groups[label]))) for label in labels if groups[label]))


def _stepwise(request: RoleRequest, truth: Answer, accuracy: float, rng: random.Random, step: Step) -> Answer:
    """Spoil by steps until the accuracy is passed; take the last step so often that the expectation is met."""
    agreement = MODULES[request.role].agreement
    answer, grade = truth, 1.0
    for _ in range(MOST_STEPS):
        if grade <= accuracy:
            break
        worse = step(request, answer, rng)
        worse_grade = agreement(request, worse, truth)
        if worse_grade < accuracy:
            return worse if rng.random() < (grade - accuracy) / (grade - worse_grade) else answer
        answer, grade = worse, worse_grade
    return answer


def _worse_topics(request: RoleRequest, answer: Answer, rng: random.Random) -> Answer:
    """Run two neighbouring topics together, or see one where there is none."""
    groups = list(answer.groups)
    named = {n for g in groups for n in g.numbers}
    free = [n for n in range(1, len(request.items) + 1) if n not in named]
    if len(groups) > 1 and (not free or rng.random() < 0.5):
        k = rng.randrange(len(groups) - 1)
        both = Group(groups[k].label, tuple(sorted({*groups[k].numbers, *groups[k + 1].numbers})))
        groups[k : k + 2] = [both]
    elif free:
        n = rng.choice(free)
        groups.append(Group(f"Aside {n}", (n,)))
    return Answer(tuple(groups))


def _worse_stories(request: RoleRequest, answer: Answer, rng: random.Random) -> Answer:
    """Take a topic out of its story, or put it into one where it does not belong."""
    n = rng.randint(1, len(request.items))
    groups = [replace(g, numbers=tuple(k for k in g.numbers if k != n)) for g in answer.groups]
    if groups == list(answer.groups):
        grouped = {k for g in groups for k in g.numbers}
        alone = [k for k in range(1, len(request.items) + 1) if k not in grouped and k != n]
        k = rng.randrange(len(groups) + 1)
        if k < len(groups):
            groups[k] = replace(groups[k], numbers=(*groups[k].numbers, n))
        elif alone:
            groups.append(Group("", tuple(sorted((n, rng.choice(alone))))))
    return Answer(tuple(g for g in groups if len(g.numbers) > 1))
