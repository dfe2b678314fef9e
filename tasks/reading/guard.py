"""What a document can do to the parser that reads it: nothing but be refused.

Feeds, pages and files come from anybody. A parser that fails on one of them (a codec that raises something of its own,
recursion, memory) must cost that document alone, so every failure of a reader becomes a DocumentError here. Parsers get
file objects or text that they take for nothing else: several of them open what looks to them like a path or an address.
"""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from nightdesk.tasks.errors import DocumentError, NightdeskError

log = logging.getLogger("nightdesk.readers")


@contextmanager
def refusing_what_breaks_readers() -> Iterator[None]:
    """Raise whatever a reader raises, other than errors of our own, as a DocumentError in one line.

    Its attribute `trace` is the traceback, which is logged, too.
    """
    try:
        yield
    except (NightdeskError, KeyboardInterrupt, GeneratorExit):
        raise
    except OSError as e:
        raise DocumentError(f"cannot be read ({e.strerror or e}); check the file and its rights") from None
    except MemoryError:
        raise _refusal("it takes more memory than a reader may have; split it, or leave it out") from None
    except BaseException as e:  # a panic of a library in Rust is no Exception
        log.debug("a reader failed", exc_info=True)
        said = " ".join(str(e).split())[:200]
        kind = f"{type(e).__name__}{': ' if said else ''}{said}"
        raise _refusal(f"its reader fails on it ({kind}); mend it, or leave it out") from None


def _refusal(why: str) -> DocumentError:
    error = DocumentError(why)
    error.trace = traceback.format_exc(limit=-30)  # type: ignore[attr-defined]
    return error
