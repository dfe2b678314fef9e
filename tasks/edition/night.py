"""A night as its edition tells it: stories by rank, in paragraphs, and what could not be placed or read.

What a large night has many of are sequences that make each object when it is asked for (lazily.py), so that the
objects of one page are in memory at a time. A small night, or a test, may use tuples.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

from nightdesk.tasks.errors import InputError
from nightdesk.tasks.roles.topic_finder import SMALL_TALK

LANGUAGES = 8  # that a page can be filtered by; the style sheet has a rule for each


@dataclass(frozen=True, slots=True)
class Language:
    """A language of the night. index: its number in the edition, from 0; code: as the tables have it."""

    index: int
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class EditionDocument:
    """One document of the night. index: its number in the edition, from 0."""

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
    """A category of the night. index: its number in the edition, from 0; hue: its colour, the same on every night."""

    index: int
    name: str
    sentences: int
    hue: int = 0

    @property
    def label(self) -> str:
        """Its name as a person writes it."""
        return self.name.replace("_", " ").replace("-", " ").capitalize()


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and its place in its document, from 1, and in time, where it was spoken.

    confidence: of the model that filed it, in [0, 1]; 0 if it gave none. model: its name, or nothing.
    """

    position: int
    text: str
    confidence: float
    start_s: float | None
    model: str = ""


class Beside(NamedTuple):
    """The sentence before or after some others of a document. is_in_story: it is of their story; read: its text."""

    is_in_story: bool
    read: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences of one category and document; they stand in one stretch of it, though not always side by side.

    before, after: what stands in the document before the first and after the last of them; None at its ends.
    """

    document: EditionDocument
    sentences: tuple[Sentence, ...]
    before: Beside | None = None
    after: Beside | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """The sentences of a story that are filed under one category, document by document. sentences: how many."""

    category: Category
    paragraphs: Iterable[Paragraph]  # can be gone through again
    sentences: int


@dataclass(frozen=True, slots=True)
class Told:
    """What one document has of a story, and what it calls it."""

    document: EditionDocument
    title: str
    sentences: int


@dataclass(frozen=True, slots=True)
class EditionStory:
    """Topics of the night's documents that go on with each other.

    since: the last earlier night that had it; is_old: tonight's documents say only what that one had. is_new: no
    earlier night had it, of those that there are. documents,
    sources: how many tell it. is_pooled: all the small talk of a language, no story that anybody tells. languages:
    numbers of those it is told in, none on a night of one language.
    """

    story_id: str
    told: Sequence[Told]  # most sentences first
    sections: Sequence[Section]
    since: date | None
    documents: int
    sources: int = 1
    is_old: bool = False
    is_new: bool = False
    is_pooled: bool = False
    languages: tuple[int, ...] = ()

    @property
    def title(self) -> str:
        """What the document that has most of it calls it."""
        if self.is_pooled:
            return SMALL_TALK.get(self.language, SMALL_TALK["en"])
        return self.told[0].title

    @property
    def language(self) -> str:
        """The language of the document that has most of it."""
        return self.told[0].document.language

    @property
    def sentences(self) -> int:
        """Count its sentences."""
        return sum(s.sentences for s in self.sections)


@dataclass(frozen=True, slots=True)
class Unplaced:
    """Sentences of one document that no model could place, and why.

    beside: returns the text of a document's sentence at a position beside one of them; nothing if there is none.
    """

    document: EditionDocument
    reason: str
    sentences: Sequence[Sentence]
    beside: Callable[[int], str] = lambda position: ""


@dataclass(frozen=True, slots=True)
class Edition:
    """All of it.

    unreadable: (doc_id, source, reason). models: who filed how many sentences, most first. sentences: of its documents;
    not_placed: how many of them no model could place. text_bytes: of all sentences, or 0 if that is not known.
    languages: of its documents, those with most sentences first.
    """

    run_date: date
    profiles: tuple[str, ...]
    categories: tuple[Category, ...]
    documents: Sequence[EditionDocument]
    stories: Sequence[EditionStory]
    unplaced: Sequence[Unplaced]
    unreadable: Sequence[tuple[str, str, str]]
    models: tuple[tuple[str, int], ...]
    sentences: int
    not_placed: int
    text_bytes: int = 0
    languages: tuple[Language, ...] = ()

    @property
    def has_language(self) -> bool:
        """Tell whether the language of any document is known."""
        return any(language.code for language in self.languages)


def nothing_published(out: Path, run_date: date) -> InputError:
    """Return the error that says so."""
    return InputError(f"{run_date}: nothing was published for this date in {out}; see the folders in {out / 'tables'}")
