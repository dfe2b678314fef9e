"""What a record says of its document beside the text. Whatever is odd about it is left out, for the text counts."""

import contextlib
import hashlib
import math
import re
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

LONGEST_ID = 200  # characters
_SURROGATE = re.compile("[\ud800-\udfff]")
_HASH = 16  # hex digits that tell long ids apart which begin alike


def as_text(value: Any) -> str | None:
    """Return a title or a source as one line of text; None if it is not text or a number, or blank."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal | date | UUID):
        return None
    said = " ".join(_written(value).split())
    return said or None


def as_id(value: Any) -> str | None:
    """Return an id as text, 4.0 as "4", a long one shortened with a hash; None if it cannot be one, or is blank.

    Characters that cannot be printed would make two ids look like one: such an id is left out.
    """
    if isinstance(value, bytes):
        try:
            value = value.decode()
        except UnicodeDecodeError:
            value = value.hex()
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal | date | UUID):
        return None
    said = _written(value).strip()
    if not said or not said.isprintable():
        return None
    return shortened(said)


def shortened(doc_id: str) -> str:
    """Return an id of at most LONGEST_ID characters: a longer one's beginning and a hash of all of it.

    Likewise of a name of a file that is no UTF-8: its bytes become U+FFFD, and the hash tells it from others.
    """
    with contextlib.suppress(UnicodeError):  # in a locale that is not UTF-8, Python keeps the bytes of é as surrogates
        doc_id = doc_id.encode("utf-8", "surrogateescape").decode()
    clean = _SURROGATE.sub("\ufffd", doc_id)
    if len(doc_id) <= LONGEST_ID and clean == doc_id:
        return doc_id
    digest = hashlib.blake2b(doc_id.encode("utf-8", "surrogatepass"), digest_size=_HASH // 2).hexdigest()
    return f"{clean[: LONGEST_ID - _HASH - 1]}~{digest}"


def _written(value: str | int | float | Decimal | date | UUID) -> str:
    if isinstance(value, float):
        if not math.isfinite(value):
            return ""
        return str(int(value)) if value.is_integer() else repr(value)
    try:
        return str(value)
    except ValueError:  # a whole number of more digits than Python writes
        return ""
