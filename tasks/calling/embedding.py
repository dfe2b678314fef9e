"""Vectors of texts, made on the workers: code, not a role, so it is no call."""

import asyncio
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nightdesk.tasks.calling.dask.pool import FanOut
from nightdesk.tasks.errors import ModelError
from nightdesk.tasks.models.worker import embed_group


async def embedded(pool: FanOut, texts: Sequence[Sequence[str]]) -> NDArray[np.float32]:
    """Return a unit row for every text (a list of sentences), (texts, dimensions)."""

    async def one(text: Sequence[str]) -> NDArray[np.float32]:
        try:
            vector = await pool.call(embed_group, None, text, sum(map(len, text)))
        except ModelError:  # a worker was lost: it is little work, and the topics must have their stories
            vector = embed_group(None, [text])[0]
        return np.asarray(vector, dtype=np.float32)

    return np.array(await asyncio.gather(*map(one, texts)))
