"""Labelled documents: what a careful reader made of a document, read from a JSON file.

An object with `document` [[id, sentence], ...]; `passages` [[first id, last id, story], ...]; and
`topics` [{"topic": title, category: [ids], ...}, ...]. It has passages, topics, or both. It may name its `language`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nightdesk.tasks.errors import DocumentError, InputError
from nightdesk.tasks.reading.encodings import decode
from nightdesk.tasks.reading.formats.json_pairs import parse_json
from nightdesk.tasks.reading.formats.json_pairs import read as read_listed


@dataclass(frozen=True, slots=True)
class Labelled:
    """A labelled document; positions count from 1.

    passages: (first position, last position, story). labels: position -> {(index of the topic, category), ...}.
    language: its ISO 639-1 code, "" if the file does not tell it.
    """

    doc_id: str
    ids: tuple[str, ...]
    texts: tuple[str, ...]
    passages: tuple[tuple[int, int, str], ...]
    labels: Mapping[int, frozenset[tuple[int, str]]]
    categories: tuple[str, ...]
    language: str = ""


def load_labelled(path: Path) -> Labelled:
    """Read a labelled document; its doc_id is the file's stem.

    Raises:
        InputError: it is not in this form; the message names file and place.
    """
    try:
        text = decode(path.read_bytes())
        sentences = read_listed(text).sentences()
        data = parse_json(text)
        if not isinstance(data, dict) or not (data.get("passages") or data.get("topics")):
            raise DocumentError('nothing is labelled in it; give {"document": ..., "passages": ..., "topics": ...}')
        at: dict[str, int] = {}
        for position, sentence in enumerate(sentences, 1):
            at.setdefault(sentence[0], position)
        passages = _passages(data.get("passages") or [], at)
        labels, categories = _labels(data.get("topics") or [], at)
    except OSError as e:
        raise InputError(f"{path}: cannot be read ({e.strerror}); check the path") from None
    except DocumentError as e:
        raise InputError(f"{path}: {e}") from None
    ids, texts = tuple(s[0] for s in sentences), tuple(s[1] for s in sentences)
    return Labelled(path.stem, ids, texts, passages, labels, categories, str(data.get("language") or ""))


def _passages(given: Any, at: Mapping[str, int]) -> tuple[tuple[int, int, str], ...]:
    if not isinstance(given, list):
        raise DocumentError("passages: not a list; give [[first id, last id, story], ...]")
    passages = []
    for k, item in enumerate(given, 1):
        place = f"passages, item {k}"
        match item:
            case [int() | str() as first, int() | str() as last, int() | str() as story]:
                begin, end = (_position(i, at, place) for i in (first, last))
            case _:
                raise DocumentError(f"{place}: not [first id, last id, story]; mend it there")
        if begin > end:
            raise DocumentError(f"{place}: its last sentence comes before its first; mend it there")
        passages.append((begin, end, str(story)))
    return tuple(passages)


def _labels(given: Any, at: Mapping[str, int]) -> tuple[dict[int, frozenset[tuple[int, str]]], tuple[str, ...]]:
    if not isinstance(given, list):
        raise DocumentError('topics: not a list; give [{"topic": title, category: [ids], ...}, ...]')
    labels: dict[int, set[tuple[int, str]]] = {}
    categories: dict[str, None] = {}
    for k, topic in enumerate(given):
        place = f"topics, item {k + 1}"
        if not isinstance(topic, dict):
            raise DocumentError(f'{place}: not {{"topic": title, category: [ids], ...}}; mend it there')
        for name, ids in topic.items():
            if name == "topic":
                continue
            if not isinstance(ids, list):
                raise DocumentError(f"{place}: {name!r} is not a list of ids; mend it there")
            category = plain(name)
            categories.setdefault(category)
            for i in ids:
                labels.setdefault(_position(i, at, place), set()).add((k, category))
    return {position: frozenset(found) for position, found in labels.items()}, tuple(sorted(categories))


def _position(sentence_id: Any, at: Mapping[str, int], place: str) -> int:
    if isinstance(sentence_id, int | str) and str(sentence_id) in at:
        return at[str(sentence_id)]
    raise DocumentError(f"{place}: there is no sentence {str(sentence_id)[:40]!r} in the document; mend it there")


def plain(category: str) -> str:
    """Return a category as tables write it: labels may say "future plans" for future_plans."""
    return category.replace(" ", "_").lower()
