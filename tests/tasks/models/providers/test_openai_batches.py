"""OpenAI's batches over real HTTP."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from nightdesk.tasks.models.providers.batch_protocol import Expired
from nightdesk.tasks.models.providers.openai import OpenAIModel
from nightdesk.tasks.models.providers.openai_batches import OpenAIBatches
from nightdesk.tasks.models.providers.provider_errors import ServerError
from tests.servers.playing import Playing
from tests.tasks.models.made import at
from tests.tasks.models.providers.made import PROMPT, items, results_of, returned


def with_batches(server: Playing, check: Callable[[OpenAIModel, OpenAIBatches], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        model = OpenAIModel(at(server, "able", "openai"))
        return await check(model, OpenAIBatches(model))

    return asyncio.run(main())


def test_every_item_comes_back_under_its_name_with_a_reply_that_can_be_read(server: Playing) -> None:
    async def check(model: OpenAIModel, batches: OpenAIBatches) -> None:
        found = await returned(batches, "nd1", items(model, "nd1", 5))
        assert sorted(found) == [f"nd1-{k}" for k in range(5)]
        for result in found.values():
            assert result.reply is not None
            assert sum(len(g.numbers) for g in model.answer_in(result.reply, PROMPT).groups) == PROMPT.shown

    with_batches(server, check)
    assert {seen["lane"] for seen in server.log()} == {"batch"}


def test_what_expired_may_be_sent_again_and_what_failed_says_how(server: Playing) -> None:
    async def check(model: OpenAIModel, batches: OpenAIBatches) -> None:
        for setting, error in (("expire", Expired), ("fail", ServerError)):
            server.control("batches", **{"expire": 0.0, "fail": 0.0, setting: 1.0})
            found = await returned(batches, setting, items(model, setting, 2))
            assert [type(result.error) for result in found.values()] == [error, error]

    with_batches(server, check)


def test_a_batch_that_is_cancelled_ends_without_answers(server: Playing) -> None:
    server.control("batches", delay_s=600.0)

    async def check(model: OpenAIModel, batches: OpenAIBatches) -> None:
        batch_id = await batches.create("nd1", items(model, "nd1", 2))
        assert not (await batches.state(batch_id)).ended
        await batches.cancel(batch_id)
        assert {type(r.error) for r in (await results_of(batches, batch_id)).values()} == {Expired}

    with_batches(server, check)
    assert server.counts()["requests"] == 0


def test_a_batch_is_found_by_its_marker_as_long_as_it_may_be_ours(server: Playing) -> None:
    async def check(model: OpenAIModel, batches: OpenAIBatches) -> None:
        ids = {marker: await batches.create(marker, items(model, marker, 1)) for marker in ("nd1", "nd2", "nd3")}
        assert await batches.find("nd2", 0.0, 1) == ids["nd2"]
        assert await batches.find("nd9", 0.0, 1) is None

    with_batches(server, check)


def test_a_batch_that_is_not_taken_says_why(server: Playing) -> None:
    server.control("batches", most_requests=1)

    async def check(model: OpenAIModel, batches: OpenAIBatches) -> None:
        state = await batches.state(await batches.create("nd1", items(model, "nd1", 2)))
        assert state.ended
        assert state.problem

    with_batches(server, check)
