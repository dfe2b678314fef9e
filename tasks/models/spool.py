"""The worker's side of the spool: an answer that was paid for becomes a small file before it leaves the worker.

Between a worker and the answers' store an answer can be lost with either process. The file holds all that the store
needs, so the run, or the next one, takes the answer from there. It holds text of a document, so only its owner may read
it; it never holds a key.

A worker that ends, because its scheduler or its parent is gone, sees through what it has under way first: a provider
charges for what it was asked, whether or not anybody waits for the answer.
"""

import asyncio
import json
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nightdesk.tasks.config.private_files import write_private
from nightdesk.tasks.errors import BadReply, Refused
from nightdesk.tasks.messages import Answer, Group, RoleRequest, Sent, Usage
from nightdesk.tasks.models.address import ModelAddress
from nightdesk.tasks.models.worker import CallResult, answer_one

SEEN_THROUGH_S = 10.0  # that calls under way have to be answered when their worker ends

_under_way = set[asyncio.Task[CallResult]]()  # of this process


@dataclass(frozen=True, slots=True)
class SpoolTicket(Sent):
    """Where the answer to one call is to be written, and what is known of the call before it is sent (JSON)."""

    path: str
    call: str


@dataclass(frozen=True, slots=True)
class Spooled:
    """What a file of the spool holds. call: what stood on the ticket."""

    call: dict[str, Any]
    request: RoleRequest
    reply: CallResult


async def answer_and_spool(address: ModelAddress, asked: tuple[RoleRequest, SpoolTicket]) -> CallResult:
    """Have a model that is reached over a network answer one request; write the answer down before it is returned.

    Dask cancels this when the worker closes, and waits for it; then the answer is still written down, if it comes soon.
    """
    task = asyncio.create_task(_answered_and_written(address, *asked))
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=SEEN_THROUGH_S)
        task.cancel()
        raise


async def _answered_and_written(address: ModelAddress, request: RoleRequest, ticket: SpoolTicket) -> CallResult:
    reply = await answer_one(address, request)
    write(ticket, request, reply)
    return reply


def see_through(poll_s: float = 0.02) -> None:
    """Wait, in a thread that is not the loop's, until nothing is under way here; SEEN_THROUGH_S at most."""
    deadline = time.monotonic() + SEEN_THROUGH_S
    while _under_way and time.monotonic() < deadline:
        time.sleep(poll_s)


def write(ticket: SpoolTicket, request: RoleRequest, reply: CallResult) -> None:
    """Write a reply that was paid for where its ticket says; do nothing where that is not possible.

    The folder is never made here: where it is missing, this machine does not share the run's disk. A full disk must not
    fail the call either, because its answer is still on its way to the store.
    """
    if reply.answer is None and not isinstance(reply.error, BadReply):
        return
    error = reply.error
    said = [type(error).__name__, str(error), error.text] if isinstance(error, BadReply) else None
    written = {
        "request": _fields_of(request),
        "groups": [_fields_of(g) for g in reply.answer.groups] if reply.answer is not None else None,
        "error": said,
        "usage": _fields_of(reply.usage),
        "started_at": reply.started_at,
        "latency_s": reply.latency_s,
        "form": reply.form,
        "lane": reply.lane,
    }
    path = Path(ticket.path)
    with suppress(OSError):
        write_private(path, f'{{"call": {ticket.call}, {json.dumps(written)[1:]}')  # the ticket is JSON as it is


def read(path: Path) -> Spooled:
    """Read a file of the spool.

    Raises:
        OSError: there is none, or it cannot be read.
        ValueError: it is not what write() writes, for instance cut off.
    """
    held = json.loads(path.read_bytes())
    try:
        request = RoleRequest(**{k: _tuples(v) for k, v in held["request"].items()})
        usage = Usage(**held["usage"])
        answer, error = None, None
        if held["error"] is None:
            groups = tuple(Group(g["label"], tuple(g["numbers"]), tuple(g["confidence"])) for g in held["groups"])
            answer = Answer(groups, usage)
        else:
            kind, message, text = held["error"]
            error = (Refused if kind == Refused.__name__ else BadReply)(message, text, usage)
        reply = CallResult(answer, error, held["started_at"], held["latency_s"], held["form"], held["lane"])
        call: dict[str, Any] = held["call"]
    except (KeyError, TypeError, AttributeError) as e:
        raise ValueError(f"{type(e).__name__}: {e}") from None
    return Spooled(call, request, reply)


def _fields_of(sent: Sent) -> dict[str, Any]:
    names: tuple[str, ...] = sent.__slots__
    return {name: getattr(sent, name) for name in names}


def _tuples(value: Any) -> Any:
    return tuple(_tuples(v) for v in value) if isinstance(value, list) else value
