"""Text that was pasted into a form: kept beside the tables, so that it is read like any other document."""

from pathlib import Path

from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reading.documents import make_document, shown
from nightdesk.tasks.reading.sentences import split_prose

FOLDER = "pasted"


def keep(out: Path, text: str, doc_id: str) -> Path:
    """Write a text to OUT/pasted/<doc_id>.txt and return that path.

    doc_id: letters, digits, dots and dashes, or "": then the first 12 hex digits of the document's content hash.

    Raises:
        InputError: OUT cannot be written.
    """
    text = shown(text).replace("\0", "\ufffd")
    doc_id = doc_id or make_document("", "", split_prose(text)).content_hash[:12]
    path = out / FOLDER / f"{doc_id}.txt"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as e:
        raise InputError(f"{out}: cannot be written ({e.strerror}); name another folder") from None
    return path


def remove(out: Path, doc_id: str) -> None:
    """Remove a pasted text, if there is one of this name."""
    for path in (out / FOLDER).glob("*.txt"):  # not by its name: a doc_id may be any path
        if path.stem == doc_id:
            path.unlink(missing_ok=True)
