"""Bytes -> text: by a byte-order mark, as UTF-8, by the label that came with them, or told from the letters.

Labels (`charset=` of an HTTP header, of a page, of an XML declaration) mean what they mean to browsers: the table of
https://encoding.spec.whatwg.org/#names-and-labels, by webencodings. It names encodings of text only, whereas Python
also has codecs that raise errors of their own, or take time that grows with the square of the length.
"""

import codecs
import re
from collections.abc import Callable

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.unlabelled import plausible, told_by_letters

_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_META = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
_XML_DECLARED = re.compile(rb"""^\s{0,20}<\?xml[^>]{0,500}?encoding\s*=\s*["']([\w.:-]{2,40})["']""")
_XML_DECLARATION = re.compile(r"^\s*<\?xml\s[^>]*>")
# Where Python's codec knows fewer characters than the encoding that browsers take for it.
_SUPERSETS = {
    "gbk": "gb18030", "shift_jis": "cp932", "cp949": "cp949", "euc_kr": "cp949", "big5": "big5hkscs",
    "iso8859-8-i": "iso8859-8",
}  # fmt: skip
_LIKE_ASCII = ("utf-16-le", "utf-16-be", "iso2022_jp")  # tried before UTF-8, because their bytes may all be ASCII
_ESCAPES = re.compile(rb"\x1b(?:\$[@B]|\([JI])")  # of ISO-2022-JP
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
_ENOUGH = 4  # characters of UTF-8 beyond ASCII: by chance a line in another encoding has one or two
_FEW = 0.1  # so many of the characters beyond ASCII may be broken in a text that is otherwise UTF-8, or as labelled


def decode(raw: bytes, label: str = "") -> str:
    """Return the text of a file; broken bytes in it are U+FFFD. label: the charset that its server names.

    Raises:
        DocumentError: it is no text, or in an encoding that cannot be told with confidence; says where and what to do.
    """
    text = _decoded(raw, label)
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise DocumentError(f"line {line}: a NUL byte, so this is no text; name a text file")
    return text


def decode_xml(raw: bytes, label: str = "") -> str:
    """Return the text of an XML document without its declaration, which speaks of the bytes.

    Never refused, because what is wrong with a feed is said better by its parser: bytes that cannot be told are U+FFFD.
    """
    try:
        text = _decoded(raw, label)
    except DocumentError:
        text = raw.decode("utf-8", "replace")
    return _XML_DECLARATION.sub("", text.removeprefix("\ufeff"))


def python_codec(label: str) -> str | None:
    """Return the codec for a label as browsers understand it; None if it is the label of no encoding."""
    from webencodings import lookup

    found = lookup(label)
    if found is None or found.name == "replacement":
        return None
    name = str(found.codec_info.name)
    return _SUPERSETS.get(name, name)


def _decoded(raw: bytes, label: str) -> str:
    """Return the first text that the bytes can be, by the surest sign first."""
    for mark, encoding in _MARKS.items():
        if raw.startswith(mark):
            return _as_marked(raw, encoding)
    named = (python_codec(label) if label else None) or _declared(raw)
    readers: tuple[Callable[[bytes], str | None], ...] = (
        lambda raw: _strictly(raw, named) if named in _LIKE_ASCII else None,
        _european_utf16,
        lambda raw: _strictly(raw, "iso2022_jp_2") if _ESCAPES.search(raw) else None,
        _as_utf8,
        lambda raw: _as_labelled(raw, named),
        _east_asian_utf16,
        _damaged_utf8,
        _line_by_line,
        told_by_letters,
    )
    text = next((text for read in readers if (text := read(raw)) is not None), None)
    if text is None:
        line = raw[: _first_broken(raw)].count(b"\n") + 1
        raise DocumentError(f"line {line}: not UTF-8 text, and its encoding cannot be told; save it as UTF-8")
    return text


def _as_utf8(raw: bytes) -> str | None:
    return raw.decode() if _first_broken(raw) is None else None


def _first_broken(raw: bytes) -> int | None:
    """Return where the first byte stands that is no UTF-8."""
    try:
        raw.decode()
    except UnicodeDecodeError as e:
        return e.start
    return None


