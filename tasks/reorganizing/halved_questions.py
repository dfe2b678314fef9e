"""Questions about chunks that are longer than any model can read: asked in halves, whose answers stand side by side."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from nightdesk.tasks.calling.call_rows import Unit
from nightdesk.tasks.calling.outcomes import Outcome
from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.messages import RoleRequest

MOST_HALVINGS = 4
"""How often a question is halved because a provider says so: its words may mean something that no halving mends."""

Progress = Callable[[int, int], None]  # (done, of)


class Part(NamedTuple):
    """What came of the part of a question that begins after `before` of its items."""

    before: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class _Piece:
    number: int  # of the question it is a piece of
    before: int
    unit: Unit
    refused: int = 0  # how often a provider found what it is a piece of too long


def halves(request: RoleRequest) -> tuple[RoleRequest, RoleRequest]:
    """Cut a question about two or more sentences in two: every sentence is in one half, every label in both."""
    middle = len(request.items) // 2

    def half(first: int, end: int) -> RoleRequest:
        anchors = tuple(tuple(n - first for n in named if first < n <= end) for named in request.anchors)
        return replace(request, items=request.items[first:end], anchors=anchors)

    return half(0, middle), half(middle, len(request.items))


async def ask_in_parts(router: Router, units: Sequence[Unit], progress: Progress) -> list[list[Part]]:
    """Have every question answered, in halves where no model can read it at once.

    Returns the parts of each question in order; together they hold each of its items once.
    """
    parts: list[list[Part]] = [[] for _ in units]
    pieces = [_Piece(k, 0, unit) for k, unit in enumerate(units)]
    done, of = 0, len(units)

    def on_done() -> None:
        nonlocal done
        done += 1
        progress(done, of)

    while pieces:
        outcomes = await router.ask([p.unit for p in pieces], on_done)
        again: list[_Piece] = []
        for piece, outcome in zip(pieces, outcomes, strict=True):
            if _may_be_halved(piece, outcome):
                again += _in_two(piece, outcome)
            else:
                parts[piece.number].append(Part(piece.before, outcome))
        pieces, of = again, of + len(again)
    return [sorted(found, key=lambda part: part.before) for found in parts]


def _may_be_halved(piece: _Piece, outcome: Outcome) -> bool:
    return bool(outcome.too_long) and len(piece.unit.request.items) > 1 and piece.refused < MOST_HALVINGS


def _in_two(piece: _Piece, outcome: Outcome) -> list[_Piece]:
    refused, before = piece.refused + (outcome.too_long == "provider"), piece.before
    pieces = []
    for request in halves(piece.unit.request):
        last = before + len(request.items)
        unit = replace(piece.unit, unit=f"{piece.unit.unit.partition('#')[0]}#{before + 1}-{last}", request=request)
        pieces.append(_Piece(piece.number, before, unit, refused))
        before = last
    return pieces
