"""The live page, OUT/live/index.html: what is on now in every stream, remade while they go on."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from nightdesk.tasks.following.provisional.live_state import LiveState


class LivePage:
    """The page of one follow. path: where it stands."""

    path: Path

    def write(self, state: LiveState, now: datetime) -> None:
        """Put the page in place whole, without documents that were forgotten.

        Raises:
            PublishError: it cannot be written; the page that was there stays.
        """
        raise NotImplementedError


@contextmanager
def open_live_page(out: Path, profile: str) -> Iterator[LivePage]:
    """Hold the live page of an OUT: live/index.html, or live/<profile>.html if another follow in this OUT holds that.

    Raises:
        PublishError: a link leads out of OUT.
    """
    raise NotImplementedError
    yield LivePage()
