"""`.json`: sentences as the source has them, `[[id, "sentence"], ...]`, or an object whose `document` is that.

Nothing is trimmed, dropped or cut: empty sentences and spaces stay, and null is an empty sentence. What speech
recognition writes as JSON is read as captions.
"""

import json
from typing import Any

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.formats import speech
from nightdesk.tasks.reading.formats.content import Content
from nightdesk.tasks.reading.sentences import Sentence


def read(text: str) -> Content:
    """Return the sentences of a .json document.

    Raises:
        DocumentError: it is not JSON, or not in this form.
    """
    data = parse_json(text)
    spoken = speech.read(data)
    if spoken is not None:
        return spoken
    title = None
    if isinstance(data, dict):
        title = data["title"] if isinstance(data.get("title"), str) else None
        data = data.get("document")
    return pairs(data, title)


def pairs(data: Any, title: str | None = None) -> Content:
    """Return the sentences of a list of (id, sentence).

    Raises:
        DocumentError: it is not such a list; the message names the item.
    """
    if not isinstance(data, list):
        raise DocumentError('not a document; give [[id, "sentence"], ...] or {"document": [...]}')
    sentences: list[Sentence] = []
    nulls = 0
    for k, item in enumerate(data, 1):
        match item:
            case [int() | str() as sentence_id, str() | None as sentence] if not isinstance(sentence_id, bool):
                nulls += sentence is None
                sentences.append((str(sentence_id), sentence or ""))
            case _:
                raise DocumentError(f'item {k} of the document is not [id, "sentence"]; mend it there')
    note = f"sentences that are null, and read as empty ones: {nulls}" if nulls else ""
    return Content(lambda: sentences, not any(s[1].strip() for s in sentences), title, note)


def parse_json(text: str) -> Any:
    """Parse JSON; what is wrong is said with its place.

    Raises:
        DocumentError: it is not JSON.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as e:
        raise DocumentError(f"line {e.lineno} column {e.colno}: not JSON: {e.msg}; mend it there") from None
    except ValueError:
        raise DocumentError("a number in it is longer than any id; write long ids as text") from None
    except RecursionError:
        raise DocumentError("not a document: it is nested too deep; give [[id, sentence], ...]") from None
