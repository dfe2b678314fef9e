"""The templates' environment: what every value goes through on its way into a page.

A value that a template does not name otherwise is escaped, harmless (shown.py) and short, so that no place of a
template can forget it. `|whole` is for the few values that may be long.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from nightdesk.tasks.edition.front import beginning, languages_in, standing
from nightdesk.tasks.edition.night import EditionStory, Sentence
from nightdesk.tasks.edition.shown import ended, shortened, shown

FOLDER = Path(__file__).parent
_RIGHT_TO_LEFT = ("ar", "fa", "he", "ug", "ur", "ps", "sd", "yi")
_UNSPACED = ("zh", "ja", "th", "lo", "km", "my")  # languages that put no space between sentences
_NAME = 60  # characters of a name in a list that opens
_LONGEST_ANCHOR = 200  # characters
_LONGEST_LINK = 2_000  # characters
_NOT_OF_A_LINK = re.compile(r"[\s\x00-\x20\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\\<>\"]")


class Whole(str):
    """Text that a page shows however long it is."""

    __slots__ = ()


@cache
def environment() -> Environment:
    """Return the templates of this folder with our filters, style and script."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,  # text and titles are not ours
        undefined=StrictUndefined,
        finalize=_final,
        auto_reload=False,  # else each use of a template looks whether its file has changed
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {
        "style": inlined(FOLDER / "style.css"),
        "paged_style": inlined(
            FOLDER / "style.css", FOLDER / "paged.css"
        ),  # apart, so that no more stands on the page of a small night
        "script": inlined(FOLDER / "script.js"),
        "beginning": beginning,
        "languages_in": languages_in,
        "standing": standing,
        "lang": lang,
        "share": _share,
    }
    made.filters |= {
        "longdate": _longdate,
        "number": _number,
        "sentences": _sentences,
        "clock": clock,
        "weblink": weblink,
        "anchor": anchor,
        "clipped": _clipped,
        "ended": ended,
        "whole": Whole,
        "slots": _slots,
        "spoken": _spoken,
    }
    return made


def weblink(source: str) -> str:
    """Return a source as a link if it is an address of the web without a user's name, else nothing."""
    if len(source) > _LONGEST_LINK or _NOT_OF_A_LINK.search(source):
        return ""
    try:
        parts = urlsplit(source)
        to_the_web = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return ""
    return Whole(source) if to_the_web else ""


@lru_cache(256)
def anchor(story_id: str) -> str:
    """Return the name by which a story is jumped to: letters, digits and %, as it stands in an id and in an address."""
    name = quote(story_id, safe="", errors="replace")
    if len(name) > _LONGEST_ANCHOR:
        name = hashlib.sha256(story_id.encode("utf-8", "replace")).hexdigest()
    return Whole(f"s-{name}")


def _final(value: Any) -> Any:
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return shown(value if isinstance(value, Whole) else shortened(value))


@cache
def inlined(*files: Path) -> dict[str, Markup]:
    """Return files of ours as they go into the page, and the hash by which the page's own policy admits them."""
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return {"text": Markup(text), "hash": Markup(f"sha256-{digest}")}


def _clipped(text: str, longest: int = _NAME) -> str:
    """Return a name or a title for a place that has little room."""
    return shortened(text, longest)


def _longdate(day: date) -> str:
    return f"{day:%A}, {day.day} {day:%B} {day.year}"


def _number(n: int) -> str:
    return f"{n:,}"


@lru_cache(1_000)
def lang(language: str) -> Markup:
    """Return the attributes of an element whose text is in a language."""
    direction = "rtl" if language in _RIGHT_TO_LEFT else "ltr"
    return Markup(' lang="{}" dir="{}"').format(shown(shortened(language)), direction) if language else Markup("")


@lru_cache(1_000)
def _slots(languages: Sequence[int]) -> Markup:
    """Return the classes by which something is hidden while the page is filtered by another language (style.css)."""
    return Markup("").join(f" l{k}" for k in ("", *languages)) if languages else Markup("")


@lru_cache(1_000)
def _spoken(languages: Sequence[int]) -> Markup:
    """Return the same as an attribute."""
    return Markup(' class="{}"').format(_slots(languages)[1:]) if languages else Markup("")


def clock(seconds: float) -> str:
    """Return seconds as hours, minutes and seconds."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _share(story: EditionStory) -> Markup:
    """Return a bar of how much of a story each category has."""
    bars, at = "", 0
    for section in story.sections:
        bars += f'<rect class="f{section.category.hue:d}" x="{at:d}" width="{section.sentences:d}" height="1"/>'
        at += section.sentences
    box = f'viewBox="0 0 {at:d} 1" preserveAspectRatio="none"'
    return Markup(f'<svg class="share" {box} aria-hidden="true">{bars}</svg>')


def sentence_gap(language: str) -> str:
    """Return what stands between the sentences of a language."""
    return "" if language in _UNSPACED else " "


def _sentences(its: Sequence[Sentence], language: str) -> Markup:
    """Return sentences with their places in their document, cut where they are long.

    The element bdi keeps text that runs the other way from turning what is around it.
    """
    texts = (escape(shown(shortened(s.text))) for s in its)
    made = (f"<bdi data-n={s.position:d}>{text}</bdi>" for s, text in zip(its, texts, strict=True))
    return Markup(sentence_gap(language).join(made))
