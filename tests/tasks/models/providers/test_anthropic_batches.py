"""Anthropic's batches over real HTTP."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from nightdesk.tasks.models.providers.anthropic import AnthropicModel
from nightdesk.tasks.models.providers.anthropic_batches import AnthropicBatches
from nightdesk.tasks.models.providers.batch_protocol import Expired
from nightdesk.tasks.models.providers.provider_errors import ServerError
from tests.servers.playing import Playing
from tests.tasks.models.made import at
from tests.tasks.models.providers.made import PROMPT, items, results_of, returned


def with_batches(server: Playing, check: Callable[[AnthropicModel, AnthropicBatches], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        model = AnthropicModel(at(server, "able", "anthropic"))
        return await check(model, AnthropicBatches(model))

    return asyncio.run(main())


def test_every_item_comes_back_under_its_name_with_a_reply_that_can_be_read(server: Playing) -> None:
    async def check(model: AnthropicModel, batches: AnthropicBatches) -> None:
        found = await returned(batches, "nd1", items(model, "nd1", 5))
        assert sorted(found) == [f"nd1-{k}" for k in range(5)]
        for result in found.values():
            assert result.reply is not None
            assert sum(len(g.numbers) for g in model.answer_in(result.reply, PROMPT).groups) == PROMPT.shown

    with_batches(server, check)
    assert {seen["lane"] for seen in server.log()} == {"batch"}


def test_what_expired_may_be_sent_again_and_what_failed_says_how(server: Playing) -> None:
    async def check(model: AnthropicModel, batches: AnthropicBatches) -> None:
        for setting, error in (("expire", Expired), ("fail", ServerError)):
            server.control("batches", **{"expire": 0.0, "fail": 0.0, setting: 1.0})
            found = await returned(batches, setting, items(model, setting, 2))
            assert [type(result.error) for result in found.values()] == [error, error]

    with_batches(server, check)


def test_a_batch_that_is_cancelled_ends_without_answers(server: Playing) -> None:
    server.control("batches", delay_s=600.0)

    async def check(model: AnthropicModel, batches: AnthropicBatches) -> None:
        batch_id = await batches.create("nd1", items(model, "nd1", 2))
        assert not (await batches.state(batch_id)).ended
        await batches.cancel(batch_id)
        assert {type(r.error) for r in (await results_of(batches, batch_id)).values()} == {Expired}

    with_batches(server, check)
    assert server.counts()["requests"] == 0


def test_a_batch_is_found_by_its_size_and_once_it_has_ended_by_what_it_holds(server: Playing) -> None:
    async def check(model: AnthropicModel, batches: AnthropicBatches) -> None:
        ids = {}
        for marker, n in (("nd1", 2), ("nd2", 2), ("nd3", 3)):
            ids[marker] = await batches.create(marker, items(model, marker, n))
            await results_of(batches, ids[marker])
        assert await batches.find("nd1", 0.0, 2) == ids["nd1"]
        assert await batches.find("nd1", 0.0, 3) is None
        assert await batches.find("nd9", 0.0, 2) is None
        server.control("batches", delay_s=600.0)
        at_work = await batches.create("nd4", items(model, "nd4", 7))
        assert await batches.find("nd9", 0.0, 7) == at_work  # what it holds cannot be read yet: taken for ours

    with_batches(server, check)
