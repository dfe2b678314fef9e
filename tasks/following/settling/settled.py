"""What one round of settling made of one document of a stream, ready to be audited and published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Settled:
    """Rows of a document as far as a round has changed them. Positions count from 1.

    first, last: the sentences that are new, all of them in `passages`; last < first if there are none.
    passages, topics, document: rows as dicts, with the columns of the contracts but run_id. topics: those that are new,
    and those that have changed, each whole. document: of all that is settled so far.
    topic_sentences_before: topic_id -> its sentences that were published before this round, of the topics in `topics`.
    merged: topic_id -> the earlier topic that it was found to be a part of in this round; its own row stands until the
    day ends.
    is_closed: whether the document is over and every sentence of it is settled.
    """

    doc_id: str
    first: int
    last: int
    passages: Sequence[Mapping[str, Any]]
    topics: Sequence[Mapping[str, Any]]
    document: Mapping[str, Any]
    topic_sentences_before: Mapping[str, int] = field(default_factory=dict)
    merged: Mapping[str, str] = field(default_factory=dict)
    is_closed: bool = False
