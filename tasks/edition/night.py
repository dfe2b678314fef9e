"""A night as its edition tells it: what the tables of one date say, set in stories by weight."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from nightdesk.tasks.config.profile import UNPLACED, load_profile
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reorganizing.stories import NIGHTS
from nightdesk.tasks.tables import read as tables

Row = dict[str, Any]
PARAGRAPH = 5  # sentences at most


@dataclass(frozen=True, slots=True)
class EditionDocument:
    """One document of the night. index: its number on the page, from 0."""

    index: int
    doc_id: str
    title: str  # the source's own, or none
    source: str
    language: str
    profile: str
    sentences: int
    note: str  # what was changed on reading


@dataclass(frozen=True, slots=True)
class Category:
    """A category of the night. index: its number on the page, from 0."""

    index: int
    name: str
    sentences: int

    @property
    def label(self) -> str:
        """Its name as a person writes it."""
        return self.name.replace("_", " ").replace("-", " ").capitalize()


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and its place in its document, from 1, and in time, where it was spoken."""

    position: int
    text: str
    confidence: float
    start_s: float | None


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences of one category and document; they stand in one stretch of it, though not always side by side."""

    document: EditionDocument
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """The sentences of a story that are filed under one category, document by document."""

    category: Category
    paragraphs: tuple[Paragraph, ...]

    @property
    def sentences(self) -> int:
        """Count its sentences."""
        return sum(len(p.sentences) for p in self.paragraphs)


@dataclass(frozen=True, slots=True)
class Told:
    """What one document has of a story, and what it calls it."""

    document: EditionDocument
    title: str
    sentences: int


@dataclass(frozen=True, slots=True)
class EditionStory:
    """Topics of the night's documents that go on with each other. since: an earlier night that had it."""

    story_id: str
    told: tuple[Told, ...]  # most sentences first
    sections: tuple[Section, ...]
    since: date | None

    @property
    def title(self) -> str:
        """What the document that has most of it calls it."""
        return self.told[0].title

    @property
    def language(self) -> str:
        """The language of the document that has most of it."""
        return self.told[0].document.language

    @property
    def sentences(self) -> int:
        """Count its sentences."""
        return sum(s.sentences for s in self.sections)

    @property
    def documents(self) -> int:
        """Count the documents that tell it."""
        return len({t.document.index for t in self.told})

    @property
    def weight(self) -> int:
        """Its sentences times the square of its documents: what many tell goes before what one tells at length."""
        return self.sentences * self.documents**2


@dataclass(frozen=True, slots=True)
class Unplaced:
    """Sentences of one document that no model could place, and why."""

    document: EditionDocument
    reason: str
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Edition:
    """All of it. unreadable: (doc_id, source, reason). models: who filed how many sentences, most first."""

    run_date: date
    profiles: tuple[str, ...]
    categories: tuple[Category, ...]
    documents: tuple[EditionDocument, ...]
    stories: tuple[EditionStory, ...]
    unplaced: tuple[Unplaced, ...]
    unreadable: tuple[tuple[str, str, str], ...]
    models: tuple[tuple[str, int], ...]

    @property
    def sentences(self) -> int:
        """Count the sentences of the night."""
        return sum(d.sentences for d in self.documents)

    @property
    def not_placed(self) -> int:
        """Count the sentences that no model could place."""
        return sum(len(u.sentences) for u in self.unplaced)


def read_edition(out: Path, run_date: date, known_categories: Mapping[str, Sequence[str]] | None = None) -> Edition:
    """Read what was published for a date.

    known_categories: profile -> its categories in their order, for profiles that are not shipped; where a profile is
    not known, its most frequent category comes first.

    Raises:
        InputError: nothing was published for it, or a part of it cannot be read.
    """

    def rows(table: str, columns: list[str]) -> list[Row]:
        with tables.naming_what_is_broken(out, table):
            read: list[Row] = tables.of_date(out, table, run_date).to_table(columns=columns).to_pylist()
        return read

    def of_published(table: str, columns: list[str]) -> list[Row]:
        return [row for row in rows(table, columns) if row["doc_id"] in documents]  # `documents` is the commit

    columns = ["doc_id", "source", "title", "language", "sentences", "status", "reason", "run_id"]
    published = sorted(rows("documents", columns), key=lambda d: str(d["doc_id"]))
    if not published:
        raise nothing_published(out, run_date)
    profile_of = {c["run_id"]: c["profile"] for c in rows("calls", ["run_id", "profile"])}
    readable = [d for d in published if d["status"] != "unreadable"]
    documents = {
        d["doc_id"]: EditionDocument(
            k, d["doc_id"], d["title"] or "", d["source"], d["language"] or "", profile_of.get(d["run_id"], ""),
            d["sentences"], d["reason"] or "",
        )
        for k, d in enumerate(readable)
    }  # fmt: skip

    columns = [
        "doc_id",
        "position",
        "text",
        "start_s",
        "topic_id",
        "category",
        "confidence",
        "reason",
        "organizer_model",
    ]
    passages = sorted(of_published("passages", columns), key=lambda p: (p["doc_id"], p["position"]))
    profiles = tuple(sorted({d.profile for d in documents.values()} - {""}))
    categories = _categories(passages, profiles, known_categories or {})
    topics = of_published("topics", ["doc_id", "topic_id", "title", "story_id"])
    return Edition(
        run_date,
        profiles,
        tuple(categories.values()),
        tuple(documents.values()),
        tuple(_stories(topics, passages, documents, categories, _earlier(out, run_date))),
        tuple(_unplaced(passages, documents)),
        tuple((d["doc_id"], d["source"], d["reason"] or "") for d in published if d["status"] == "unreadable"),
        tuple(Counter(p["organizer_model"] for p in passages if p["organizer_model"]).most_common()),
    )


