"""A paragraph of a story as HTML, and below it what leads to its source: a fold-out that needs no script.

Its summary names the document and the places of the sentences in it, and when they were spoken. Open, it has the link
to the source, the sentences before and after, and the model that filed each sentence with its confidence. Built here
and not in a template, because a night has a million sentences.
"""

from collections.abc import Sequence
from enum import Enum
from functools import lru_cache
from html import escape
from typing import NamedTuple
from urllib.parse import quote

from markupsafe import Markup

from nightdesk.tasks.edition.environment import clock, lang, sentence_gap, weblink
from nightdesk.tasks.edition.night import EditionDocument, Paragraph, Sentence, Unplaced
from nightdesk.tasks.edition.shown import ended, shortened, shown

_NAME = 120  # characters of a document's name, and of a source, in a fold-out
_BESIDE = 200  # characters of a sentence before or after that is told again
_PASSAGE = 40  # characters of a sentence by which a browser finds it on its source's page, about


class Near(Enum):
    """What is sure to stand on the page of a sentence, so that a link leads to it and its text is not told again."""

    NIGHT = "the whole night"
    STORY = "its story"
    NOTHING = "nothing else"


class _Frame(NamedTuple):
    """What the paragraphs of a document have in common, as HTML. link: a source's address up to its fragment's end."""

    attributes: str
    summary: str
    link: str
    source: str
    quoted: str
    gap: str


def paragraph_html(paragraph: Paragraph, near: Near, folded: bool, language: str) -> Markup:
    """Return a paragraph and its fold-out. folded: it stands below a fold; language: of the page around it."""
    its, frame = paragraph.sentences, _frame(paragraph.document, language)
    more = ' class="more"' if folded else ""
    number = paragraph.document.index
    beside = ""
    for name, it, position in (
        ("before", paragraph.before, its[0].position - 1),
        ("after", paragraph.after, its[-1].position + 1),
    ):
        if it is not None:
            here = near is Near.NIGHT or (near is Near.STORY and it.is_in_story)
            beside += f"<li>{name}: {_link(number, position) if here else _quote(frame, it.read())}"
    return Markup(
        f"<p {frame.attributes}{more}>{_sentences(its, number, frame)}</p>\n{_fold_out(frame, its, beside, more)}"
    )


def unplaced_html(group: Unplaced, its: Sequence[Sentence], near: Near) -> Markup:
    """Return sentences that could not be placed, their reason and their fold-out."""
    frame, number = _frame(group.document, ""), group.document.index
    beside = ""
    for first, last in runs(its):
        for name, position in ((f"before {first}", first - 1), (f"after {last}", last + 1)):
            if text := group.beside(position):
                beside += f"<li>{name}: {_link(number, position) if near is Near.NIGHT else _quote(frame, text)}"
    reason = escape(shown(shortened(group.reason)))
    return Markup(
        f'<p {frame.attributes}><cite lang="en" dir="ltr">{reason}</cite>'
        f" {_sentences(its, number, frame)}</p>\n{_fold_out(frame, its, beside, '')}"
    )


def runs(sentences: Sequence[Sentence]) -> list[tuple[int, int]]:
    """Return the first and the last position of those sentences that stand side by side."""
    first = last = sentences[0].position
    found = []
    for s in sentences:
        if s.position > last + 1:
            found.append((first, last))
            first = s.position
        last = s.position
    found.append((first, last))
    return found


def text_fragment(text: str) -> str:
    """Return the end of an address by which a browser looks for the beginning of a text on a page."""
    words = " ".join(shown(text).split())
    cut = words[:_PASSAGE] if len(words) > _PASSAGE else words
    if len(words) > _PASSAGE and " " in cut:
        cut = cut[: cut.rindex(" ")]
    return ":~:text=" + quote(cut, safe="").replace("-", "%2D")


def _sentences(its: Sequence[Sentence], number: int, frame: _Frame) -> str:
    """Return sentences with their places. bdi keeps text that runs the other way from turning what is around it."""
    return frame.gap.join(
        f"<bdi id={number:d}.{s.position:d} data-n={s.position:d}>{escape(shown(s.text))}</bdi>" for s in its
    )


def _fold_out(frame: _Frame, its: Sequence[Sentence], beside: str, more: str) -> str:
    when = f" · {clock(its[0].start_s)}" if its[0].start_s is not None else ""
    places = ", ".join(f"{first}" if first == last else f"{first}–{last}" for first, last in runs(its))
    source = f'<a href="{frame.link}{text_fragment(its[0].text)}" {frame.source}' if frame.link else frame.source
    return (
        f"<details{more}{frame.summary} {places}{when}</summary>"
        f"<ul><li>{source}{beside}<li>filed by {_filed(its)}</ul></details>"
    )


def _filed(its: Sequence[Sentence]) -> str:
    """Return the models that filed some sentences; of each its place and time, and how sure the model was."""
    told, model = "", None
    for s in its:
        if s.model == model:
            told += " · "
        else:
            told += f"{'; ' if told else ''}{_named(s.model)}: "
            model = s.model
        when = f" at {clock(s.start_s)}" if s.start_s is not None else ""
        sure = f" {int(100 * s.confidence + 0.5)} %" if s.confidence else ""
        told += f"{s.position}{when}{sure}"
    return told


@lru_cache(1_000)
def _named(model: str) -> str:
    return escape(shown(shortened(model, _NAME))) or "no model"


def _link(number: int, position: int) -> str:
    return f"<a href=#{number:d}.{position:d}>{position:d}</a>"


def _quote(frame: _Frame, text: str) -> str:
    return f"<q{frame.quoted}>{escape(shown(shortened(text, _BESIDE)))}</q>"


@lru_cache(1_000)
def _frame(document: EditionDocument, language: str) -> _Frame:
    attributes = f"data-d={document.index:d}"
    if document.language != language:
        attributes += lang(document.language)
    ours = "" if language in ("en", "") else ' lang="en" dir="ltr"'
    name = escape(shown(shortened(document.doc_id, _NAME)))
    address = weblink(document.source)
    if address:
        link = str(escape(address if "#" in address else f"{address}#"))
        bare = address.partition("://")[2]
        source = f'rel="noopener noreferrer nofollow" target="_blank">{escape(shown(shortened(bare, _NAME // 2)))}</a>'
    else:
        link, source = "", f"<code>{escape(shown(ended(document.source, _NAME)))}</code>"
    return _Frame(
        attributes,
        f"{ours}><summary><cite>{name}</cite>",
        link,
        source,
        "" if document.language == "en" else str(lang(document.language)),
        sentence_gap(document.language),
    )
