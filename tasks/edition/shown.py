"""What a page shows of text that is not ours: characters that would act on the page are made visible, or left out."""

import re

LONGEST = 400  # characters of a title, a name or a reason; the tables hold all of it
_RETURN = re.compile("\r\n?|[\x85\u2028\u2029]")
_ACTS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"
    "\u202a-\u202e\u2066-\u2069"  # the explicit marks of direction
    "\ud800-\udfff"  # lone surrogates, which no file of UTF-8 can hold
    "\ufdd0-\ufdef\ufffe\uffff"  # no characters by Unicode's own word
    "]"
)
# Embeddings and isolates are left out, because a page isolates every text itself: an end mark without a beginning would
# end that isolation, and what follows would turn what stands after it.
_LEFT_OUT = "\u202a\u202b\u202c\u2066\u2067\u2068\u2069"


def shown(text: str) -> str:
    """Return text whose characters do nothing but stand there; text without control characters stays as it is.

    Control characters become their pictures (U+0000 is U+2400). U+FFFD stands for what has no picture and for marks
    that turn letters around. Line ends of every kind become a newline, which a page shows as a space.
    """
    if text.isprintable():  # as most is; no character that acts counts as printable
        return text
    return _ACTS.sub(_harmless, _RETURN.sub("\n", text))


def shortened(text: str, longest: int = LONGEST) -> str:
    """Return text, or its first characters and an ellipsis if it has more than `longest` characters."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def ended(text: str, longest: int = LONGEST) -> str:
    """Return text, or an ellipsis and its last characters if it is longer: of a path, because its name stands there."""
    return text if len(text) <= longest else "…" + text[1 - longest :]


def _harmless(match: re.Match[str]) -> str:
    character = match[0]
    if character in _LEFT_OUT:
        return ""
    if character < " ":
        return chr(0x2400 + ord(character))
    return "\u2421" if character == "\x7f" else "\ufffd"
