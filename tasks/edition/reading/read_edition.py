"""Reading a night: the columns of its tables, and the objects that a page shows, made when a page asks for them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache, partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from nightdesk.tasks.edition.night import (
    Category,
    Edition,
    EditionDocument,
    EditionStory,
    Paragraph,
    Section,
    Sentence,
    Told,
    Unplaced,
    nothing_published,
)
from nightdesk.tasks.edition.reading.arranged import Arranged, arrange, most_common, unplaced_groups
from nightdesk.tasks.edition.reading.beside import BesideParagraphs, Neighbours
from nightdesk.tasks.edition.reading.categories import categories_of
from nightdesk.tasks.edition.reading.columns import (
    Numbers,
    Passages,
    Topics,
    documents_of,
    passages_of,
    topics_of,
)
from nightdesk.tasks.edition.reading.earlier import Earlier, earlier
from nightdesk.tasks.edition.reading.independent import sources_of
from nightdesk.tasks.edition.reading.languages import languages_of
from nightdesk.tasks.edition.reading.lazily import Lazily
from nightdesk.tasks.edition.reading.patter import POOLED, patter_of, pooled
from nightdesk.tasks.edition.reading.ranking import Places, Standing

_BLOCK = 8_192  # sentences that are made at once
_DOCUMENTS = 4_096  # documents that are kept, because neighbouring stories are told by the same


def read_edition(out: Path, run_date: date, known_categories: Mapping[str, Sequence[str]] | None = None) -> Edition:
    """Read what was published for a date.

    known_categories: profile -> its categories in their order, for profiles that are not shipped; where a profile is
    not known, its most frequent category comes first.

    Raises:
        InputError: nothing was published for it, or a part of it cannot be read.
    """
    published = documents_of(out, run_date)
    if not len(published):
        raise nothing_published(out, run_date)
    is_readable = pc.not_equal(published["status"], "unreadable")
    readable = published.filter(is_readable)
    doc_ids = readable["doc_id"].combine_chunks()
    topics = topics_of(out, run_date, doc_ids)
    passages = passages_of(out, run_date, doc_ids, topics.topic_id)
    by_place = np.lexsort((passages.position, passages.document)).astype(np.int32)
    profiles = tuple(sorted({p for p in pc.unique(readable["profile"]).to_pylist() if p}))
    categories = categories_of(passages, by_place, profiles, known_categories or {})
    rank = np.array([categories[c].index if c in categories else -1 for c in passages.categories], np.int32)
    tier = patter_of(passages, topics, len(doc_ids))
    topics = pooled(topics, tier == POOLED, readable["language"])
    before = earlier(out, run_date, topics)
    arranged = arrange(passages, topics, rank, Standing(sources_of(readable, passages), tier, before.is_old))
    groups, group_bounds = unplaced_groups(passages, by_place)
    languages, language_of = languages_of(readable)
    neighbours = Neighbours(passages, by_place, len(readable))
    filed = tuple(categories.values())
    night = _Night(readable, topics, passages, arranged, filed, before, tier == POOLED, language_of, neighbours)
    unreadable = published.filter(pc.invert(is_readable)).select(["doc_id", "source", "reason"])
    return Edition(
        run_date,
        profiles,
        night.categories,
        Lazily(len(readable), night.document),
        Lazily(len(arranged.told) - 1, night.story),
        night.unplaced(groups, group_bounds),
        Lazily(len(unreadable), lambda k: (_text(unreadable, 0, k), _text(unreadable, 1, k), _text(unreadable, 2, k))),
        tuple((m, n) for m, n in most_common(passages.model, passages.models, by_place) if m),
        int(pc.sum(readable["sentences"]).as_py() or 0),
        len(groups),
        int(pc.sum(pc.binary_length(passages.text)).as_py() or 0),
        languages,
    )


class _Sentences(Sequence[Sentence]):
    """Sentences of a night in some order, made a block at a time. Pages ask for them nearly in order."""

    def __init__(self, passages: Passages, rows: Places) -> None:
        self._passages, self._rows = passages, rows
        self._block = lru_cache(4)(self._made)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, k: int) -> Sentence:  # type: ignore[override]
        return self._block(k // _BLOCK)[k % _BLOCK]

    def between(self, start: int, end: int) -> tuple[Sentence, ...]:
        """Return some sentences that follow each other."""
        block, first = self._block(start // _BLOCK), start % _BLOCK
        if first + end - start <= _BLOCK:
            return tuple(block[first : first + end - start])
        return tuple(self[k] for k in range(start, end))

    def _made(self, number: int) -> list[Sentence]:
        p, rows = self._passages, self._rows[number * _BLOCK : (number + 1) * _BLOCK]
        starts = [None if math.isnan(s) else s for s in p.start_s[rows].tolist()]
        texts = p.text.take(pa.array(rows)).to_pylist()
        models = map([*p.models, ""].__getitem__, p.model[rows].tolist())  # -1 is none
        return list(map(Sentence, p.position[rows].tolist(), texts, p.confidence[rows].tolist(), starts, models))


class _Paragraphs:
    """The paragraphs of a section, made while they are gone through. first, end: in the order of the night."""

    __slots__ = ("_end", "_first", "_night")

    def __init__(self, night: "_Night", first: int, end: int) -> None:
        self._night, self._first, self._end = night, first, end

    def __iter__(self) -> Iterator[Paragraph]:
        night, bounds = self._night, self._night.paragraphs[self._first : self._end + 1]
        documents = night.document_of[bounds[:-1]].tolist()
        beside = night.beside.between(self._first, self._end)
        for document, (start, end), its in zip(documents, pairwise(bounds.tolist()), beside, strict=True):
            yield Paragraph(night.document(document), night.sentences.between(start, end), *its)


class _Night:
    """What a night's objects are made of."""

    def __init__(
        self,
        documents: pa.Table,
        topics: Topics,
        passages: Passages,
        arranged: Arranged,
        categories: tuple[Category, ...],
        before: Earlier,
        is_pooled: NDArray[np.bool_],
        language_of: Numbers,
        neighbours: Neighbours,
    ) -> None:
        columns = ("doc_id", "title", "source", "language", "profile", "sentences", "reason")
        self._documents = [documents[name].combine_chunks() for name in columns]
        self._topics, self._passages, self._arranged, self._before = topics, passages, arranged, before
        self._is_pooled, self._language_of = is_pooled, language_of
        self._has_languages = bool(len(language_of)) and int(language_of.max()) > 0
        self._neighbours, self.beside = neighbours, BesideParagraphs(passages, arranged, neighbours)
        self.paragraphs = arranged.paragraphs
        self.categories = categories
        self.sentences = _Sentences(passages, arranged.rows)
        self.document_of = passages.document[arranged.rows]
        rank = {c.name: c.index for c in categories}
        ranks = np.array([rank.get(c, -1) for c in passages.categories], np.int32)
        sections = arranged.sections
        self._category_of = ranks[passages.category[arranged.rows[sections[:-1]]]] if len(sections) > 1 else sections
        self._section_of = np.searchsorted(sections, arranged.stories)
        self._paragraph_of = np.searchsorted(arranged.paragraphs, sections)
        self.document = lru_cache(_DOCUMENTS)(self._document)

    def _document(self, k: int) -> EditionDocument:
        doc_id, title, source, language, profile, sentences, note = (column[k].as_py() for column in self._documents)
        return EditionDocument(k, doc_id, title or "", source, language or "", profile or "", sentences, note or "")

    def story(self, k: int) -> EditionStory:
        """Make a story, without its text."""
        a, topics = self._arranged, self._topics
        first, last = int(a.told[k]), int(a.told[k + 1])

        def told(i: int) -> Told:
            topic = int(a.topics[first + i])
            document = self.document(int(topics.document[topic]))
            return Told(document, topics.title[topic].as_py(), int(a.topic_sentences[topic]))

        topics_of_story = a.topics[first:last]
        topic = int(topics_of_story[0])
        sections = tuple(map(self._section, range(int(self._section_of[k]), int(self._section_of[k + 1]))))
        its = Lazily(last - first, told) if last - first > _BLOCK else tuple(map(told, range(last - first)))
        since, is_pooled = self._before.since(topic), bool(self._is_pooled[topic])
        return EditionStory(
            topics.story_id[topic].as_py(),
            its,
            sections,
            since,
            int(a.documents[k]),
            int(a.sources[k]),
            since is not None and bool(self._before.is_old[topics_of_story].all()),
            self._before.has_nights and since is None and not is_pooled,
            is_pooled,
            self._languages_of(topics_of_story) if self._has_languages else (),
        )

    def _languages_of(self, topics: Places) -> tuple[int, ...]:
        """Return the numbers of the languages in which topics are told."""
        languages = self._language_of[self._topics.document[topics]]
        return (int(languages[0]),) if len(topics) == 1 else tuple(sorted(set(languages.tolist())))

    def _section(self, k: int) -> Section:
        a = self._arranged
        paragraphs = _Paragraphs(self, int(self._paragraph_of[k]), int(self._paragraph_of[k + 1]))
        category = self.categories[self._category_of[k]]
        return Section(category, paragraphs, int(a.sections[k + 1] - a.sections[k]))

    def unplaced(self, rows: Places, bounds: Places) -> Sequence[Unplaced]:
        """Return the groups of sentences that are unplaced."""
        sentences = _Sentences(self._passages, rows)
        passages = self._passages

        def group(k: int) -> Unplaced:
            first = int(bounds[k])
            row = int(rows[first])
            reason = passages.reasons[passages.reason[row]] if passages.reason[row] >= 0 else ""
            its = Lazily(int(bounds[k + 1]) - first, lambda i: sentences[first + i])
            document = int(passages.document[row])
            beside = partial(self._neighbours.text_at, document)
            return Unplaced(self.document(document), reason or "no reason was given", its, beside)

        return Lazily(len(bounds) - 1, group)


def _text(rows: pa.Table, column: int, k: int) -> str:
    return str(rows[column][k].as_py() or "")
