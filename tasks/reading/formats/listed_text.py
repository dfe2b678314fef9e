"""A list of sentences as Python writes it, `[[1, 'One.'], [2, "Two."]]`: read item by item, and never run.

ast.literal_eval takes a hundred times the text's size in memory, and ends the process on some input. Here it sees one
string at a time, which is known to be one.
"""

import ast
import json
import re
import warnings
from typing import Any

from nightdesk.tasks.errors import DocumentError

_STRING = r"""[rR]?(?:'''(?:[^\\']|\\.|'(?!''))*+'''|\"""(?:[^\\"]|\\.|"(?!""))*+\"""|""" + (
    r"""'(?:[^'\\\n]|\\.)*+'|"(?:[^"\\\n]|\\.)*+")"""
)
_ITEM = re.compile(
    rf"\s*+([\[(])\s*+(-?\d{{1,4000}}|{_STRING})\s*+,\s*+({_STRING}(?:\s*{_STRING})*+|None|null)\s*+(?:,\s*+)?([\])])\s*+",
    re.DOTALL,
)
_BEGIN = re.compile(r"\s*+\[(?=\s*+[\[(])")
_END = re.compile(r"\s*+(?:,\s*+)?\]\s*+\Z")
_CLOSES = {"[": "]", "(": ")"}


def listed(text: str) -> list[list[Any]] | None:
    """Return [[id, sentence or None], ...]; None if the text does not begin like such a list.

    Raises:
        DocumentError: it begins like one, and goes on otherwise.
    """
    begin = _BEGIN.match(text)
    if begin is None or not _ITEM.match(text, begin.end()):
        return None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None
    if isinstance(data, list):  # then escapes mean what they mean there
        return data
    items: list[list[Any]] = []
    at = begin.end()
    while item := _ITEM.match(text, at):
        if _CLOSES[item[1]] != item[4]:
            break
        items.append([_value(item[2]), _value(item[3])])
        at = item.end()
        if text[at : at + 1] == ",":
            at += 1
        else:
            break
    if not _END.match(text, at):
        line = text.count("\n", 0, len(text) - len(text[at:].lstrip())) + 1
        raise DocumentError(
            f"line {line}: a list of [id, 'sentence'], which after {len(items)} items goes on otherwise; mend it there"
        )
    return items


def _value(said: str) -> Any:
    """Return what a number, a string or None stands for."""
    if said in ("None", "null"):
        return None
    if said[0] not in "rR'\"":
        return int(said)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes that are none
            return ast.literal_eval(said if "\n" not in said else f"({said})")
    except (SyntaxError, ValueError):  # a broken escape: it is shown as it stands
        return said.strip("rR").strip("'\"")
