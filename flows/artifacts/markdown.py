"""Writing Markdown of which the text is not ours: titles, ids and reasons come from documents and models."""

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

_MEANS_SOMETHING = re.compile(r"([\\`*_{}\[\]()#+!|~-])")
_NUMBERED = re.compile(r"^(\d+)([.])")
_SPACE = re.compile(r"\s+")


def plain(text: object, longest: int = 120) -> str:
    """Return text on one line that shows as itself, whatever marks, tags or links it holds."""
    line = _SPACE.sub(" ", str(text)).strip()
    if len(line) > longest:
        line = line[: longest - 1] + "…"
    line = _MEANS_SOMETHING.sub(r"\\\1", escape(line, quote=False))
    line = _NUMBERED.sub(r"\1\\\2", line)
    return line.replace("://", ":\u200b//").replace("www.", "www\u200b.")  # a bare address would become a link


def code(text: object) -> str:
    """Return text as code that shows as itself, but for backticks and bars: a path, an id."""
    return f"`{_SPACE.sub(' ', str(text)).replace('`', 'ˋ').replace('|', '¦')}`"


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    """Return the lines of a table; its cells are Markdown. Columns whose head ends with a space are aligned right."""
    rule = ["---:" if h.endswith(" ") else "---" for h in head]
    lines = [[h.strip() for h in head], rule, *([str(c) for c in row] for row in rows)]
    return ["", *(f"| {' | '.join(line)} |" for line in lines), ""]
