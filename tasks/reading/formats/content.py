"""What a reader makes of a document: prose that is still to be cut, or the sentences as the source has them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from nightdesk.tasks.reading.sentences import Sentence, split_prose


@dataclass(frozen=True, slots=True)
class Content:
    """One document. sentences() cuts it; it is empty if there is nothing to read in it.

    title: the source's own, None if it gives none. note: what was odd in it and is read all the same, for the log.
    """

    sentences: Callable[[], Sequence[Sentence]]
    empty: bool
    title: str | None = None
    note: str = ""


def prose(text: str, title: str | None = None) -> Content:
    """Return running text as content: lines are paragraphs, and sentences are cut in them."""
    return Content(lambda: split_prose(text), not text.strip(), title)


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One document of a file that holds many. place: where it stands, for messages (line 7, row 7, entry 7).

    doc_id: the source's own id, if it has one. body: its text, which is prose, or HTML if `is_html`; letters: of it,
    without tags. headline_counts: the title is read where the body says nothing. wrong: why it cannot be read; then
    there is no body.
    """

    number: int
    place: str
    doc_id: str | None = None
    title: str | None = None
    source: str | None = None
    body: str = ""
    is_html: bool = False
    headline_counts: bool = False
    letters: int = 0
    wrong: str | None = None


# Both raise DocumentError with the place alone; whoever opened the file adds its name.
Single = Callable[[str], Content]
Many = Callable[[BinaryIO, str], Iterator[SourceRecord]]  # (file, the charset that its server names)
