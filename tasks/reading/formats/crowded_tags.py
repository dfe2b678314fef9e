"""Tags with so many attributes that parsers take minutes for one: each attribute is compared with all before it."""

import re

from nightdesk.tasks.errors import DocumentError

MOST = 1_000  # attributes of a tag; pages as they are found have 50 at most
_ATTRIBUTE = r"""[\s/=]*+[^\s>/=]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>]++))?"""
# What is matched is not looked at again, so that the time grows with the text alone.
_TAG = re.compile(rf"<(?:!--|(script|style)\b|[A-Za-z][^\s>/]*+(?:{_ATTRIBUTE}){{0,{MOST}}}+)", re.IGNORECASE)
_ONE_MORE = re.compile(_ATTRIBUTE)
_ENDS = {name: re.compile(rf"</{name}\b", re.IGNORECASE) for name in ("script", "style")}


def refuse_crowded(text: str) -> None:
    """See that no tag of a page has more than MOST attributes.

    Raises:
        DocumentError: one has; says in which line.
    """
    at = 0
    while tag := _TAG.search(text, at):
        at = tag.end()
        if tag[0] == "<!--":
            at = text.find("-->", at)
        elif tag[1]:  # its text is no markup
            end = _ENDS[tag[1].lower()].search(text, at)
            at = end.end() if end else -1
        elif at - tag.start() > MOST and _ONE_MORE.match(text, at) and len(_ONE_MORE.findall(tag[0])) >= MOST:
            line = text.count("\n", 0, tag.start()) + 1
            raise DocumentError(f"line {line}: a tag of more than {MOST:,} attributes; mend it, or leave it out")
        if at < 0:
            return
