"""The pieces that pages are put together from, as HTML: stories, or parts of one that no page could hold, and rows.

A night on one page has its pieces as long as they are. Those of a night of many pages are cut: no part of a story has
more than PART_BYTES beside the list of its documents, and no row more than some 500,000 bytes.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from markupsafe import Markup

from nightdesk.tasks.edition.environment import environment
from nightdesk.tasks.edition.night import Category, EditionStory, Paragraph, Sentence, Told, Unplaced
from nightdesk.tasks.edition.paragraphs import Near, paragraph_html, unplaced_html

PART_BYTES = 700_000
_UNFOLDED = 6  # sentences of a section, about; the paragraphs after them are folded
_TOLD = 100  # topics that are named beside a story of many pages, of at most 6 kB each
_TOGETHER = 50  # sentences in a piece of what is unplaced
_CHARACTERS = 100_000  # of a paragraph, and of a sentence in it, of at most 5 bytes each


@dataclass(slots=True)
class ShownSection:
    """What a part of a story has under one category."""

    category: Category
    sentences: int = 0
    paragraphs: list[Markup] = field(default_factory=list)
    folds: bool = False

    def html(self) -> Markup:
        """Return its paragraphs."""
        return Markup("\n".join(self.paragraphs))


@dataclass(slots=True)
class Part:
    """A story, or so much of it as a page can hold. number: from 1; more_told: topics that are not named beside it.

    documents: number of a document -> how many of its sentences stand in the part. bytes: of its paragraphs.
    page_before, page_after: the pages of the parts before and after it.
    """

    story: EditionStory
    number: int
    told: Sequence[Told]
    more_told: int = 0
    sections: list[ShownSection] = field(default_factory=list)
    documents: Counter[int] = field(default_factory=Counter)
    bytes: int = 0
    goes_on: bool = False
    page_before: str = ""
    page_after: str = ""

    @property
    def categories(self) -> dict[int, int]:
        """Count its sentences by the number of their category."""
        return {s.category.index: s.sentences for s in self.sections}


def piece(macro: str, *arguments: Any) -> Markup:
    """Return what a macro of story.html.j2 makes of its arguments."""
    made: Markup = getattr(_pieces(), macro)(*arguments)
    return made


@cache
def _pieces() -> Any:
    return environment().get_template("story.html.j2").module


def whole(story: EditionStory) -> Part:
    """Return a story as one part, however long it is."""
    part = Part(story, 1, story.told)
    for section in story.sections:
        part.sections.append(ShownSection(section.category))
        for paragraph in section.paragraphs:
            _add(part, paragraph, _paragraph(story, part.sections[-1], paragraph, Near.NIGHT))
    return part


def parts(story: EditionStory, most: int = PART_BYTES) -> Iterator[Part]:
    """Yield a story in parts: one if all of its text fits into `most` bytes."""
    its = _parts(story, most, Near.STORY)
    first = next(its)
    if first.goes_on:  # what stands beside a sentence may then stand on another page
        its = _parts(story, most, Near.NOTHING)
    else:
        yield first
    yield from its


def _parts(story: EditionStory, most: int, near: Near) -> Iterator[Part]:
    part = Part(story, 1, story.told[:_TOLD], max(0, len(story.told) - _TOLD))
    for section in story.sections:
        began = part.number
        shown = ShownSection(section.category)
        for paragraph in _cut(section.paragraphs):
            made = _paragraph(story, shown, paragraph, near)
            size = len(made.encode())
            if part.sections and part.bytes + size > most:
                part.goes_on = True
                yield part
                part, shown = Part(story, part.number + 1, ()), ShownSection(section.category)
                made = _paragraph(story, shown, paragraph, near)
            if not shown.paragraphs:
                part.sections.append(shown)
            _add(part, paragraph, made)
            part.bytes += size
        if began == part.number:
            shown.sentences = section.sentences  # one that was cut has been counted several times
    yield part


def unplaced_pieces(group: Unplaced) -> Iterator[tuple[Markup, int]]:
    """Yield sentences that could not be placed, some at a time, and how many they are."""
    its: list[Sentence] = []
    for sentence in _cut_sentences(group.sentences):
        if len(its) == _TOGETHER or sum(len(s.text) for s in its) + len(sentence.text) > _CHARACTERS:
            yield unplaced_html(group, its, Near.NOTHING), len(its)
            its = []
        its.append(sentence)
    yield unplaced_html(group, its, Near.NOTHING), len(its)


def _paragraph(story: EditionStory, section: ShownSection, paragraph: Paragraph, near: Near) -> Markup:
    return paragraph_html(paragraph, near, section.sentences >= _UNFOLDED, story.language)


def _add(part: Part, paragraph: Paragraph, made: Markup) -> None:
    """Put a paragraph at the end of the last section of a part."""
    section, count = part.sections[-1], len(paragraph.sentences)
    section.folds = section.sentences >= _UNFOLDED
    section.sentences += count
    section.paragraphs.append(made)
    part.documents[paragraph.document.index] += count


def _cut(paragraphs: Iterable[Paragraph]) -> Iterator[Paragraph]:
    for paragraph in paragraphs:
        if sum(len(s.text) for s in paragraph.sentences) <= _CHARACTERS:
            yield paragraph
        else:
            for sentence in _cut_sentences(paragraph.sentences):
                yield replace(paragraph, sentences=(sentence,))


def _cut_sentences(sentences: Iterable[Sentence]) -> Iterator[Sentence]:
    for sentence in sentences:
        if len(sentence.text) <= _CHARACTERS:
            yield sentence
        else:
            for start in range(0, len(sentence.text), _CHARACTERS):
                yield replace(sentence, text=sentence.text[start : start + _CHARACTERS])
