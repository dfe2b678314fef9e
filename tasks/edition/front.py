"""The front page: which stories stand where, and what of each is shown before one turns to it."""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from nightdesk.tasks.edition.night import Category, Edition, EditionDocument, EditionStory, Section, Sentence

BESIDE, BELOW = 3, 4  # stories beside the lead and in the row below; the others stand in a list
NAMED = 1 + BESIDE + BELOW
OPENING, EXCERPT = 1_300, 120  # letters that open the lead, and another story, about; a Chinese one counts for two
LARGEST = 0.6  # of the opening for the largest category; the others share the rest
TELLERS = 3  # documents that are quoted under the largest category of the lead
LINES = 3  # sentences of each category
_RUNS = 4  # of positions that are named
_LOOKED_AT = 2_000  # paragraphs of a category of the lead, which may have a million


@dataclass(frozen=True, slots=True)
class Extract:
    """Sentences of one document that stand for a story under a category."""

    category: Category
    document: EditionDocument
    sentences: tuple[Sentence, ...]

    @property
    def places(self) -> str:
        """Where they stand in their document: the positions, those that follow each other as a range."""
        runs: list[list[int]] = []
        for position in (s.position for s in self.sentences):
            if runs and position == runs[-1][1] + 1:
                runs[-1][1] = position
            else:
                runs.append([position, position])
        named = [f"{first}" if first == last else f"{first}\u2013{last}" for first, last in runs[:_RUNS]]
        return ", ".join(named) + ("\u2026" if len(runs) > _RUNS else "")

    @property
    def first(self) -> "Extract":
        """Its first sentence alone, for a page on which the whole story stands, so that little is told there twice."""
        return replace(self, sentences=self.sentences[:1])


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence that stands for a story under a category."""

    story: EditionStory
    sentence: Sentence
    doc_id: str


@dataclass(frozen=True, slots=True)
class Lead:
    """A story that leads, and what it opens with, category by category."""

    story: EditionStory
    opening: tuple[Extract, ...]


@dataclass(frozen=True, slots=True)
class Front:
    """The stories by their place on the front page; lead is None on a night without stories.

    leads: the first story of each other language, which leads when the page is filtered by that.
    """

    lead: Lead | None
    leads: Sequence[Lead]
    beside: Sequence[EditionStory]
    below: Sequence[EditionStory]
    others: Sequence[EditionStory]
    lines: tuple[tuple[Category, tuple[Line, ...]], ...]

    @property
    def languages_of_lines(self) -> tuple[int, ...]:
        """The numbers of the languages that the lines are in."""
        return languages_in([line.story for _, lines in self.lines for line in lines])


def front_page(night: Edition, others: int | None = None) -> Front:
    """Lay out the front page: the first story leads. others: how many stand in its list; all, if None.

    Small talk, which is pooled and stands last, is in the list alone.
    """
    stories = night.stories[: None if others is None else NAMED + others]
    told = next((k for k, story in enumerate(stories[:NAMED]) if story.is_pooled), NAMED)
    named, listed = stories[:told][:NAMED], stories[min(told, NAMED) :]
    lead = _lead(named[0]) if named else None
    extracts = [*(lead.opening if lead else ()), *map(beginning, named[1:])]
    shown = {(e.document.index, e.sentences[0].position) for e in extracts}
    return Front(
        lead,
        tuple(_leads(night, stories)) if lead else (),
        named[1 : 1 + BESIDE],
        named[1 + BESIDE :],
        listed,
        tuple(_by_profile(zip(night.categories, _lines(night, shown), strict=True), stories)),
    )


def languages_in(stories: Sequence[EditionStory]) -> tuple[int, ...]:
    """Return the numbers of the languages that some stories are told in."""
    return tuple(sorted({language for story in stories for language in story.languages}))


def standing(story: EditionStory, short: bool = False) -> str:
    """Return why a story stands where it does: its sources, its length and whether it is new; short: for a list."""
    if short:
        told = f"{story.sources:,} sources · " if story.sources > 1 and not story.is_pooled else ""
        return f"{told}{story.sentences:,}"
    length = _count(story.sentences, "sentence")
    if story.is_pooled:
        return f"{length} from {_count(story.documents, 'document')}"
    documents = f", {story.documents:,} documents" if story.documents > story.sources else ""
    news = "nothing new" if story.is_old else "goes on" if story.since else "new" if story.is_new else ""
    return " · ".join(filter(None, (_count(story.sources, "source") + documents, length, news)))


def _count(n: int, word: str) -> str:
    return f"{n:,} {word}" if n == 1 else f"{n:,} {word}s"


def beginning(story: EditionStory) -> Extract:
    """Return what a story begins with: the first sentences of its largest category, of one document."""
    return next(_extracts(max(story.sections, key=lambda s: s.sentences), EXCERPT, 1))


def opening(story: EditionStory) -> Iterator[Extract]:
    """Yield what opens a story that leads: sentences of every category, of the document that has most of it.

    The largest category is told by several documents, so that one sees what each of them says.
    """
    largest = max(story.sections, key=lambda s: s.sentences)
    rest = (1 - LARGEST) / max(1, len(story.sections) - 1) if len(story.sections) > 1 else 0
    for section in story.sections:
        if section is largest:
            yield from _extracts(section, (LARGEST if rest else 1) * OPENING, min(TELLERS, story.documents))
        else:
            yield from _extracts(section, rest * OPENING, 1)


def _leads(night: Edition, stories: Sequence[EditionStory]) -> Iterator[Lead]:
    """Yield the first story of each language that the night's first one is not told in."""
    wanted = {language.index for language in night.languages} - set(stories[0].languages)
    for story in stories[1:]:
        if not wanted:
            return
        if wanted & set(story.languages) and not story.is_pooled:
            wanted -= set(story.languages)
            yield _lead(story)


