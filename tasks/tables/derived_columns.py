"""Columns that follow from other rows: of a passage without a place, of a topic, of a document."""

from collections import Counter
from typing import Any

from nightdesk.tasks.config.profile import UNPLACED


def unplaced(reason: str) -> dict[str, Any]:
    """Return the columns of a passage that has no place."""
    return {"topic_id": None, "topic": None, "category": UNPLACED, "reason": reason, "confidence": None}


def extent(positions: list[int]) -> dict[str, Any]:
    """Return the columns of a topic that follow from the positions of its sentences (1..n, any order)."""
    ordered = sorted(positions)
    spans: list[dict[str, int]] = []
    for p in ordered:
        if spans and spans[-1]["last"] == p - 1:
            spans[-1]["last"] = p
        else:
            spans.append({"first": p, "last": p})
    return {"sentences": len(ordered), "first_position": ordered[0], "last_position": ordered[-1], "spans": spans}


def recount(
    documents: list[dict[str, Any]], passages: list[dict[str, Any]], topics: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return document rows with placed, unplaced and topics counted from the rows that will be published."""
    placed = Counter(p["doc_id"] for p in passages if p["category"] != UNPLACED)
    total = Counter(p["doc_id"] for p in passages)
    of = Counter(t["doc_id"] for t in topics)
    return [
        {**d, "placed": placed[i], "unplaced": total[i] - placed[i], "topics": of[i]}
        for d in documents
        for i in [d["doc_id"]]
    ]