def _declared(raw: bytes) -> str | None:
    """Return the codec that a page or an XML document declares in its first bytes."""
    head = raw[:2_000]
    found = _XML_DECLARED.match(head) or _META.search(head)
    named = python_codec(found[1].decode("ascii")) if found else None
    # A declaration that could be read as ASCII is in no UTF-16.
    return None if named in ("utf-16-le", "utf-16-be") else named


def _as_marked(raw: bytes, encoding: str) -> str:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as e:
        if encoding == "utf-8-sig" and (damaged := _damaged_utf8(raw)) is not None:
            return damaged.removeprefix("\ufeff")
        raise DocumentError(f"byte {e.start}: not the {encoding.upper()} it begins as; save it as UTF-8") from None
    if "\0" in text:
        raise DocumentError(f"{encoding.upper()} with NUL characters, so this is no text; name a text file")
    return text


def _strictly(raw: bytes, encoding: str) -> str | None:
    """Return a text that has no broken byte, and nothing in it that text has not; None if it is not such a one."""
    try:
        text = raw.decode(encoding)
    except (UnicodeError, ValueError):
        return None
    return text if plausible(text) else None


def _as_labelled(raw: bytes, named: str | None) -> str | None:
    """Return a text in the encoding of its label, some broken bytes allowed; None if it cannot be in it."""
    if named is None or named == "utf-8":
        return None
    text = raw.decode(named, "replace")
    beyond = sum(c > "\x7f" for c in text)
    broken = text.count("\ufffd")
    return text if broken <= max(1, _FEW * (beyond - broken)) and beyond > broken else None


def _damaged_utf8(raw: bytes) -> str | None:
    """Return UTF-8 in which a few bytes are broken; None if it is something else."""
    broken_lines = [line for line in raw.split(b"\n") if _first_broken(line) is not None]
    if any(b"\0" in line for line in broken_lines):
        return None
    good = sum(len(_MULTIBYTE.findall(line)) for line in broken_lines)
    bad = sum(len(_BEYOND_ASCII.findall(_MULTIBYTE.sub(b"", line))) for line in broken_lines)
    return raw.decode("utf-8", "replace") if bad <= max(1, _FEW * good) <= good else None


def _line_by_line(raw: bytes) -> str | None:
    """Return a text of which some lines are UTF-8, and the others together in one encoding; None if it is not so."""
    lines = raw.split(b"\n")
    odd = {k: line for k, line in enumerate(lines) if _first_broken(line) is not None}
    if sum(len(_MULTIBYTE.findall(line)) for k, line in enumerate(lines) if k not in odd) < _ENOUGH:
        return None
    told = told_by_letters(b"\n".join(odd.values()))
    if told is None:
        return None
    others = dict(zip(odd, told.split("\n"), strict=True))
    return "\n".join(others[k] if k in others else line.decode() for k, line in enumerate(lines))


def _european_utf16(raw: bytes) -> str | None:
    """Return a text in UTF-16 without a mark, of which every other byte is NUL."""
    head = raw[:2_000]
    if len(head) < 4 or len(raw) % 2:
        return None
    half = len(head) // 2
    for encoding, zeros, others in (("utf-16-le", head[1::2], head[::2]), ("utf-16-be", head[::2], head[1::2])):
        if zeros.count(0) > 0.7 * half and others.count(0) < 0.05 * half:
            return _strictly(raw, encoding)
    return None


def _east_asian_utf16(raw: bytes) -> str | None:
    """Return a Chinese, Japanese or Korean text in UTF-16 without a mark.

    Some of its bytes are control characters, which other encodings do not have, because its full stop is U+3002 and its
    lines end in U+000A.
    """
    if len(raw) % 2 or not _CONTROL.search(raw):
        return None
    for encoding in ("utf-16-le", "utf-16-be"):
        text = _strictly(raw, encoding)
        if text is not None and len(_EAST_ASIAN.findall(text)) >= 0.95 * len(text):
            return text
    return None


_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_EAST_ASIAN = re.compile("[\n\r\t -~\u2010-\u2026\u3000-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff00-\uffef]")
