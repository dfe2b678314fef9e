"""Batches of either provider, as lane batch makes them."""

import asyncio
from collections.abc import Sequence

from nightdesk.tasks.models.providers.batch_protocol import Batches, BatchItem, BatchResult
from nightdesk.tasks.models.providers.language_model import LanguageModel
from nightdesk.tasks.roles import prompts
from tests.tasks.models.made import REQUEST

PROMPT = prompts.render(REQUEST)


def items(model: LanguageModel, marker: str, n: int) -> list[BatchItem]:
    """Ask the same so many times."""
    return [BatchItem(f"{marker}-{k}", model.body(PROMPT, "json_schema")) for k in range(n)]


async def results_of(batches: Batches, batch_id: str) -> dict[str, BatchResult]:
    """Wait until a batch has ended and return what came of its items."""
    while not (await batches.state(batch_id)).ended:
        await asyncio.sleep(0.05)
    return {result.custom_id: result async for result in batches.results(batch_id)}


async def returned(batches: Batches, marker: str, given: Sequence[BatchItem]) -> dict[str, BatchResult]:
    """Make a batch and return what came of its items."""
    return await results_of(batches, await batches.create(marker, given))
