"""The content organizer: which category does each sentence of a chunk belong to? Answers numbers, never text."""

from collections.abc import Sequence

from nightdesk.tasks.messages import Answer, RoleRequest
from nightdesk.tasks.roles.agreement import share_equal

VERSION = 2
PROMPT = """\
File every numbered sentence under exactly one of the categories below, by what the sentence itself does where it
stands. Answer one group per category: as label the category's name, as numbers its sentences. For the category with the
most sentences write "rest" as its numbers: all that the others do not name."""


def make_request(
    texts: Sequence[str], language: str, categories: Sequence[str], meanings: Sequence[str] = ()
) -> RoleRequest:
    """Ask for the category of each of a chunk's sentences; meanings: what each category stands for."""
    return RoleRequest("content_organizer", language, tuple(texts), tuple(categories), meanings=tuple(meanings))


def check(request: RoleRequest, answer: Answer) -> list[str]:
    """Return what is wrong with an answer's labels, a line each."""
    return [f"{g.label!r} is not a category" for g in answer.groups if g.label not in request.labels]


def agreement(request: RoleRequest, answer: Answer, reference: Answer) -> float:
    """Share of the sentences that two answers file under the same category."""
    return share_equal(answer, reference, len(request.items))
