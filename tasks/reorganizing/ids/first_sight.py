"""Ids fixed at first sight: a topic's from the text of its first sentence, a story's from the topic that began it.

Neither chunks, batches nor other topics of the document change them, and text that is appended does not either.
"""

import hashlib
import re
from collections.abc import Iterable

_OWN_PART = re.compile(r"[0-9a-f]{10}(-[1-9][0-9]*)?")


def digest(text: str) -> str:
    """Return 10 hex digits of a sentence."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()


def sentence_name(its_digest: str, count: int) -> str:
    """Return what the count-th sentence of a document with this digest is called (from 1)."""
    return its_digest if count == 1 else f"{its_digest}-{count}"


def sentence_names(texts: Iterable[str], seen: dict[str, int] | None = None) -> list[str]:
    """Return a name for each sentence of a document, no two alike.

    Equal digests are counted, not equal texts, because two texts may have one digest. seen: digest -> sentences of the
    document before these that have it; it is carried on, so that a document may be named piece by piece.
    """
    seen = {} if seen is None else seen
    names = []
    for text in texts:
        its_digest = digest(text)
        seen[its_digest] = count = seen.get(its_digest, 0) + 1
        names.append(sentence_name(its_digest, count))
    return names


def topic_id(doc_id: str, name: str) -> str:
    """Return the id of a topic whose first sentence has this name in its document."""
    return f"{doc_id}/{name}"


def is_of_a_sentence(topic: str, doc_id: str) -> bool:
    """Tell whether a topic's id derives from a sentence; those of nightdesk 0.1 are order numbers (doc/t0001)."""
    return topic.startswith(f"{doc_id}/") and _OWN_PART.fullmatch(topic, len(doc_id) + 1) is not None


def story_id(topic: str, night: str = "") -> str:
    """Return the id of the story that a topic begins.

    night: the run_date, if another night has a topic of this id that tells something else; else left out.
    """
    return hashlib.blake2b(f"{topic}\0{night}".encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
