"""How many tokens a text has, estimated on the safe side, as only its provider can count them.

A token per three characters of ASCII and per two bytes of other UTF-8 (1.5 a Chinese character). Llama 2's vocabulary,
the poorest in Chinese of those in use, takes 1.46 a Chinese character, and one per 3.9 characters of English.
"""

from functools import lru_cache

from nightdesk.tasks.messages import RoleRequest
from nightdesk.tasks.roles import prompts
from nightdesk.tasks.roles.prompts import Prompt

ASCII_A_TOKEN = 3  # characters
OTHER_A_TOKEN = 2  # bytes of UTF-8
FORM_TOKENS = 200  # what a prompt has beside its text: the schema of the reply, the marks of a chat
NUMBER_TOKENS = 3  # the number before an item, and the end of its line
_ASCII = bytes(range(128))


def tokens_of(text: str) -> int:
    """Return how many tokens a text has at most, nearly whatever the vocabulary."""
    if text.isascii():
        return -(-len(text) // ASCII_A_TOKEN)
    data = text.encode("utf-8", "replace")
    other = len(data.translate(None, _ASCII))
    return -(-(len(data) - other) // ASCII_A_TOKEN) + -(-other // OTHER_A_TOKEN)


def prompt_tokens(prompt: Prompt) -> int:
    """Return how many tokens a prompt has at most."""
    return FORM_TOKENS + sum(map(tokens_of, (prompt.instructions, prompt.items, prompt.question)))


@lru_cache(64)
def question_tokens(request: RoleRequest) -> int:
    """Return how many tokens a question has at most, as a language model is shown it.

    A few are kept, because the draw, the check of the size and the reservation ask about a question one after another.
    """
    return prompt_tokens(prompts.render(request))


def item_tokens(item: str) -> int:
    """Return how many tokens an item adds to a question at most."""
    return NUMBER_TOKENS + tokens_of(prompts.fenced(item))