def _lead(story: EditionStory) -> Lead:
    return Lead(story, tuple(opening(story)))


def _extracts(section: Section, letters: float, tellers: int) -> Iterator[Extract]:
    """Yield the first sentences that some documents have in a section, about so many letters in all, one at least."""
    found: dict[int, tuple[EditionDocument, list[Sentence]]] = {}
    left: dict[int, float] = {}
    for paragraph in islice(section.paragraphs, _LOOKED_AT):
        if len(found) == tellers and max(left.values()) <= 0:
            break
        index = paragraph.document.index
        if index not in found:
            if len(found) == tellers:
                break
            found[index], left[index] = (paragraph.document, []), letters / tellers
        for sentence in paragraph.sentences:
            if left[index] <= 0:
                break
            found[index][1].append(sentence)
            left[index] -= sum(2 if letter >= "\u2e80" else 1 for letter in sentence.text)
    for document, sentences in found.values():
        yield Extract(section.category, document, tuple(sentences))


def _lines(night: Edition, shown: Container[tuple[int, int]]) -> list[list[Line]]:
    """Return of each category the first stories that have it, each with the sentence that was filed most surely.

    shown: sentences that stand on the front page already, by document and position; they are not told there again.
    """
    found: list[list[Line]] = [[] for _ in night.categories]
    missing = len(found)
    for story in night.stories:
        if not missing or story.is_pooled:
            break
        for section in story.sections:
            lines = found[section.category.index]
            if len(lines) == LINES:
                continue
            its = _with_documents(section, shown)
            if surest := max(its, key=lambda pair: pair[0].confidence, default=None):
                lines.append(Line(story, *surest))
                missing -= len(lines) == LINES
    return found


def _by_profile(
    lines: Iterable[tuple[Category, list[Line]]], stories: Sequence[EditionStory]
) -> list[tuple[Category, tuple[Line, ...]]]:
    """Return the categories that have lines, those of the profile whose stories stand first before the others."""
    profiles = dict.fromkeys(story.told[0].document.profile for story in stories)
    place = {profile: k for k, profile in enumerate(profiles)}
    found = [(category, tuple(its)) for category, its in lines if its]
    return sorted(found, key=lambda pair: place.get(pair[1][0].story.told[0].document.profile, len(place)))


def _with_documents(section: Section, shown: Container[tuple[int, int]]) -> Iterator[tuple[Sentence, str]]:
    for paragraph in section.paragraphs:
        document = paragraph.document
        for sentence in paragraph.sentences:
            if (document.index, sentence.position) not in shown:
                yield sentence, document.doc_id
