"""A server's usage figures, checked before they are believed: whole numbers, 0 or more, no more than there can be.

Figures decide what a call costs, so a wrong one ends a run (1e30 tokens) or has a dear model look free (null, 0). What
cannot be right is replaced by our own count by length, and the row says that it is estimated.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from nightdesk.tasks.messages import Usage
from nightdesk.tasks.roles.prompts import Prompt

MOST_RAW = 4_000  # characters of a server's own words that are kept
SLACK = 2  # a prompt of n bytes has n tokens at most; templates and schemas may double that
TEMPLATE_TOKENS = 10_000  # what a server may add to the shortest prompt
MOST_OUTPUT = 1_000_000  # tokens, where no limit of the reply is known


def usage_of(reported: Any, total: int | None, read: Any, written: Any, output: Any) -> Usage:
    """Return the usage that a server reports; estimated, without figures, if it reports none that can be.

    total: tokens of the input, cached ones included; None if that is no whole number. read, written, output: as they
    stand in the reply; a cache that is not mentioned took nothing.
    """
    raw = json.dumps(reported, separators=(",", ":"))
    raw = raw if len(raw) <= MOST_RAW else ""
    cached, kept, said = whole(read, 0), whole(written, 0), whole(output)
    if total is None or cached is None or kept is None or said is None or cached + kept > total:
        return Usage(estimated=True, raw=raw)
    return Usage(total, cached, said, kept, raw=raw)


def whole(value: Any, otherwise: int | None = None) -> int | None:
    """Return a count of tokens, or None if it is no whole number of 0 or more. otherwise: what null stands for."""
    if value is None:
        return otherwise
    return value if type(value) is int and value >= 0 else None


def checked(usage: Usage, prompt: Prompt, text: str, most_output: int) -> Usage:
    """Return a reply's usage if it can be right; else what we count by length, in place of the server's figures.

    most_output: tokens that the reply could have at most; 0 if that is not known.
    """
    own = estimated(prompt, text)
    most_read = SLACK * _bytes(prompt.instructions, prompt.items, prompt.question) + TEMPLATE_TOKENS
    most_written = SLACK * most_output + _bytes(text) if most_output else MOST_OUTPUT
    is_right = 0 < usage.input_tokens <= most_read and bool(text) <= usage.output_tokens <= most_written
    return usage if is_right and not usage.estimated else replace(own, raw=usage.raw)


def estimated(prompt: Prompt, reply: str) -> Usage:
    """Return usage counted by length, where a server keeps it to itself: a token per four bytes of UTF-8."""
    read = _bytes(prompt.instructions, prompt.items, prompt.question)
    return Usage(read // 4 + 1, 0, _bytes(reply) // 4 + 1, estimated=True)


def limit_of(settings: str, max_output_tokens: int, keys: tuple[str, ...]) -> int:
    """Return how many tokens a reply may have: as the model's options say (JSON), else its max_output_tokens."""
    options = json.loads(settings or "{}")
    said = [v for k in keys if isinstance(options, Mapping) and type(v := options.get(k)) is int]
    return max([*said, max_output_tokens])


def _bytes(*texts: str) -> int:
    return sum(len(text.encode("utf-8", "replace")) for text in texts)
