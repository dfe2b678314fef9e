"""Keys: where they are read, and how they are kept out of everything that is written.

A key lives in the environment of the process that uses it and nowhere else: it is read when a client is built, and
never travels. Whoever keeps keys elsewhere (Prefect Secret blocks) exports them into the environment before the
workers start.
"""

import os
import re

from nightdesk.tasks.config.secrets import HIDDEN, SHORTEST, keep_secret, without_secrets
from nightdesk.tasks.errors import Unusable

_LOOKS_LIKE_A_KEY = re.compile(r"\b(?:sk|pk|key|gsk|xai)-[A-Za-z0-9*_-]{6,}|(?<=Bearer )\S+")


def read_key(variable: str) -> str:
    """Return the key that an environment variable of this process holds.

    Raises:
        Unusable: it holds none.
    """
    key = os.environ.get(variable, "").strip()
    if not key:
        raise Unusable(f"the environment variable {variable} holds no key; set it where the run and its workers start")
    keep_secret(key)
    return key


def without_keys(text: str, variable: str = "") -> str:
    """Return text that may be shown: with the key that the variable holds, all known ones, and what looks like one,
    blanked."""
    key = os.environ.get(variable, "").strip() if variable else ""
    if len(key) >= SHORTEST:
        text = text.replace(key, HIDDEN)
    return _LOOKS_LIKE_A_KEY.sub(HIDDEN, without_secrets(text))
