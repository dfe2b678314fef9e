"""A document: the sentences of one source, with what the source calls them and, for captions, when they are said."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, TypeVar

from nightdesk.tasks.reading.language import detect_language
from nightdesk.tasks.reading.sentences import Cut, Sentence, Spoken

_Known = TypeVar("_Known", float, str)
_HASHED = 10_000  # values of which the JSON is made at once
_SURROGATES = re.compile("[\ud800-\udfff]")


class Said(TypedDict):
    """Columns of passages that only captions fill: from when to when a sentence is said, in seconds, and by whom."""

    start_s: float | None
    end_s: float | None
    speaker: str | None


@dataclass(frozen=True, slots=True)
class Document:
    """Sentences of one source; position k (1..n) is texts[k - 1], and ids[k - 1] is what the source calls it.

    starts, ends: seconds from the beginning at which each sentence starts and ends; None where the source tells no
    times. speakers: who says each; None where the source names nobody.
    title: the source's own, which is not one of the sentences. replaced: number of U+FFFD in the sentences, which
    stand for bytes that are no character.
    """

    doc_id: str
    source: str
    content_hash: str
    language: str
    ids: tuple[str, ...]
    texts: tuple[str, ...]
    replaced: int = 0
    title: str | None = None
    starts: tuple[float | None, ...] | None = None
    ends: tuple[float | None, ...] | None = None
    speakers: tuple[str | None, ...] | None = None

    def said(self, position: int) -> Said:
        """Return when and by whom the sentence at a 0-based position is said."""
        return {
            "start_s": self.starts[position] if self.starts else None,
            "end_s": self.ends[position] if self.ends else None,
            "speaker": self.speakers[position] if self.speakers else None,
        }


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A document that was named and could not be read."""

    doc_id: str
    source: str
    reason: str


def known_column(values: tuple[_Known | None, ...]) -> tuple[_Known | None, ...] | None:
    """Return values of sentences as they are, but None if not one is known."""
    return values if any(v is not None for v in values) else None


def shown(path: Path | str) -> str:
    """Return a path as text that can be printed and stored: bytes that are no UTF-8 become U+FFFD."""
    return _SURROGATES.sub("\ufffd", str(path))


def make_document(doc_id: str, source: str, sentences: Sequence[Sentence], title: str | None = None) -> Document:
    """Build a document of (id, sentence) pairs, or of longer tuples that say when and by whom a sentence is said.

    Its language is that in which its text was cut, or else is told from the sentences, which takes milliseconds.

    What no table can hold becomes U+FFFD, and is counted, as are broken bytes, which came as U+FFFD.
    """
    replaced = 0
    ids: list[str] = []
    texts: list[str] = []
    for sentence in sentences:
        for value, column in ((sentence[0], ids), (sentence[1], texts)):
            clean = _SURROGATES.sub("\ufffd", value)
            replaced += clean.count("\ufffd")
            column.append(clean)
    spoken = [Spoken(*s) for s in sentences]
    return Document(
        shown(doc_id),
        shown(source),
        content_hash(ids, texts),
        sentences.language if isinstance(sentences, Cut) else detect_language(texts),
        tuple(ids),
        tuple(texts),
        replaced,
        shown(title) if title else None,
        known_column(tuple(s.start for s in spoken)),
        known_column(tuple(s.end for s in spoken)),
        known_column(tuple(shown(s.speaker) if s.speaker else None for s in spoken)),
    )


def content_hash(ids: Sequence[str], texts: Sequence[str]) -> str:
    """Return the SHA-256 of [ids, texts] as compact JSON, made a block at a time: whole, it is a second text."""
    digest = hashlib.sha256()
    for begin, column, end in (("[[", ids, "],["), ("", texts, "]]")):
        digest.update(begin.encode())
        for k in range(0, len(column), _HASHED):
            block = json.dumps(column[k : k + _HASHED], ensure_ascii=False, separators=(",", ":"))[1:-1]
            digest.update((f",{block}" if k else block).encode())
        digest.update(end.encode())
    return digest.hexdigest()
