"""`.jsonl`: a document a line, an object with `text` and, if it has them, `id`, `title`, `source`."""

import codecs
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.formats.content import SourceRecord
from nightdesk.tasks.reading.formats.json_pairs import parse_json
from nightdesk.tasks.reading.formats.metadata import as_id, as_text


def read(file: BinaryIO, _charset: str = "") -> Iterator[SourceRecord]:
    """Yield a row for every line that is not blank, one line in memory at a time.

    Raises:
        DocumentError: it is in UTF-16, or has no line.
    """
    said = False
    for number, line in enumerate(file, 1):
        if number == 1 and line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise DocumentError("line 1: UTF-16, which .jsonl is never in; save it as UTF-8")
        text = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
        if text.strip():
            said = True
            yield _row(number, text)
    if not said:
        raise DocumentError("no line in it; leave it out or fill it")


def _row(number: int, line: bytes) -> SourceRecord:
    place = f"line {number}"
    try:
        data = parse_json(line.decode().strip())
        if isinstance(data, dict) and data.get("text", "") is None:
            return SourceRecord(number, place, **own(data))
        if not isinstance(data, dict) or not isinstance(data.get("text"), str):
            raise DocumentError('not an object with a "text"; give {"text": "...", "id": "..."}')
        return SourceRecord(number, place, **own(data), body=data["text"])
    except UnicodeDecodeError:
        return SourceRecord(number, place, wrong="not UTF-8 text; save it as UTF-8")
    except DocumentError as e:
        return SourceRecord(number, place, wrong=str(e).removeprefix("line 1 "))


def own(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a record says of its document, as far as it can be used: doc_id, title and source."""
    return {
        "doc_id": as_id(data.get("id")),
        "title": as_text(data.get("title")),
        "source": as_text(data.get("source")),
    }
