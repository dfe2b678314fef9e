"""Bytes -> text: UTF-8 and UTF-16 for certain, others where a detector (charset-normalizer) is sure of them.

What a document declares is tried only if it is the encoding of a text (is_charset): Python also has codecs that raise
errors of their own, or that take time which grows with the square of the length.
"""

import codecs
import re

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.language import detect_language

_SAMPLE = 200_000  # bytes shown to the detector
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_DECLARED = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?([\w.:-]{2,40})""", re.IGNORECASE)
_XML_DECLARED = re.compile(r"""^<\?xml[^>]{0,500}?encoding\s*=\s*["']([\w.:-]{2,40})["']""")
_XML_DECLARATION = re.compile(r"^<\?xml\s[^>]*>")
# Codecs that Python counts among the encodings of text, and that no document is in.
_NO_CHARSETS = {"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "utf-7"}
_WESTERN = (
    "en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "nb", "nn", "fi", "is", "ca", "gl", "eu", "id", "ms"
)  # fmt: skip
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
# What a wrong guess makes: control and private characters, the half-width kana and lone jamo of Cyrillic or Japanese.
_IMPLAUSIBLE = re.compile("[\x7f-\x84\x86-\x9f\u3130-\u318f\ue000-\uf8ff\ufffe\uffff\uff61-\uff9f]")
_MATCHES = 3  # of the detector, best first, of which the first plausible one is taken
_LITTLE = 12  # bytes beyond ASCII that are too few for the detector; by them only Western text is told
_WESTERN_LETTERS = re.compile("[\x00-\x7f\xa0-\xff\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u2013-\u203a\u20ac]*")


def decode(raw: bytes) -> str:
    """Return the text of a file.

    Raises:
        DocumentError: it is no text, or in an encoding that cannot be told with confidence; says where and what to do.
    """
    for mark, encoding in _MARKS.items():
        if raw.startswith(mark):
            return _as_declared(raw, encoding)
    if (unmarked := _unmarked_utf16(raw)) is not None:
        return _as_declared(raw, unmarked)
    try:
        text: str = raw.decode()
    except UnicodeDecodeError as e:
        text = _detected(raw, e.start)
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise DocumentError(f"line {line}: a NUL byte, so this is no text; name a text file")
    return text


def decode_xml(raw: bytes) -> str:
    """Return the text of an XML document without its declaration, which speaks of the bytes.

    By its mark, as it is declared, as UTF-8, or as Windows-1252, whichever fits first; feeds are often in none of them.
    """
    marked = next((e for mark, e in _MARKS.items() if raw.startswith(mark)), None) or _unmarked_utf16(raw)
    head = raw[:2_000].decode(marked or "latin-1", "replace").removeprefix("\ufeff")
    declared = _XML_DECLARED.match(head)
    named = declared[1].lower() if declared else ""
    for encoding in (marked, "gb18030" if named == "gb2312" else named, "utf-8", "cp1252"):
        if not encoding or not is_charset(encoding):
            continue
        try:
            text = raw.decode(encoding)
        except UnicodeError:
            continue
        return _XML_DECLARATION.sub("", text.removeprefix("\ufeff"))
    return _XML_DECLARATION.sub("", raw.decode("utf-8", "replace"))


def is_charset(name: str) -> bool:
    """Tell whether a name that a document declares is the encoding of a text."""
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return False
    return bool(getattr(info, "_is_text_encoding", True)) and info.name not in _NO_CHARSETS


def _as_declared(raw: bytes, encoding: str) -> str:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as e:
        raise DocumentError(f"byte {e.start}: not the {encoding.upper()} it begins as; save it as UTF-8") from None
    if "\0" in text:
        raise DocumentError(f"{encoding.upper()} with NUL characters, so this is no text; name a text file")
    return text


def _unmarked_utf16(raw: bytes) -> str | None:
    """Return the UTF-16 that text without a mark is in: every other byte of European text is NUL there."""
    head = raw[:2_000]
    if len(head) < 4 or len(raw) % 2:
        return None
    high, low = head[1::2].count(0), head[::2].count(0)
    half = len(head) // 2
    if high > 0.7 * half and low < 0.05 * half:
        return "utf-16-le"
    if low > 0.7 * half and high < 0.05 * half:
        return "utf-16-be"
    return None


def _detected(raw: bytes, bad: int) -> str:
    """Decode what is not UTF-8 (its byte `bad` is not): as a page declares it, or as the detector is sure of."""
    line = raw[:bad].count(b"\n") + 1
    refusal = DocumentError(f"line {line}: not UTF-8 text, and its encoding cannot be told; save it as UTF-8")
    if declared := _DECLARED.search(raw[:2_000]):
        named = declared[1].decode("ascii")
        if not is_charset(named):
            raise refusal
        try:
            return raw.decode(named)
        except UnicodeError:
            raise refusal from None
    if _CONTROL.search(raw):
        raise refusal
    from charset_normalizer import from_bytes

    little = sum(byte > 0x7F for byte in raw[:_SAMPLE]) < _LITTLE
    matches = [] if little else [m for m in from_bytes(_sample(raw, bad)) if m.chaos <= 0.1][:_MATCHES]
    if little or (matches and all("Latin" in a or "Punctuation" in a or "Symbol" in a for a in matches[0].alphabets)):
        text = _decoded(raw, "cp1252")  # which the detector takes for Central European
        if text is not None and _WESTERN_LETTERS.fullmatch(text) and detect_language([text]) in _WESTERN:
            return text
    for match in matches:
        if (text := _decoded(raw, match.encoding)) is not None:
            return text
    raise refusal


def _sample(raw: bytes, bad: int) -> bytes:
    """Return whole lines for the detector, those with the byte that is not UTF-8 among them."""
    start = 0 if bad < _SAMPLE else raw.rfind(b"\n", 0, bad) + 1
    if len(raw) - start <= _SAMPLE:
        return raw[start:]
    return raw[start : raw.rfind(b"\n", start, start + _SAMPLE) + 1 or start + _SAMPLE]


def _decoded(raw: bytes, encoding: str) -> str | None:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if _IMPLAUSIBLE.search(text) else text
