"""Writing Markdown of which the text is not ours: titles, ids and reasons come from documents and models."""

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from nightdesk.tasks.edition.shown import shortened, shown

_MEANS_SOMETHING = re.compile(r"([\\`*_{}\[\]()#+!|~-])")
_NUMBERED = re.compile(r"^(\d+)([.])")
_SPACE = re.compile(r"\s+")
_ADDRESS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=@)", re.IGNORECASE)
_CODE = 400  # characters


def plain(text: object, longest: int = 120) -> str:
    """Return text on one line that shows as itself, whatever marks, tags or links it holds."""
    line = shortened(_one_line(text), longest)
    line = _MEANS_SOMETHING.sub(r"\\\1", escape(line, quote=False))
    line = _NUMBERED.sub(r"\1\\\2", line)
    return _ADDRESS.sub("\u200b", line)  # both of Prefect's UIs make links of bare addresses, of the web and of mail


def code(text: object) -> str:
    """Return text as code that shows as itself, but for backticks and bars: a path, an id."""
    line = shortened(_one_line(text), _CODE).replace("`", "ˋ").replace("|", "¦")
    return f"`{line or ' '}`"


def _one_line(text: object) -> str:
    return _SPACE.sub(" ", shown(str(text))).strip()


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """Return the lines of a table; its cells are Markdown. Columns whose head ends with a space are aligned right."""
    rule = ["---:" if h.endswith(" ") else "---" for h in head]
    lines = [[h.strip() for h in head], rule, *([str(c) for c in row] for row in rows)]
    return ["", *(f"| {' | '.join(line)} |" for line in lines), ""]
