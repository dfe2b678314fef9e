"""What was published of tonight's documents before: under this date, or else under the last one before it.

The index of known documents says in which parts they stand, so that nothing is read of documents that are new.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nightdesk.tasks.reorganizing.ids.first_sight import is_of_a_sentence, sentence_names
from nightdesk.tasks.reorganizing.ids.kept import Standing, StandingTopic
from nightdesk.tasks.tables import parts
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.index.known_documents import KnownDocument, KnownDocuments
from nightdesk.tasks.tables.places import is_of_streams

_PASSAGES = ["doc_id", "position", "text", "topic_id"]
_TOPICS = ["doc_id", "topic_id", "story_id", "vector", "aliases", "vector_kind"]
_Place = tuple[date, str]  # run_date, name of the part


class Published:
    """Finds how documents stand, for one run. All dates are looked at once, then this one alone."""

    def __init__(self, out: Path, run_date: date) -> None:
        self._out, self._day = out, run_date
        self._looked = False

    def of(self, doc_ids: Collection[str]) -> dict[str, Standing]:
        """Return how documents stand, of those that do.

        Raises:
            StoreError: the index cannot be read or written.
        """
        if not doc_ids or not (self._out / "tables" / "documents").is_dir():
            return {}
        with KnownDocuments(self._out, [self._day] if self._looked else None) as known:
            newest = _newest(known.of_ids(doc_ids), self._day)
        self._looked = True
        by_place: dict[_Place, list[str]] = defaultdict(list)
        for document in newest.values():
            by_place[document.run_date, document.part].append(document.doc_id)
        found: dict[str, Standing] = {}
        for (day, part), its in by_place.items():
            found |= self._standing(day, part, its)
        return found

    def _standing(self, day: date, part: str, doc_ids: list[str]) -> dict[str, Standing]:
        topics: dict[str, dict[str, StandingTopic]] = defaultdict(dict)
        for row in self._rows("topics", _TOPICS, day, part, doc_ids).to_pylist():
            if day == self._day or is_of_a_sentence(row["topic_id"], row["doc_id"]):  # order numbers are of one date
                its = StandingTopic(row["story_id"], row["vector"], tuple(row["aliases"] or ()), row["vector_kind"])
                topics[row["doc_id"]][row["topic_id"]] = its
        passages = self._rows("passages", _PASSAGES, day, part, doc_ids)
        passages = passages.sort_by([("doc_id", "ascending"), ("position", "ascending")])
        texts: dict[str, list[str]] = defaultdict(list)
        of: dict[str, list[str | None]] = defaultdict(list)
        for doc_id, text, topic in zip(*(passages[c].to_pylist() for c in ("doc_id", "text", "topic_id")), strict=True):
            texts[doc_id].append(text)
            of[doc_id].append(topic if topic in topics[doc_id] else None)
        return {doc_id: Standing(day, sentence_names(texts[doc_id]), of[doc_id], topics[doc_id]) for doc_id in texts}

    def _rows(self, table: str, columns: list[str], day: date, part: str, doc_ids: Iterable[str]) -> pa.Table:
        wanted = pc.field("doc_id").isin(sorted(doc_ids))

        def look() -> list[parts.Part]:
            found = parts.find(self._out, table, [day])
            if is_of_streams(part.removesuffix(".parquet")):  # its rows may be in all parts of their kind
                return [p for p in found if is_of_streams(p.place.stem)]
            return [p for p in found if p.place.name == part]

        def work(found: list[parts.Part]) -> pa.Table:
            c = contract(table)
            rows = [c.conform(c.schema.empty_table(), columns)]
            for p in found:
                try:
                    there = [name for name in columns if name in pq.read_schema(p.path).names]
                    its = pq.read_table(p.path, columns=there, filters=wanted, partitioning=None)
                    rows.append(c.conform(its, columns))
                except (OSError, pa.ArrowException) as e:
                    if p.path.exists():  # else it was put in place meanwhile: read again
                        parts.name_broken(p, e)
            return pa.concat_tables(rows)

        return parts.steadily(look, work)


def _newest(known: Iterable[KnownDocument], run_date: date) -> dict[str, KnownDocument]:
    """Return how each document stands that was read, under run_date or the last date before it."""
    newest: dict[str, KnownDocument] = {}
    for document in known:
        if document.content_hash is None or document.run_date > run_date:
            continue
        if document.doc_id not in newest or document.run_date > newest[document.doc_id].run_date:
            newest[document.doc_id] = document
    return newest
