"""What runs on a Dask worker: it builds a model once per process and has it answer. No state, no keys."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from tasks.errors import ModelError, TerminalError
from tasks.models import Model
from tasks.requests import Answer, RoleRequest


@dataclass(frozen=True, slots=True)
class ModelAddress:
    """What it takes to build a model: provider, which of its models, and how finely that cuts (0: as usual)."""

    provider: str
    kind: str
    penalty: float = 0.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one call: an answer or an error; latency_s in seconds, started_at in seconds since the epoch."""

    answer: Answer | None
    error: ModelError | None
    started_at: float
    latency_s: float


def _kind(address: ModelAddress) -> Any:
    if address.provider == "embedded":
        from tasks.models.embedded import MODELS  # a pool without them need not load them

        return MODELS[address.kind]
    raise TerminalError(f"no provider is called {address.provider!r}")


@cache
def build(address: ModelAddress) -> Model:
    """Make a model, once per process.

    Raises:
        TerminalError: no such provider.
    """
    model: Model = _kind(address)(address.penalty)
    return model


def version(address: ModelAddress) -> str:
    """Return what tells two versions of a model apart; empty where the provider keeps that to itself."""
    return str(getattr(_kind(address), "VERSION", ""))


def answer_group(address: ModelAddress, requests: Sequence[RoleRequest]) -> list[Reply]:
    """Have one model answer several requests, side by side where it waits for a network."""
    return asyncio.run(_answer_all(build(address), requests))


async def _answer_all(model: Model, requests: Sequence[RoleRequest]) -> list[Reply]:
    return list(await asyncio.gather(*(_answer(model, r) for r in requests)))


async def _answer(model: Model, request: RoleRequest) -> Reply:
    started_at, start = time.time(), time.perf_counter()
    answer: Answer | None = None
    error: ModelError | None = None
    try:
        answer = await model.answer(request)
    except ModelError as e:
        error = e
    except Exception as e:  # noqa: BLE001  (a model's bug ends its call, not its neighbours')
        error = TerminalError(f"{type(e).__name__}: {e}")
    return Reply(answer, error, started_at, time.perf_counter() - start)


def embed_group(_: None, texts: Sequence[Sequence[str]]) -> list[Any]:
    """Return a vector for each text (a list of sentences) that can be compared over nights: a unit row (float32)."""
    from tasks.models.vectors import hashed_terms

    return list(hashed_terms(texts))


def dask_setup(worker: Any) -> None:
    """Dask calls this when a worker starts (preload): load the models now, beside everything else that starts."""
    from tasks.models.vectors import static_vectors

    static_vectors(["ready"])
