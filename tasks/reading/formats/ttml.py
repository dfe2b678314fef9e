"""`.ttml`, `.dfxp`: captions in XML (Timed Text Markup Language), as broadcasters and streaming services write them."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.formats.content import Content
from nightdesk.tasks.reading.formats.references import mended
from nightdesk.tasks.reading.formats.speech import spoken

if TYPE_CHECKING:
    from lxml.etree import _Element

_CLOCK = re.compile(r"(\d+):(\d{1,2}):(\d{1,2}(?:\.\d+)?)(?::(\d+(?:\.\d+)?))?")
_OFFSET = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s|f|t)?")
_UNIT_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, None: 1.0}
_DECLARATION = re.compile(r"^\s*<\?xml\s[^>]*>")


def read(text: str) -> Content:
    """Return the sentences of a TTML file.

    Raises:
        DocumentError: it is no XML, or no caption is in it.
    """
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=False)
    raw = mended(_DECLARATION.sub("", text)).strip().encode("utf-8", "replace")
    try:
        root = etree.fromstring(raw, parser) if raw else None
    except (etree.LxmlError, ValueError) as e:
        raise DocumentError(f"no XML that can be read ({str(e)[:200]}); mend it") from None
    if root is None or _name(root) != "tt":
        raise DocumentError("no TTML captions in it; name it as the format it has")
    body = next((e for e in root if _name(e) == "body"), None)
    pieces = sorted(_pieces(body, _Clock(root), 0.0, ""), key=lambda p: p[0]) if body is not None else []
    if not pieces:
        raise DocumentError("no caption in it (no <p> with a text); leave it out or fill it")
    return spoken(pieces)


class _Clock:
    """Reads the times of a document, which says how many frames and ticks a second has."""

    def __init__(self, root: "_Element") -> None:
        said = {_local(str(key)): value for key, value in root.attrib.items()}
        rate = _number(said.get("frameRate"), 30.0)
        times = re.fullmatch(r"\s*(\d{1,9})[\s:]+(\d{1,9})\s*", str(said.get("frameRateMultiplier", "")))
        self._frames = rate * (int(times[1]) / max(1, int(times[2])) if times else 1.0) or 30.0
        self._ticks = _number(said.get("tickRate"), self._frames if "frameRate" in said else 1.0)

    def seconds(self, said: str | None) -> float | None:
        """Return a time in seconds; None if there is none."""
        said = (said or "").strip()
        if clock := _CLOCK.fullmatch(said):
            frames = float(clock[4] or 0) / self._frames
            return int(clock[1][:9]) * 3600 + int(clock[2]) * 60 + float(clock[3]) + frames
        if offset := _OFFSET.fullmatch(said):
            unit = {"f": 1 / self._frames, "t": 1 / self._ticks}.get(offset[2]) or _UNIT_S[offset[2]]
            return min(float(offset[1]), 1e15) * unit
        return None


def _number(said: Any, otherwise: float) -> float:
    """Return a rate that is above zero."""
    try:
        return float(said) if 0 < float(said) < 1e12 else otherwise
    except (TypeError, ValueError):
        return otherwise


def _pieces(element: "_Element", clock: _Clock, since: float, speaker: str) -> Iterator[tuple[float, float, str, str]]:
    """Yield (begin, end, text, speaker) of every caption below an element, whose own begin counts for these."""
    stack = [(element, since, speaker)]
    while stack:
        at, since, speaker = stack.pop()
        begin, end = _times(at, clock, since)
        speaker = _attribute(at, "agent") or speaker
        timed = [e for e in at.iter() if _name(e) == "span" and _attribute(e, "begin")] if _name(at) == "p" else []
        if _name(at) == "p" and timed and _attribute(at, "begin") is None:
            for span in timed:  # word by word, the paragraph without a time of its own
                its_begin, its_end = _times(span, clock, begin)
                yield its_begin, its_end, _text(span), speaker
        elif _name(at) == "p":
            if (text := _text(at)).strip():
                yield begin, end, text, speaker
        else:
            stack += [(e, begin, speaker) for e in reversed(at) if _name(e) in ("div", "p", "section")]


def _times(element: "_Element", clock: _Clock, since: float) -> tuple[float, float]:
    begin = since + (clock.seconds(_attribute(element, "begin")) or 0.0)
    end, lasts = clock.seconds(_attribute(element, "end")), clock.seconds(_attribute(element, "dur"))
    return begin, begin + lasts if lasts is not None else since + end if end is not None else begin


def _text(element: "_Element") -> str:
    """Return what an element shows: blanks as one, a <br/> as a line."""
    parts = [_blanks(element.text)]
    for child in element:
        name = _name(child)
        if name == "br":
            parts.append("\n")
        elif name not in ("metadata", "set", ""):
            parts.append(_text(child))
        parts.append(_blanks(child.tail))
    return "".join(parts)


def _blanks(text: str | None) -> str:
    return re.sub(r"\s+", " ", text or "")


def _name(element: "_Element") -> str:
    """Return an element's name without its namespace; "" of a comment."""
    return _local(element.tag) if isinstance(element.tag, str) else ""


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _attribute(element: "_Element", name: str) -> str | None:
    """Return an attribute, whatever namespace it is in."""
    return next((str(v) for k, v in element.attrib.items() if _local(str(k)) == name), None)
