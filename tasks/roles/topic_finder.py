"""The topic finder: what is a chunk about? Answers one group a topic: its title, and sentences typical of it."""

import re
from collections.abc import Container, Sequence
from itertools import chain, count

from nightdesk.tasks.messages import Answer, RoleRequest
from nightdesk.tasks.roles.agreement import bcubed_f1

VERSION = 2
PROMPT = """\
Find the topics of the numbered sentences. A topic is one story, product or matter that a run of sentences is about; the
next one begins where they turn to something else. Answer one group per topic, in order of appearance: as label a title
of at most ten words in the language of the sentences, naming who or what and what happened; as numbers up to
three sentences: the first and the last of its run, and the one that is most typical of it."""
LONGEST_TITLE = 120  # characters
_NUMBER = re.compile(r"(?: \(\d{1,6}\))+$")


def make_request(texts: Sequence[str], language: str) -> RoleRequest:
    """Ask for the topics of a chunk's sentences."""
    return RoleRequest("topic_finder", language, tuple(texts))


def check(request: RoleRequest, answer: Answer) -> list[str]:
    """Return what is wrong with an answer's labels, a line each."""
    problems = [f"the topic of sentences {g.numbers} has no title" for g in answer.groups if not clean_title(g.label)]
    if not any(g.numbers for g in answer.groups):
        problems.append("no topic was found; every text has at least one")
    return problems


def clean_title(title: str) -> str:
    """Make a model's title safe to show in one line: printable, single-spaced, not endless."""
    printable = "".join(c if c.isprintable() else " " for c in title)
    return " ".join(printable.split())[:LONGEST_TITLE].strip()


def free_title(titles: Sequence[str], taken: Container[str]) -> str:
    """Return the first title that no other topic has, else the first one numbered: "Small Talk (2)".

    A number that a title has already, because it was not the only one in its chunk, is replaced.
    """
    stem = _NUMBER.sub("", titles[0])
    short = stem[: LONGEST_TITLE - 8].rstrip()
    numbered = (f"{short} ({k})" for k in count(2))
    return next(t for t in chain(titles, [stem], numbered) if t and t not in taken)


def agreement(request: RoleRequest, answer: Answer, reference: Answer) -> float:
    """B-cubed F1 of the stretches that two answers' sentences stand for, each sentence counted to the nearest named."""
    return bcubed_f1(_stretches(request, reference), _stretches(request, answer))


def _stretches(request: RoleRequest, answer: Answer) -> list[int]:
    named = sorted((n, k) for k, g in enumerate(answer.groups) for n in g.numbers)
    if not named:
        return [-1] * len(request.items)
    stretches, j = [], 0
    for n in range(1, len(request.items) + 1):
        while j + 1 < len(named) and abs(named[j + 1][0] - n) <= abs(named[j][0] - n):
            j += 1
        stretches.append(named[j][1])
    return stretches
