"""What a document can do to the parser that reads it: nothing but be refused.

Feeds, pages and files come from anybody. A parser that fails on one of them (a codec that raises something of its own,
recursion, memory) must cost that document alone, so every failure of a reader becomes a DocumentError here. Parsers get
file objects or text that they take for nothing else: several of them open what looks to them like a path or an address.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from nightdesk.tasks.errors import DocumentError, NightdeskError

log = logging.getLogger("nightdesk.readers")


@contextmanager
def refusing_what_breaks_readers() -> Iterator[None]:
    """Raise whatever a reader raises, other than errors of our own, as a DocumentError in one line."""
    try:
        yield
    except (NightdeskError, OSError):  # an OSError has words of its own where the file is opened
        raise
    except Exception as e:
        log.debug("a reader failed", exc_info=True)
        said = " ".join(str(e).split())[:200]
        raise DocumentError(
            f"its reader fails on it ({type(e).__name__}{': ' if said else ''}{said}); mend it, or leave it out"
        ) from None
