"""The topic finder: what is a chunk about? Answers one group a topic: its title, and sentences typical of it."""

import re
from collections.abc import Container, Iterable, Iterator, Sequence
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
SMALL_TALK = {"en": "Small Talk", "zh": "闲聊"}
"""What a topic is called that is about nothing, by language; the greetings of one document are one topic."""
_NUMBER = re.compile(r"(?:(?:^| )\(\d{1,6}\))+$")


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


def numberless(title: str) -> str:
    """Return a title without the number that tells it from others of its document."""
    return _NUMBER.sub("", title)


def is_small_talk(title: str) -> bool:
    """Whether a topic is called small talk, numbered or not."""
    return numberless(title) in SMALL_TALK.values()


def free_title(titles: Sequence[str], taken: Container[str], longest: int = LONGEST_TITLE) -> str:
    """Return the first title that no other topic has, else the first one numbered: "Glass Kettle (2)".

    A number that a title has already, because it was not the only one in its chunk, is replaced.
    """
    return next(t for t in chain(titles, numbered(titles[0], longest)) if t not in taken)


def numbered(title: str, longest: int = LONGEST_TITLE, first: Iterable[int] | None = None) -> Iterator[str]:
    """Yield a title without its number, then with each number from 2 on; none has two."""
    stem = numberless(title)
    if stem:
        yield stem
    short = stem[: longest - 8].rstrip()
    yield from (f"{short} ({k})".lstrip() for k in first or count(2))


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
