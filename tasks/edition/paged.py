"""A night on many pages: a front page with the leading stories, pages of a hundred stories each, and pages of lists."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from markupsafe import Markup

from nightdesk.tasks.edition.articles import Part, parts, piece, unplaced_pieces
from nightdesk.tasks.edition.environment import environment
from nightdesk.tasks.edition.front import NAMED, Front, front_page
from nightdesk.tasks.edition.night import Category, Edition, EditionDocument, EditionStory
from nightdesk.tasks.edition.pagination import Item, Page, Pages, page_name
from nightdesk.tasks.edition.places import FRONT, Places, story_page
from nightdesk.tasks.edition.whole_page import Since

KINDS = ("stories", "headlines", "unplaced", "unreadable", "documents")
STORIES = 100  # of a page
_ROWS = 5_000  # of a page of headlines, documents and the like
_LEADING_BYTES = 600_000  # of the stories that stand whole on the front page
_LISTED = 60  # pages that the front page names; the headlines lead to all
Put = Callable[[str, str], None]  # a file's name and its text


def put_pages(night: Edition, since: Since, put: Put) -> Places:
    """Put the pages of a night in place, the front page last; return where its stories stand.

    since: returns the page of the earlier night that had a story, or nothing. put: takes a file's name and its text.
    """
    _Paged(night, since, put).lists()
    return _Paged(night, since, put).stories()


class _Paged:
    """What the pages of a night have in common."""

    def __init__(self, night: Edition, since: Since, put: Put) -> None:
        self._night, self._since, self._put = night, since, put

    def lists(self) -> None:
        """Put the pages of documents, and of what could not be placed or read."""
        night = self._night
        documents = self._pages("documents", _ROWS)
        for number, document in enumerate(night.documents, 1):
            documents.add(Item(piece("document", document, night.has_language), number))
        documents.close()
        unreadable = self._pages("unreadable", _ROWS)
        for number, it in enumerate(night.unreadable, 1):
            unreadable.add(Item(piece("unreadable", *it), number))
        unreadable.close()
        unplaced, number = self._pages("unplaced", _ROWS), 1
        for group in night.unplaced:
            for made, count in unplaced_pieces(group):
                unplaced.add(Item(made, number, {group.document.index: count}))
                number += count
        unplaced.close()

    def stories(self) -> Places:
        """Put the pages of stories and headlines, and then the front page."""
        night, places = self._night, Places()
        pages, headlines = self._pages("stories", STORIES), self._pages("headlines", _ROWS)
        front = front_page(night, others=STORIES)
        page_of = dict.fromkeys(_named_on(front), FRONT)
        leading = self._leading()
        for number, story in enumerate(night.stories, 1):
            page = self._add(story, number, pages) if number > len(leading) else 0
            places.add(story.story_id, page)
            headlines.add(Item(piece("headline_line", story, story_page(page)), number))
            if story.story_id in page_of:
                page_of[story.story_id] = story_page(page)
        pages.close()
        headlines.close()
        self._put(
            FRONT,
            self._render(
                "paged_front.html.j2",
                leading,
                front=front,
                place=lambda story: "" if page_of[story.story_id] == FRONT else page_of[story.story_id],
                articles=[item.html for item in leading],
                first_of={kind: page_name(kind, 1) for kind in KINDS},
                story_pages=pages.done[:_LISTED],
                more_pages=max(0, len(pages.done) - _LISTED),
            ),
        )
        return places

    def _leading(self) -> list[Item]:
        """Return the first stories, as far as they fit on the front page."""
        leading: list[Item] = []
        left = _LEADING_BYTES
        for number, story in enumerate(self._night.stories[:NAMED], 1):
            part = next(parts(story))
            left -= part.bytes
            if part.goes_on or left < 0:
                break
            leading.append(Item(self._article(part), number, part.documents, part.categories))
        return leading

    def _add(self, story: EditionStory, number: int, pages: Pages) -> int:
        """Put a story on a page, or on several of its own if none can hold it; return the number of the first."""
        its = parts(story)
        first = next(its)
        page = 0
        for part in chain([first], its):
            if first.goes_on:
                pages.turn()
                part.page_before, part.page_after = story_page(pages.number - 1), story_page(pages.number + 1)
            at = pages.add(Item(self._article(part), number, part.documents, part.categories))
            page = page or at
        return page

    def _article(self, part: Part) -> Markup:
        return piece("article", part, self._night.profiles, self._since(part.story))

    def _pages(self, kind: str, most: int) -> Pages:
        def write(page: Page) -> None:
            placeless = sum(sum(i.documents.values()) for i in page.items) if kind == "unplaced" else 0
            title = _title(kind, page, self._night)
            self._put(
                page.name,
                self._render("page.html.j2", page.items, kind=kind, page=page, title=title, placeless=placeless),
            )

        return Pages(kind, most, write)

    def _render(self, template: str, items: Sequence[Item], **values: Any) -> str:
        return (
            environment()
            .get_template(template)
            .render(night=self._night, documents=self._documents(items), categories=self._categories(items), **values)
        )

    def _documents(self, items: Sequence[Item]) -> list[EditionDocument]:
        """Return the documents of which a page has sentences, with how many those are."""
        counts = _summed(item.documents for item in items)
        return [replace(self._night.documents[k], sentences=counts[k]) for k in sorted(counts)]

    def _categories(self, items: Sequence[Item]) -> list[Category]:
        counts = _summed(item.categories for item in items)
        return [replace(c, sentences=counts[c.index]) for c in self._night.categories if c.index in counts]


def _named_on(front: Front) -> Iterator[str]:
    """Yield the stories that a front page links to."""
    named = (*(lead.story for lead in (front.lead, *front.leads) if lead), *front.beside, *front.below, *front.others)
    yield from (story.story_id for story in named)
    yield from (line.story.story_id for _, lines in front.lines for line in lines)


def _title(kind: str, page: Page, night: Edition) -> str:
    counts = {
        "stories": ("Story", "Stories", len(night.stories)),
        "headlines": ("Headline", "Headlines", len(night.stories)),
        "unplaced": ("Unplaced sentence", "Unplaced sentences", night.not_placed),
        "unreadable": ("Unreadable document", "Unreadable documents", len(night.unreadable)),
        "documents": ("Document", "Documents", len(night.documents)),
    }
    one, many, count = counts[kind]
    if page.first == page.last:
        return f"{one} {page.first:,} of {count:,}"
    return f"{many} {page.first:,} to {page.last:,} of {count:,}"


def _summed(counts: Iterable[Mapping[int, int]]) -> Counter[int]:
    """Add up what several pieces have of each number."""
    found: Counter[int] = Counter()
    for its in counts:
        for number, count in its.items():
            found[number] += count
    return found
