"""The front page: which stories stand where, and what of each is shown before one turns to it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nightdesk.tasks.edition.night import Category, Edition, EditionStory, Section, Sentence

BESIDE, BELOW = 3, 4  # stories beside the lead and in the row below; the others stand in a list
NAMED = 1 + BESIDE + BELOW
OPENING, EXCERPT = 1_300, 120  # letters that open the lead, and another story, about; a Chinese one counts for two
LINES = 3  # sentences of each category


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence that stands for a story under a category."""

    story: EditionStory
    sentence: Sentence
    doc_id: str


@dataclass(frozen=True, slots=True)
class Front:
    """The stories by their place on the front page; lead is None on a night without stories."""

    lead: EditionStory | None
    opening: list[list[Sentence]]
    beside: Sequence[EditionStory]
    below: Sequence[EditionStory]
    others: Sequence[EditionStory]
    lines: tuple[tuple[Category, tuple[Line, ...]], ...]


def front_page(night: Edition, others: int | None = None) -> Front:
    """Lay out the front page: the heaviest story leads. others: how many stand in its list; all, if None."""
    last = None if others is None else NAMED + others
    stories = night.stories[:last]
    lead, rest = stories[0] if stories else None, stories[1:]
    return Front(
        lead,
        beginning(lead, OPENING) if lead else [],
        rest[:BESIDE],
        rest[BESIDE : NAMED - 1],
        rest[NAMED - 1 :],
        tuple((category, tuple(lines)) for category, lines in zip(night.categories, _lines(night), strict=True)),
    )


def beginning(story: EditionStory, letters: int = EXCERPT) -> list[list[Sentence]]:
    """Return what a story begins with, document by document: the first sentences of its largest category."""
    by_document: dict[int, list[Sentence]] = {}
    for paragraph in max(story.sections, key=lambda s: s.sentences).paragraphs:
        for sentence in paragraph.sentences:
            if letters <= 0:
                return list(by_document.values())
            by_document.setdefault(paragraph.document.index, []).append(sentence)
            letters -= sum(2 if letter >= "\u2e80" else 1 for letter in sentence.text)
    return list(by_document.values())


def _lines(night: Edition) -> list[list[Line]]:
    """Return of each category the first stories that have it, each with the sentence that was filed most surely."""
    found: list[list[Line]] = [[] for _ in night.categories]
    missing = len(found)
    for story in night.stories:
        if not missing:
            break
        for section in story.sections:
            lines = found[section.category.index]
            if len(lines) < LINES:
                sentence, doc_id = max(_with_documents(section), key=lambda pair: pair[0].confidence)
                lines.append(Line(story, sentence, doc_id))
                missing -= len(lines) == LINES
    return found


def _with_documents(section: Section) -> Iterator[tuple[Sentence, str]]:
    return ((s, p.document.doc_id) for p in section.paragraphs for s in p.sentences)