def nothing_published(out: Path, run_date: date) -> InputError:
    """Return the error that says so."""
    return InputError(f"{run_date}: nothing was published for this date in {out}; see the folders in {out / 'tables'}")


def _categories(
    passages: list[Row], profiles: Iterable[str], known: Mapping[str, Sequence[str]]
) -> dict[str, Category]:
    counts = Counter(p["category"] for p in passages if p["category"] != UNPLACED)
    order: dict[str, None] = {}
    for profile in profiles:
        order |= dict.fromkeys(known[profile] if profile in known else _shipped_categories(profile))
    names = [c for c in order if c in counts] + [c for c, _ in counts.most_common() if c not in order]
    return {name: Category(k, name, counts[name]) for k, name in enumerate(names)}


def _shipped_categories(profile: str) -> list[str]:
    try:
        return list(load_profile(profile).categories)
    except InputError:
        return []


def _earlier(out: Path, run_date: date) -> dict[str, date]:
    """Return the last earlier night of every story of the last nights."""
    start, end = run_date - timedelta(days=NIGHTS), run_date - timedelta(days=1)
    topics = tables.scan(out, "topics", start, end, ["story_id", "run_date"]).to_pylist()
    return {t["story_id"]: t["run_date"] for t in sorted(topics, key=lambda t: t["run_date"])}


def _stories(
    topics: list[Row],
    passages: list[Row],
    documents: Mapping[str, EditionDocument],
    categories: Mapping[str, Category],
    earlier: Mapping[str, date],
) -> list[EditionStory]:
    of_topic: dict[str, list[Row]] = defaultdict(list)
    for p in passages:
        if p["category"] != UNPLACED:
            of_topic[p["topic_id"]].append(p)
    of_story: dict[str, list[Row]] = defaultdict(list)
    for topic in topics:
        if topic["topic_id"] in of_topic:
            of_story[topic["story_id"]].append(topic)
    stories = []
    for story_id, its in of_story.items():
        told = [Told(documents[t["doc_id"]], t["title"], len(of_topic[t["topic_id"]])) for t in its]
        order = sorted(range(len(its)), key=lambda k: (-told[k].sentences, told[k].document.index, k))
        filed: dict[str, list[Paragraph]] = defaultdict(list)
        for k in order:
            for category, paragraph in _paragraphs(told[k].document, of_topic[its[k]["topic_id"]]):
                filed[category].append(paragraph)
        sections = [Section(categories[c], tuple(filed[c])) for c in categories if c in filed]
        stories.append(EditionStory(story_id, tuple(told[k] for k in order), tuple(sections), earlier.get(story_id)))
    return sorted(stories, key=lambda s: (-s.weight, s.title, s.story_id))


def _paragraphs(document: EditionDocument, passages: Sequence[Row]) -> Iterator[tuple[str, Paragraph]]:
    """Yield the paragraphs of a topic by category; none goes from one stretch of the document into the next."""
    stretches: list[dict[str, list[Sentence]]] = []
    last = 0
    for p in passages:
        if not stretches or p["position"] != last + 1:
            stretches.append(defaultdict(list))
        last = p["position"]
        stretches[-1][p["category"]].append(_sentence(p))
    for stretch in stretches:
        for category, sentences in stretch.items():
            for k in range(0, len(sentences), PARAGRAPH):
                yield category, Paragraph(document, tuple(sentences[k : k + PARAGRAPH]))


def _sentence(passage: Row) -> Sentence:
    return Sentence(passage["position"], passage["text"], passage["confidence"] or 0.0, passage["start_s"])


def _unplaced(passages: list[Row], documents: Mapping[str, EditionDocument]) -> list[Unplaced]:
    found: dict[tuple[str, str], list[Sentence]] = defaultdict(list)
    for p in passages:
        if p["category"] == UNPLACED:
            found[p["doc_id"], p["reason"] or "no reason was given"].append(_sentence(p))
    return [Unplaced(documents[d], reason, tuple(sentences)) for (d, reason), sentences in found.items()]
