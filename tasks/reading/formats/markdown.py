"""`.md`: what a reader sees of it. Headings, items and table rows are lines of their own; marks and links' targets go.

Code is kept as the text it is, a line a line. markdown-it-py reads it by the rules of CommonMark.
"""

import re
from typing import TYPE_CHECKING

from nightdesk.tasks.reading.formats.content import Content, prose

if TYPE_CHECKING:
    from markdown_it.token import Token

_FENCES = ("---", "...")  # that end the front matter; the first one begins it
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_TAG_OR_COMMENT = re.compile(rf"<!--.*?-->|{_TAG.pattern}", re.DOTALL)


def read(text: str) -> Content:
    """Return the readable text of a Markdown document; its title is that of its front matter."""
    from markdown_it import MarkdownIt

    title, text = _without_front_matter(text.replace("\r\n", "\n"))
    lines: list[str] = []
    row: list[str] = []  # cells of a table row
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        if token.type == "inline":
            (row if row else lines).append(_inline(token))
        elif token.type in ("fence", "code_block"):
            lines += token.content.splitlines()
        elif token.type == "html_block":
            lines += _untagged(token.content).splitlines()
        elif token.type == "tr_open":
            row = [""]
        elif token.type == "tr_close":
            lines.append(", ".join(c for c in row if c.strip()))
            row = []
    return prose("\n".join(lines), title)


def _without_front_matter(text: str) -> tuple[str | None, str]:
    """Return the title that a document's front matter names, None if none does, and the text after it."""
    if not text.startswith(_FENCES[0]):
        return None, text
    lines = text.split("\n")
    if lines[0].rstrip(" \t") != _FENCES[0]:
        return None, text
    end = next((k for k, line in enumerate(lines) if k > 1 and line.rstrip(" \t") in _FENCES), None)
    if end is None:
        return None, text
    titles = (line.removeprefix("title:").strip(" \t") for line in lines[1:end] if line.startswith("title:"))
    title = next((title for title in titles if title), None)
    return title.strip("\"'") if title else None, "\n".join(lines[end + 1 :])


def _untagged(html: str) -> str:
    # Comments are looked for only before the last one's end: else each that is left open costs a walk to the end.
    last = html.rfind("-->") + 3 if "-->" in html else 0
    return _TAG_OR_COMMENT.sub(" ", html[:last]) + _TAG.sub(" ", html[last:])


def _inline(token: "Token") -> str:
    """Return the words of a paragraph: text, code, what images show; a line break inside it is a space."""
    words = []
    for child in token.children or ():
        if child.type in ("text", "code_inline", "image", "text_special"):
            words.append(child.content)
        elif child.type == "softbreak":
            words.append(" ")
        elif child.type == "hardbreak":
            words.append("\n")
    return "".join(words)
