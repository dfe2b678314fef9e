"""The format checker: what every answer passes before it is used. A role served by code.

An answer must parse, name only numbers that it was shown, and place each at most once. What fails is asked again once
with the error, then of the next model, and at last its sentences are filed as unplaced with the reason.
"""

from collections import Counter
from collections.abc import Callable

from nightdesk.tasks.messages import Answer, RoleRequest

MOST_NAMED = 5  # numbers named in a message


def check(request: RoleRequest, answer: Answer, check_labels: Callable[[RoleRequest, Answer], list[str]]) -> list[str]:
    """Return what is wrong with an answer, a line each; an empty list lets it pass. check_labels is the role's own."""
    n = len(request.items)
    counts = Counter(number for g in answer.groups for number in g.numbers)
    problems = []
    if len(answer.groups) > (most := n + len(request.labels)):
        problems.append(f"{len(answer.groups)} groups; no more than {most} can have numbers")
    if unknown := sorted(x for x in counts if not 1 <= x <= n):
        problems.append(f"numbers that were never shown (1..{n} were): {_few(unknown)}")
    if twice := sorted(x for x, times in counts.items() if times > 1):
        problems.append(f"numbers placed more than once: {_few(twice)}")
    if any(g.confidence and len(g.confidence) != len(g.numbers) for g in answer.groups):
        problems.append("as many confidences as numbers are needed, or none")
    return problems + check_labels(request, answer)


def _few(numbers: list[int]) -> str:
    more = f" and {len(numbers) - MOST_NAMED} more" if len(numbers) > MOST_NAMED else ""
    return ", ".join(map(str, numbers[:MOST_NAMED])) + more
