"""How calls are put into groups: none is lost or turned round, and none of the bounds is passed."""

import asyncio
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.calling.dask.groups import LARGEST_GROUP, LARGEST_TEXT, PoolCall, WaitingCalls


def work(shared: Any, items: Sequence[Any]) -> list[Any]:
    return list(items)


def groups_of(sizes: Sequence[int], places: int, shared: Sequence[str] = ("one",)) -> list[list[PoolCall]]:
    loop = asyncio.new_event_loop()
    try:
        waiting, groups = WaitingCalls(), []
        for k, size in enumerate(sizes):
            waiting.add(PoolCall(work, shared[k % len(shared)], k, loop.create_future(), size))
        while waiting:
            groups.append(waiting.take(places))
    finally:
        loop.close()
    return groups


@given(st.lists(st.integers(0, 2 * LARGEST_TEXT), max_size=300), st.integers(1, 8))
def test_every_call_is_in_one_group_in_its_order_and_no_group_passes_its_bounds(sizes: list[int], places: int) -> None:
    groups = groups_of(sizes, places, ("one", "other"))
    for shared in ("one", "other"):
        items = [call.item for group in groups for call in group if call.shared == shared]
        assert items == [k for k in range(len(sizes)) if ("one", "other")[k % 2] == shared]
    for group in groups:
        assert 1 <= len(group) <= LARGEST_GROUP
        assert len({call.shared for call in group}) == 1
        assert len(group) == 1 or sum(call.size for call in group) <= LARGEST_TEXT


def test_small_calls_travel_together_and_long_ones_do_not() -> None:
    assert len(groups_of([3_000] * 2_000, places=4)[0]) == LARGEST_GROUP
    assert len(groups_of([24_000] * 2_000, places=4)[0]) == 16


def test_a_few_calls_are_shared_among_all_places() -> None:
    assert [len(group) for group in groups_of([3_000] * 8, places=4)[:4]] == [2, 1, 1, 1]
