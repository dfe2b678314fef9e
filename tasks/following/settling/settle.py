"""Settling: the roles are asked about all newly closed chunks of all streams at once, and what they say is filed."""

from collections.abc import Sequence

from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.following.settling.settled import Settled
from nightdesk.tasks.following.settling.stream_state import Settling
from nightdesk.tasks.following.settling.stream_stories import StreamStories


async def settle(router: Router, asked: Sequence[Settling], stories: StreamStories) -> list[Settled]:
    """Settle chunks of documents; return the rows of each, in order, and change their states in memory.

    A document is asked about at most once in a round. The states change after the last answer, all at once: if this
    fails, they are as before, and the same round can be asked again. They are to be saved (states.save) in one
    transaction with the rows, before these are published.

    Raises:
        InputError: no model is left to serve a role.
        StoreError: the journal or the answers' store cannot be read or written.
    """
    raise NotImplementedError
