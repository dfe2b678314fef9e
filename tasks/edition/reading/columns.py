"""The tables of a night as columns: numbers in numpy, text in Arrow, and no Python object for a row.

Documents, topics, categories, reasons and models stand as numbers, which count from 0; -1 is none. A million sentences
take about 40 bytes each beside their text.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nightdesk.tasks.edition.reading.growing import Growing, GrowingTexts
from nightdesk.tasks.tables import parts
from nightdesk.tasks.tables.broken_parts import read_part
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.read import naming_what_is_broken

Numbers = NDArray[np.int32]
_DOCUMENTS = ["doc_id", "source", "title", "language", "sentences", "status", "reason", "profile", "run_id"]
_PASSAGES = ["position", "start_s", "category", "confidence", "reason", "organizer_model"]
_TOPICS = ["doc_id", "topic_id", "title", "story_id", "sentences"]


class Names:
    """Names by number, in the order in which they are first met."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def numbers(self, column: pa.ChunkedArray) -> Numbers:
        """Return the number of each name of a column; -1 for null."""
        encoded = _one(column).dictionary_encode()
        known = [self._numbers.setdefault(name, len(self._numbers)) for name in encoded.dictionary.to_pylist()]
        places: NDArray[np.int32] = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        numbers: Numbers = np.array([*known, -1], np.int32)[places]
        return numbers

    def all(self) -> list[str]:
        """Return the names."""
        return list(self._numbers)


@dataclass(frozen=True, slots=True)
class Passages:
    """One entry a sentence, in the order in which the parts are read. confidence: 0 and start_s: NaN where null."""

    document: Numbers
    position: Numbers
    topic: Numbers
    category: Numbers
    reason: Numbers
    model: Numbers
    confidence: NDArray[np.float64]
    start_s: NDArray[np.float64]
    text: pa.LargeStringArray
    categories: list[str]
    reasons: list[str]
    models: list[str]


@dataclass(frozen=True, slots=True)
class Topics:
    """One entry a topic of a document that is published."""

    document: Numbers
    topic_id: pa.Array
    title: pa.Array
    story_id: pa.Array
    sentences: pa.Array


def documents_of(out: Path, run_date: date) -> pa.Table:
    """Return the rows of all documents of a date, by doc_id; their profile is filled in from the calls if it is null.

    Raises:
        InputError: a part cannot be read.
    """
    rows = _whole(out, "documents", run_date, _DOCUMENTS).sort_by("doc_id")
    if not rows["profile"].null_count:
        return rows
    profile_of: dict[str, str] = {}  # of a run; contracts before version 3 left it to the calls
    for calls in _tables(out, "calls", run_date, ["run_id", "profile"]):
        pairs = calls.group_by(["run_id", "profile"]).aggregate([])
        profile_of.update((c["run_id"], c["profile"]) for c in pairs.to_pylist())
    known = rows.select(["profile", "run_id"]).to_pylist()
    profiles = pa.array([d["profile"] or profile_of.get(d["run_id"]) for d in known], pa.string())
    return rows.set_column(rows.schema.get_field_index("profile"), "profile", profiles)


def topics_of(out: Path, run_date: date, doc_ids: pa.Array) -> Topics:
    """Return the topics of published documents.

    Raises:
        InputError: a part cannot be read.
    """
    rows = _whole(out, "topics", run_date, _TOPICS)
    document = _numbers_in(rows["doc_id"], doc_ids)
    if not (document >= 0).all():
        rows, document = rows.filter(pa.array(document >= 0)), document[document >= 0]
    topics = Topics(document, *(_one(rows[c]) for c in _TOPICS[1:]))
    del rows
    pa.default_memory_pool().release_unused()
    return topics


def passages_of(out: Path, run_date: date, doc_ids: pa.Array, topic_ids: pa.Array) -> Passages:
    """Return the sentences of published documents; part by part, so that no more is held than what is kept.

    Raises:
        InputError: a part cannot be read.
    """
    categories, reasons, models = Names(), Names(), Names()
    document, position, topic, category, reason, model = (Growing(np.int32) for _ in range(6))
    confidence, start_s, texts = Growing(np.float64), Growing(np.float64), GrowingTexts()
    for part in parts.find(out, "passages", [run_date]):
        # A few columns at a time, because ids and text take several times what is kept of them.
        known = _numbers_in(_part(out, "passages", part.path, ["doc_id"])["doc_id"], doc_ids)
        is_kept = None if (known >= 0).all() else pa.array(known >= 0)
        document.add(known[known >= 0])
        topic.add(_numbers_in(_kept(out, part.path, ["topic_id"], is_kept)["topic_id"], topic_ids))
        rows = _kept(out, part.path, _PASSAGES, is_kept)
        position.add(rows["position"].to_numpy())
        category.add(categories.numbers(rows["category"]))
        reason.add(reasons.numbers(pc.if_else(pc.equal(rows["reason"], ""), None, rows["reason"])))
        model.add(models.numbers(rows["organizer_model"]))
        confidence.add(pc.fill_null(rows["confidence"], 0.0).to_numpy())
        start_s.add(pc.fill_null(rows["start_s"], float("nan")).to_numpy())
        texts.add(_kept(out, part.path, ["text"], is_kept)["text"])
        del rows
        pa.default_memory_pool().release_unused()  # else what reading a part took stays with the process
    return Passages(
        document.values(),
        position.values(),
        topic.values(),
        category.values(),
        reason.values(),
        model.values(),
        confidence.values(),
        _timed(start_s.values()),
        texts.values(),
        categories.all(),
        reasons.all(),
        models.all(),
    )


def _timed(starts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return times as they are; if none is known, one NaN that stands for all and takes no memory."""
    return np.broadcast_to(np.float64("nan"), starts.shape) if np.isnan(starts).all() else starts


def earlier_topics_of(out: Path, run_date: date, columns: list[str]) -> pa.Table:
    """Return columns of the topics of an earlier date. Parts that cannot be read are named and left out."""
    return parts.read(out, "topics", [run_date], columns)


def _tables(out: Path, table: str, run_date: date, columns: list[str]) -> Iterator[pa.Table]:
    """Yield the parts of a table; columns that an earlier version lacks are null."""
    for part in parts.find(out, table, [run_date]):
        yield _part(out, table, part.path, columns)


def _kept(out: Path, path: Path, columns: list[str], is_kept: pa.Array | None) -> pa.Table:
    """Return columns of a part of `passages`. is_kept: of each row; None if all are."""
    rows = _part(out, "passages", path, columns)
    return rows if is_kept is None else rows.filter(is_kept)


def _part(out: Path, table: str, path: Path, columns: list[str]) -> pa.Table:
    with naming_what_is_broken(out, table):
        rows = read_part(path, columns, table)
    return contract(table).conform(rows, columns)


def _whole(out: Path, table: str, run_date: date, columns: list[str]) -> pa.Table:
    c = contract(table)
    return pa.concat_tables([c.conform(c.schema.empty_table(), columns), *_tables(out, table, run_date, columns)])


def _numbers_in(column: pa.ChunkedArray, known: pa.Array) -> Numbers:
    numbers: Numbers = pc.fill_null(pc.index_in(column, known), -1).to_numpy().astype(np.int32, copy=False)
    return numbers


def _one(column: pa.ChunkedArray) -> pa.Array:
    made = column.combine_chunks()
    return pa.concat_arrays(made.chunks) if isinstance(made, pa.ChunkedArray) else made
