"""The runs of sentences of a topic that grows: cut, joined, and what its row says of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Span = Mapping[str, int]  # first, last: positions, both included


def cut_before(spans: Iterable[Span], first: int) -> list[Span]:
    """Return what of some runs, which are in order, lies before a position."""
    return [{"first": s["first"], "last": min(s["last"], first - 1)} for s in spans if s["first"] < first]


def without(spans: Iterable[Span], positions: Iterable[int]) -> list[Span]:
    """Take single positions out of some runs, which are in order."""
    gone = sorted(positions)
    left: list[Span] = []
    for span in spans:
        first = span["first"]
        for position in (p for p in gone if span["first"] <= p <= span["last"]):
            if first < position:
                left.append({"first": first, "last": position - 1})
            first = position + 1
        if first <= span["last"]:
            left.append({"first": first, "last": span["last"]})
    return left


def joined(spans: Sequence[Span], more: Sequence[Span]) -> list[Span]:
    """Put runs behind others; two become one where they touch."""
    if spans and more and spans[-1]["last"] + 1 == more[0]["first"]:
        return [*spans[:-1], {"first": spans[-1]["first"], "last": more[0]["last"]}, *more[1:]]
    return [*spans, *more]


def columns_of(spans: Sequence[Span]) -> dict[str, Any]:
    """Return the columns of a topic that follow from its runs, at least one."""
    count = sum(s["last"] - s["first"] + 1 for s in spans)
    return {
        "sentences": count,
        "first_position": spans[0]["first"],
        "last_position": spans[-1]["last"],
        "spans": list(spans),
    }
