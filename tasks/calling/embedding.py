"""Vectors and terms of texts, made on the workers: code, not a role, so it is no call."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nightdesk.tasks.calling.dask.pool import FanOut
from nightdesk.tasks.errors import ModelError
from nightdesk.tasks.models.worker import embed_group, terms_group

Vectors = NDArray[np.float32]
_Group = Callable[[None, Sequence[Sequence[str]]], list[Any]]


async def embedded(pool: FanOut, texts: Sequence[Sequence[str]]) -> Vectors:
    """Return a unit row for every text (a list of sentences), (texts, dimensions)."""
    return np.array([np.asarray(vector, np.float32) for vector in await _each(pool, embed_group, texts)])


async def embedded_with_terms(pool: FanOut, texts: Sequence[Sequence[str]]) -> tuple[Vectors, list[bytes]]:
    """Return a unit row for every text (a list of sentences), and the terms of each, packed."""
    found = await _each(pool, terms_group, texts)
    return np.array([np.asarray(vector, np.float32) for vector, _ in found]), [terms for _, terms in found]


async def _each(pool: FanOut, group: _Group, texts: Sequence[Sequence[str]]) -> list[Any]:
    async def one(text: Sequence[str]) -> Any:
        try:
            return await pool.call(group, None, text, sum(map(len, text)))
        except ModelError:  # a worker was lost: it is little work, and the topics must have their stories
            return group(None, [text])[0]

    return await asyncio.gather(*map(one, texts))
