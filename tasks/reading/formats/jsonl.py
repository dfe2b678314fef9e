"""`.jsonl`: a document a line, an object with `text` and, if it has them, `id`, `title`, `source`."""

import codecs
from collections.abc import Iterator
from typing import Any, BinaryIO

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.formats.content import SourceRecord
from nightdesk.tasks.reading.formats.json_pairs import parse_json


def read(file: BinaryIO, _charset: str = "") -> Iterator[SourceRecord]:
    """Yield a row for every line that is not blank, one line in memory at a time."""
    for number, line in enumerate(file, 1):
        if number == 1 and line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise DocumentError("line 1: UTF-16, which .jsonl is never in; save it as UTF-8")
        said = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
        if said.strip():
            yield _row(number, said)


def _row(number: int, line: bytes) -> SourceRecord:
    place = f"line {number}"
    try:
        data = parse_json(line.decode().strip())
        if not isinstance(data, dict) or not isinstance(data.get("text"), str):
            raise DocumentError('not an object with a "text"; give {"text": "...", "id": "..."}')
        return SourceRecord(number, place, **own(data), body=data["text"])
    except UnicodeDecodeError:
        return SourceRecord(number, place, wrong="not UTF-8 text; save it as UTF-8")
    except DocumentError as e:
        return SourceRecord(number, place, wrong=str(e).removeprefix("line 1 "))


def own(data: dict[str, Any]) -> dict[str, Any]:
    """Return what a record says of its document: doc_id, title and source.

    Raises:
        DocumentError: one of them is neither text nor a number.
    """
    named = {"doc_id": data.get("id"), "title": data.get("title"), "source": data.get("source")}
    for name, value in named.items():
        if value is not None and (isinstance(value, bool) or not isinstance(value, str | int)):
            raise DocumentError(f'its "{name.removeprefix("doc_")}" is neither text nor a whole number; mend it there')
    return {name: None if value is None else str(value) for name, value in named.items()}
