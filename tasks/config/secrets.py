"""What must not be shown: the secrets in this process's environment, and how they are blanked in logs and errors.

Known are values of variables whose names say so (OPENAI_API_KEY, ..._TOKEN, ..._PASSWORD), passwords in addresses
(a database's, a proxy's), and every key that was read or fetched for a model, whatever its variable is called.
"""

import base64
import logging
import os
import re
import sys
import traceback
from typing import Any
from urllib.parse import unquote

HIDDEN = "[key]"
SHORTEST = 6  # characters; what is shorter is no key, and may be any word
SHORTEST_WORD = 12  # the same for letters alone, where only the variable's name says that it is a secret
_NAMES = re.compile(
    r"(^|_)(API_?KEYS?|KEYS?|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|AUTH(_STRING)?|WEBHOOK|APPRISE)(_|$)",
    re.IGNORECASE,
)
_USER = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]{0,40}://[^/@\s:]{0,200}:([^@\s]{1,500})@")
_known: set[str] = set()


def keep_secret(value: str) -> None:
    """Blank a value from now on wherever this process shows something."""
    value = value.strip()
    if len(value) >= SHORTEST:
        _known.add(value)


def without_secrets(text: str) -> str:
    """Return text with all known secrets blanked."""
    for secret in sorted((s for s in _known if s in text), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def hide_secrets() -> None:
    """Blank the secrets of the environment, and later ones, in all log records and in what ends this process.

    A second call takes note of what has come into the environment since.
    """
    for name, value in os.environ.items():
        for secret in _secrets_in(name, value):
            keep_secret(secret)
    make, show = logging.getLogRecordFactory(), sys.excepthook
    if getattr(make, "hides_secrets", False):
        return

    def record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        return _blanked(make(*args, **kwargs))

    def shown(kind: type[BaseException], error: BaseException, trace: Any) -> None:
        plain = _told(kind, error, trace)
        if plain is None:
            show(kind, error, trace)
        else:
            sys.stderr.write(f"{plain}\n")

    record.hides_secrets = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(record)
    sys.excepthook = shown


def _blanked(record: logging.LogRecord) -> logging.LogRecord:
    try:
        said = record.getMessage()
    except (TypeError, ValueError, KeyError):
        return record  # its handler will complain of it
    plain = without_secrets(said)
    if plain != said:
        record.msg, record.args = plain, None
    if record.exc_info and record.exc_info[0] is not None:
        told = _told(*record.exc_info)
        if told is not None:
            record.exc_text, record.exc_info = told, None
    return record


def _told(kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> str | None:
    """Return a traceback with its secrets blanked, printable; None if it holds none."""
    told = "".join(traceback.format_exception(kind, error, trace)).rstrip("\n")
    plain = without_secrets(told)
    return None if plain == told else "".join(c if c.isprintable() or c == "\n" else "?" for c in plain)


def _secrets_in(name: str, value: str) -> list[str]:
    """Return what is secret of an environment variable."""
    found = []
    if user := _USER.match(value):
        found += [user[1], unquote(user[1])]
    elif name.upper().endswith("_CUSTOM_HEADERS"):
        found += [line.partition(":")[2] for line in value.splitlines()]
    elif _NAMES.search(name) and not value.startswith("/"):  # a file of keys, or a socket, is none
        found.append(value)
        if name.upper().endswith("AUTH_STRING"):
            found += [value.partition(":")[2], base64.b64encode(value.encode()).decode()]
    words = (secret.strip() for secret in found)
    return [word for word in words if not (word.isalpha() and len(word) < SHORTEST_WORD)]
