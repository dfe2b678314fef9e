"""The headline of a page: the one that it gives to those who link to it, or its main heading; not a logo."""

import re
from itertools import islice
from typing import TYPE_CHECKING

from nightdesk.tasks.reading.formats.entries import plain

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_NAME = re.compile(r"\s+[|·•—–»:-]\s+|\s*[|»]\s*")  # before or after a site's name
_LONGEST = 1_000  # characters of a headline that are looked at; each place in it where a site's name may begin is tried
_MOST_BLANK = 10_000  # characters of it with the blanks between them
_MOST = 50  # headings of a page that may be its headline
_MAIN = ("article", "main")
_AROUND = {"header", "nav", "footer", "aside"}


def headline(page: "HtmlElement") -> str | None:
    """Return a page's headline: its main heading, its og:title, what its window is called, or any other heading."""
    window = _first(page, "//head/title")
    headings = list(islice((h for h in page.iter("h1", "h2") if _text(h)), _MOST))
    site = _meta(page, "og:site_name") or next((_text(h) for h in headings if h.tag == "h1" and _is_logo(h, "")), "")
    tops = [h for h in headings if h.tag == "h1" and not _is_logo(h, site)]
    named = [n for n in (_meta(page, "og:title"), _meta(page, "twitter:title"), window) if n and n != site]
    # What begins the name of the page and is a heading, too, is its headline, and the rest of the name is the site's.
    told = next((_text(h) for n in named for h in [*tops, *headings] if _is_begin(_text(h), n)), None)
    main = [h for h in tops if _is_main(h)]
    if main and not (told and any(_is_end(_text(main[0]), n) for n in named)):
        return _text(main[0])
    if told:
        return told
    for name in named:
        if name != window:
            return _without_site(name, site)
    if tops and not _is_around(tops[0]):
        return _text(tops[0])
    return _without_site(window, site) or next((_text(h) for h in headings if h.tag == "h1"), None)


def _meta(page: "HtmlElement", name: str) -> str:
    """Return what a page's head says under a name; "" if nothing."""
    found = page.xpath("//meta[@property=$name or @name=$name]/@content", name=name)
    return plain(str(found[0])[:_LONGEST]) if found else ""


def _first(page: "HtmlElement", path: str) -> str:
    return next((text for text in map(_text, page.xpath(path)) if text), "")


def _text(heading: "HtmlElement") -> str:
    """Return what a heading shows, as far as a headline may go on."""
    parts: list[str] = []
    left = _MOST_BLANK
    for part in heading.itertext():
        parts.append(part[:left])
        left -= len(part)
        if left <= 0:
            break
    return plain(" ".join("".join(parts).split())[:_LONGEST].replace("<", "&lt;"))


def _is_main(heading: "HtmlElement") -> bool:
    """Tell whether a heading stands in the page's article or main part."""
    above = [e.tag for e in heading.iterancestors()]
    if any(tag in ("nav", "footer", "aside") for tag in above):
        return False
    return any(tag in _MAIN for tag in above) or heading.get("itemprop") == "headline"


def _is_around(heading: "HtmlElement") -> bool:
    return any(e.tag in _AROUND for e in heading.iterancestors())


def _is_logo(heading: "HtmlElement", site: str) -> bool:
    """Tell whether a heading is the site's name, or a link to its first page."""
    if site and _text(heading).casefold() == site.casefold():
        return True
    said = " ".join(
        str(e.get(n) or "") for e in (heading, heading.getparent()) if e is not None for n in ("class", "id")
    )
    if re.search(r"\b(?:logo|brand|site-(?:title|name)|masthead)\b", said.replace("_", "-"), re.IGNORECASE):
        return True
    links = [str(a.get("href") or "") for a in islice(heading.iter("a"), _MOST)] + [
        str(e.get("href") or "") for e in heading.iterancestors("a")
    ]
    return any(re.fullmatch(r"(?:https?://[^/?#]+)?/?(?:index\.\w+)?|#|\./", link.strip()) for link in links if link)


def _is_begin(heading: str, name: str) -> bool:
    """Tell whether a heading is all of a page's name, or what stands before the name of its site."""
    return heading == name or any(heading == name[: mark.start()] for mark in _NAME.finditer(name))


def _is_end(heading: str, name: str) -> bool:
    """Tell whether a heading stands at the end of a page's name, as a site does."""
    return any(heading == name[mark.end() :] for mark in _NAME.finditer(name))


def _without_site(title: str, site: str) -> str:
    """Return a title without the name of its site at either end."""
    for mark in _NAME.finditer(title):
        before, after = title[: mark.start()], title[mark.end() :]
        if site and before and after.casefold() == site.casefold():
            return before
        if site and after and before.casefold() == site.casefold():
            return after
    return title
