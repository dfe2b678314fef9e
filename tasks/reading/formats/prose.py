""".txt: running text."""

from nightdesk.tasks.reading.formats.content import Content, prose


def read(text: str) -> Content:
    """Return the text as it is: sentences are cut in its lines, or in its paragraphs if it was wrapped."""
    return prose(text)
