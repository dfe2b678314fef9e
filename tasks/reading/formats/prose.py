"""`.txt`: running text, or a list of sentences as Python writes it (OLP-MINI is published so)."""

from nightdesk.tasks.reading.formats.content import Content, prose
from nightdesk.tasks.reading.formats.json_pairs import pairs
from nightdesk.tasks.reading.formats.listed_text import listed


def read(text: str) -> Content:
    """Return the text as it is: sentences are cut in its lines, or in its paragraphs if it was wrapped.

    Raises:
        DocumentError: it is a list of sentences, which breaks off.
    """
    found = listed(text)
    return prose(text) if found is None else pairs(found)
