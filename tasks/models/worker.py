"""What runs on a Dask worker: it builds a model once per process and has it answer. No state, no keys."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from nightdesk.tasks.config.secrets import hide_secrets
from nightdesk.tasks.errors import BadReply, ModelError, TerminalError, TransientError, Unanswered
from nightdesk.tasks.messages import Answer, RoleRequest, Sent, Usage
from nightdesk.tasks.models import Model
from nightdesk.tasks.models.address import ModelAddress
from nightdesk.tasks.models.api_keys import without_keys
from nightdesk.tasks.models.registry import build, kind_of


@dataclass(frozen=True, slots=True)
class CallResult(Sent):
    """What came of one call: an answer or an error; latency_s in seconds, started_at in seconds since the epoch.

    form: how the model was held to JSON, once that is known. lane: over which the call went, for its price.
    """

    answer: Answer | None
    error: ModelError | None
    started_at: float
    latency_s: float
    form: str = ""
    lane: str = "sync"

    @property
    def usage(self) -> Usage:
        """What the call took, also if its reply cannot be used."""
        if self.answer is not None:
            return self.answer.usage
        return self.error.usage if isinstance(self.error, BadReply) else Usage()


def answer_group(address: ModelAddress, requests: Sequence[RoleRequest]) -> list[CallResult]:
    """Have a model that computes answer several requests."""
    return asyncio.run(_answer_all(build(address), requests))


async def _answer_all(model: Model, requests: Sequence[RoleRequest]) -> list[CallResult]:
    return [await _answer(model, r, "") for r in requests]


async def answer_one(address: ModelAddress, request: RoleRequest) -> CallResult:
    """Have a model that is reached over a network answer one request, beside others, on a loop that stays."""
    model = await _remote(address)
    started_at, start = time.time(), time.perf_counter()
    try:
        async with asyncio.timeout(address.timeout_s):
            return await _answer(model, request, address.key_env)
    except TimeoutError:
        late = Unanswered(f"no reply within {address.timeout_s:g} s")
        return CallResult(None, late, started_at, time.perf_counter() - start, model.form)


async def look_up(address: ModelAddress, _: None = None) -> CallResult:
    """Ask a provider whether a model is there, at no cost; the reply holds why not."""
    model = await _remote(address)
    started_at, start = time.time(), time.perf_counter()
    error: ModelError | None = None
    try:
        async with asyncio.timeout(address.timeout_s):
            await model.look_up()
    except TimeoutError:
        error = TransientError(f"no reply within {address.timeout_s:g} s")
    except ModelError as e:
        error = _alone(e)
    return CallResult(None, error, started_at, time.perf_counter() - start)


async def _remote(address: ModelAddress) -> Any:
    if address.provider not in _loaded:
        await asyncio.to_thread(kind_of, address)  # seconds of importing, beside what the loop is at
        _loaded.add(address.provider)
    return build(address)


_loaded: set[str] = set()


async def _answer(model: Model, request: RoleRequest, key_env: str) -> CallResult:
    started_at, start = time.time(), time.perf_counter()
    answer: Answer | None = None
    error: ModelError | None = None
    try:
        answer = await model.answer(request)
    except ModelError as e:
        error = _alone(e)
    except Exception as e:  # noqa: BLE001  (a model's bug ends its call, not its neighbours')
        error = TerminalError(without_keys(f"{type(e).__name__}: {e}", key_env))
    return CallResult(answer, error, started_at, time.perf_counter() - start, getattr(model, "form", ""))


def _alone(error: ModelError) -> ModelError:
    """Return an error without what led to it: an SDK's errors do not pickle, and may hold what was sent."""
    alone: ModelError = type(error)(*error.args)
    return alone


def embed_group(_: None, texts: Sequence[Sequence[str]]) -> list[Any]:
    """Return a vector for each text (a list of sentences) that can be compared over nights: a unit row (float32)."""
    from nightdesk.tasks.models.embedded.vectors import hashed_terms

    return list(hashed_terms(texts))


def terms_group(_: None, texts: Sequence[Sequence[str]]) -> list[Any]:
    """Return (vector, packed terms) for each text: what it is known by over documents and nights."""
    from nightdesk.tasks.models.topic_terms import terms_of

    return list(zip(embed_group(None, texts), map(terms_of, texts), strict=True))


def dask_setup(worker: Any) -> None:
    """Dask calls this when a worker starts (preload): load the models now, beside everything else that starts.

    What a worker logs shows no key.
    """
    hide_secrets()
    from nightdesk.tasks.models.embedded.vectors import static_vectors
    from nightdesk.tasks.safety.printable import guard_output

    guard_output()
    static_vectors(["ready"])
