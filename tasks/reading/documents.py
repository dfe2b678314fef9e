"""A document: the sentences of one source, with what the source calls them and, for captions, when they are said."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nightdesk.tasks.reading.language import detect_language
from nightdesk.tasks.reading.sentences import Sentence

_SURROGATES = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Document:
    """Sentences of one source; position k (1..n) is texts[k - 1], and ids[k - 1] is what the source calls it.

    starts: seconds from the beginning at which each sentence starts; None where the source tells no times.
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

    def start_of(self, position: int) -> float | None:
        """Return when the sentence at a 0-based position starts, in seconds."""
        return self.starts[position] if self.starts else None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A document that was named and could not be read."""

    doc_id: str
    source: str
    reason: str


def shown(path: Path | str) -> str:
    """Return a path as text that can be printed and stored: bytes that are no UTF-8 become U+FFFD."""
    return _SURROGATES.sub("\ufffd", str(path))


def make_document(doc_id: str, source: str, sentences: Sequence[Sentence], title: str | None = None) -> Document:
    """Build a document of (id, sentence) pairs, or (id, sentence, start in seconds) triples.

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
    content = json.dumps([ids, texts], ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(content.encode()).hexdigest()
    starts = tuple(s[2] if len(s) == 3 else None for s in sentences)
    return Document(
        shown(doc_id),
        shown(source),
        digest,
        detect_language(texts),
        tuple(ids),
        tuple(texts),
        replaced,
        shown(title) if title else None,
        starts if any(s is not None for s in starts) else None,
    )
