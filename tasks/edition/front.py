"""The front page: which stories stand where, and what of each is shown before one turns to it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from nightdesk.tasks.edition.night import Category, Edition, EditionStory, Sentence

BESIDE, BELOW = 3, 4  # stories beside the lead and in the row below; the others stand in a list
OPENING, EXCERPT = 1_300, 120  # letters that open the lead, and another story, about; a Chinese one counts for two
LINES = 3  # sentences of each category
MOST_STORIES = 5_000  # on a page: browsers take seconds to open so many, and minutes to open ten times as many


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence that stands for a story under a category."""

    story: EditionStory
    sentence: Sentence
    doc_id: str


@dataclass(frozen=True, slots=True)
class Front:
    """The stories by their place on the front page; lead is None on a night without stories.

    stories: all that stand on the page, the heaviest first. left_out: how many do not.
    """

    stories: Sequence[EditionStory]
    left_out: int
    lead: EditionStory | None
    opening: list[list[Sentence]]
    beside: Sequence[EditionStory]
    below: Sequence[EditionStory]
    others: Sequence[EditionStory]
    lines: tuple[tuple[Category, tuple[Line, ...]], ...]


def front_page(night: Edition, most: int = MOST_STORIES) -> Front:
    """Lay out the front page: the heaviest story leads. most: stories that the page may have."""
    stories = night.stories[:most]
    cut = 1 + BESIDE + BELOW
    return Front(
        stories,
        len(night.stories) - len(stories),
        stories[0] if stories else None,
        beginning(stories[0], OPENING) if stories else [],
        stories[1 : 1 + BESIDE],
        stories[1 + BESIDE : cut],
        stories[cut:],
        tuple((c, tuple(islice(_lines(c, stories), LINES))) for c in night.categories),
    )


def beginning(story: EditionStory, letters: int = EXCERPT) -> list[list[Sentence]]:
    """Return what a story begins with, document by document: the first sentences of its largest category."""
    by_document: dict[int, list[Sentence]] = {}
    for paragraph in max(story.sections, key=lambda s: s.sentences).paragraphs:
        for sentence in paragraph.sentences:
            if letters > 0:
                by_document.setdefault(paragraph.document.index, []).append(sentence)
            letters -= sum(2 if letter >= "\u2e80" else 1 for letter in sentence.text)
    return list(by_document.values())


def _lines(category: Category, stories: Sequence[EditionStory]) -> Iterator[Line]:
    """Yield a sentence a story of those that have the category: the one that it was filed under most surely."""
    for story in stories:
        for section in story.sections:
            if section.category is category:
                pairs = [(s, p.document.doc_id) for p in section.paragraphs for s in p.sentences]
                sentence, doc_id = max(pairs, key=lambda pair: pair[0].confidence)
                yield Line(story, sentence, doc_id)
