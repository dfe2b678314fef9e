"""Pages of pieces: each takes so many, and no more bytes than leave its file below FILE_BYTES."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from markupsafe import Markup

FILE_BYTES = 2_000_000  # a browser opens a file of this size in a second or two
ITEM_BYTES = 1_300_000  # of the pieces of a page; the rest is for style, script and filters
OPTION_BYTES = 60  # of a document in the list of those on a page, beside its id


@dataclass(frozen=True, slots=True)
class Item:
    """A piece. number: of what it shows, from 1. documents, categories: sentences in it, by number."""

    html: Markup
    number: int
    documents: Mapping[int, int] = field(default_factory=dict)
    categories: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of pieces. name: of its file; before, after: of the files beside it, or nothing."""

    name: str
    items: list[Item]
    before: str
    after: str

    @property
    def first(self) -> int:
        """Number of what its first piece shows."""
        return self.items[0].number

    @property
    def last(self) -> int:
        """Number of what its last piece shows."""
        return self.items[-1].number


class Pages:
    """Takes pieces one after the other, and hands on a page as soon as it is known to be full.

    kind: what the files are named by; most: pieces of a page; write: takes a page. done: (name, first, last) of each
    page that was written.
    """

    def __init__(self, kind: str, most: int, write: Callable[[Page], None]) -> None:
        self._kind, self._most, self._write = kind, most, write
        self._items: list[Item] = []
        self._bytes = 0
        self.done: list[tuple[str, int, int]] = []

    @property
    def number(self) -> int:
        """Number, from 1, of the page to which the next piece goes if it fits."""
        return len(self.done) + 1

    def add(self, item: Item) -> int:
        """Put a piece on the page, or on the next one if it does not fit; return the number of that page."""
        size = len(item.html.encode()) + OPTION_BYTES * len(item.documents)
        if len(self._items) == self._most or self._bytes + size > ITEM_BYTES:
            self.turn()
        self._items.append(item)
        self._bytes += size
        return self.number

    def turn(self) -> None:
        """Begin a new page, unless there is nothing on this one; another piece is to follow."""
        if self._items:
            self._hand_on(page_name(self._kind, self.number + 1))

    def close(self) -> None:
        """Hand on the last page."""
        if self._items:
            self._hand_on("")

    def _hand_on(self, after: str) -> None:
        before = page_name(self._kind, self.number - 1) if self.done else ""
        page = Page(page_name(self._kind, self.number), self._items, before, after)
        self._write(page)
        self.done.append((page.name, page.first, page.last))
        self._items, self._bytes = [], 0


def page_name(kind: str, number: int) -> str:
    """Return the name of a page's file."""
    return f"{kind}-{number:04}.html"
