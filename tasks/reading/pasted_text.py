"""Text that was pasted into a form: kept beside the tables, so that it is read like any other document."""

import hashlib
from pathlib import Path

from nightdesk.tasks.config.private_files import private_folder, staged_of, write_private
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reading.documents import make_document, shown
from nightdesk.tasks.reading.sentences import split_prose
from nightdesk.tasks.safety.links import refuse_links

FOLDER = "pasted"


def keep(out: Path, text: str, doc_id: str) -> Path:
    """Write a text to OUT/pasted/<doc_id>.txt and return that path.

    A name with capital letters goes into a folder of its own, because some file systems take "A" and "a" for one.

    doc_id: letters, digits, dots and dashes, or "": then the first 12 hex digits of the document's content hash.

    Raises:
        InputError: OUT cannot be written.
        PublishError: a link below OUT leads elsewhere.
    """
    text = shown(text).replace("\0", "\ufffd")
    doc_id = doc_id or make_document("", "", split_prose(text)).content_hash[:12]
    path = _folder(out, doc_id) / f"{doc_id}.txt"
    try:
        refuse_links(out, path.parent)
        for folder in (out / FOLDER, path.parent):
            private_folder(folder)
        write_private(path, text)
    except OSError as e:
        raise InputError(f"{out}: cannot be written ({e.strerror}); name another folder") from None
    return path


def remove(out: Path, doc_id: str) -> int:
    """Remove a pasted text, if there is one of this name; return how many files that were."""
    refuse_links(out, out / FOLDER)
    its = _files(out, doc_id)
    for path in its:
        path.unlink(missing_ok=True)
    return len(its)


def sentences(out: Path, doc_id: str) -> list[str]:
    """Return the sentences of a pasted text; none if it is not there."""
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in _files(out, doc_id)]
    return [sentence for text in texts for _, sentence, *_ in split_prose(text)]


def _files(out: Path, doc_id: str) -> list[Path]:
    """Return the text of a document and what killed writers of it left. Earlier versions had no folders in here."""
    # A doc_id may be any path, so it is compared and never part of one.
    return [p for p in (out / FOLDER).glob("**/*.t[xm][tp]") if doc_id in (p.stem, staged_of(p))]


def _folder(out: Path, doc_id: str) -> Path:
    if doc_id == doc_id.lower():
        return out / FOLDER
    return out / FOLDER / hashlib.sha256(doc_id.encode()).hexdigest()[:16]
