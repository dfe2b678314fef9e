"""How many workers a pool gets, what they load at their start, and that they are asked directly."""

import asyncio
from typing import Any

import pytest

from nightdesk.tasks.calling.dask.own_workers import ANY_MODEL, AT_ONCE, OwnWorkers, own_workers
from nightdesk.tasks.calling.dask.pool import fan_out
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.errors import TerminalError
from tests.tasks import work_functions
from tests.tasks.calling.made import NEWS

REMOTE = {"family": "f", "prices": {"input": 1.0, "output": 1.0}, "base_url": "http://127.0.0.1:9/v1"}


def profile_of(*models: dict[str, Any], exclude: tuple[str, ...] = ()) -> Profile:
    dask = {"workers": 4}
    return Profile.model_validate(NEWS.model_dump() | {"models": models, "dask": dask, "exclude": exclude})


def remote(name: str, concurrency: int, provider: str = "openai") -> dict[str, Any]:
    return {**REMOTE, "name": name, "provider": provider, "limits": {"concurrency": concurrency}}


@pytest.mark.parametrize(
    ("concurrency", "number"), [(1, 1), (AT_ONCE, 1), (AT_ONCE + 1, 2), (3 * AT_ONCE, 3), (40 * AT_ONCE, 4)]
)
def test_a_pool_of_remote_models_gets_the_workers_that_its_calls_fill(concurrency: int, number: int) -> None:
    own = own_workers(profile_of(remote("a", concurrency)))
    assert own.number == number
    assert "nightdesk.tasks.models.providers.openai" in own.preload
    assert "nightdesk.tasks.models.providers.anthropic" not in own.preload


def test_a_pool_with_a_model_that_computes_gets_all_workers() -> None:
    embedded = NEWS.models[0].model_dump()
    assert own_workers(profile_of(remote("a", 1), embedded)) == OwnWorkers(4, ANY_MODEL)
    assert own_workers(profile_of(remote("a", 1), embedded, exclude=(NEWS.models[0].name,))).number == 1


def test_workers_of_remote_models_take_both_kinds_of_calls_and_tell_what_a_call_raised() -> None:
    own = own_workers(profile_of(remote("a", 1)))

    async def main() -> tuple[list[int], int]:
        async with fan_out("", own.number, 60.0, preload=own.preload) as pool:
            talked = await asyncio.gather(*(pool.talk(work_functions.add_soon, 1, k) for k in range(5)))
            with pytest.raises(TerminalError, match="TypeError"):
                await pool.talk(work_functions.add_soon, 1, "no number")
            return talked, await pool.call(work_functions.add, 1, 1)

    assert asyncio.run(main()) == ([1, 2, 3, 4, 5], 2)
