"""Admission, in an event loop whose clock jumps to the next timer: minutes of waiting take no time."""

import asyncio
import re
import selectors
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.calling.rate_limits import Admission
from nightdesk.tasks.config.model_spec import ModelLimits, ModelSpec
from nightdesk.tasks.errors import BudgetExceeded, RateLimited, Resting, TransientError


class JumpingLoop(asyncio.SelectorEventLoop):
    """A loop in which time passes only when everybody waits, and then at once."""

    def __init__(self) -> None:
        loop, self._now = self, 0.0

        class Selector(selectors.DefaultSelector):
            def select(self, timeout: float | None = None) -> Any:
                events = super().select(0 if timeout is not None else None)
                loop._now += 1e-6 if events else (timeout or 1e-6)
                return events

        super().__init__(Selector())

    def time(self) -> float:
        return self._now


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(coroutine)


def model(name: str = "a", **limits: int) -> ModelSpec:
    return ModelSpec(name=name, family="f", provider="embedded", kind="static", limits=ModelLimits(**limits))


def test_a_call_that_could_pass_the_budget_waits_for_those_under_way_and_is_then_refused() -> None:
    admission = Admission((model(),), max_cost_usd=1.0)

    async def one(most: float, spent: float, after: float) -> float:
        await asyncio.sleep(after)
        async with admission.grant("a", 10, most) as grant:
            began = asyncio.get_running_loop().time()
            await asyncio.sleep(10)
            grant.spent = spent
        return began

    async def check() -> None:
        first, second, third = one(0.6, 0.1, 0.0), one(0.6, 0.5, 1.0), one(0.6, 0.5, 2.0)
        begins = await asyncio.gather(first, second, third, return_exceptions=True)
        assert begins[0] < 1
        assert begins[1] >= 10  # both at once could have come to more than a dollar
        assert isinstance(begins[2], BudgetExceeded)
        assert re.search(r"\$0\.6000 could pass the run's \$1\.00.*max_cost_usd", str(begins[2]))
        assert admission.spent == pytest.approx(0.6)

    run(check())


def test_a_call_that_fails_gives_its_dollars_back() -> None:
    async def check() -> None:
        admission = Admission((model(),), max_cost_usd=1.0)
        for _ in range(5):
            with suppress(ValueError):
                async with admission.grant("a", 10, 1.0):
                    raise ValueError
        assert admission.spent == 0.0

    run(check())


def test_a_call_that_costs_nothing_needs_no_budget() -> None:
    async def check() -> None:
        admission = Admission((model(),), max_cost_usd=0.0)
        async with admission.grant("a", 10, 0.0) as grant:
            assert grant.waited_s == 0
        assert admission.spent == 0.0

    run(check())


@given(st.lists(st.tuples(st.floats(0.01, 1.0), st.floats(0, 1), st.integers(1, 5)), max_size=20))
def test_a_run_never_spends_more_than_its_budget(calls: list[tuple[float, float, int]]) -> None:
    admission = Admission((model(concurrency=4),), max_cost_usd=2.0)

    async def one(most: float, share: float, seconds: int) -> None:
        with suppress(BudgetExceeded):
            async with admission.grant("a", 10, most) as grant:
                await asyncio.sleep(seconds)
                grant.spent = most * share

    async def check() -> None:
        await asyncio.gather(*(one(*c) for c in calls))

    run(check())
    assert admission.spent <= 2.0 + 1e-9


def test_no_more_calls_are_in_flight_than_a_model_allows() -> None:
    most: dict[str, int] = {}
    now: dict[str, int] = {"a": 0, "b": 0}

    async def one(admission: Admission, name: str) -> None:
        async with admission.grant(name, 10, 0.0):
            now[name] += 1
            most[name] = max(most.get(name, 0), now[name])
            await asyncio.sleep(1)
            now[name] -= 1

    async def check() -> None:
        admission = Admission((model("a", concurrency=3), model("b")), max_cost_usd=0.0)
        await asyncio.gather(*(one(admission, name) for name in ("a", "b") for _ in range(20)))

    run(check())
    assert most == {"a": 3, "b": 20}


def test_one_model_rests_and_the_others_go_on() -> None:
    async def check() -> None:
        admission = Admission((model("a"), model("b")), max_cost_usd=0.0)
        loop = asyncio.get_running_loop()
        admission.rest("a", 30.0)
        admission.rest("a", 5.0)  # a shorter rest does not end a longer one
        async with admission.grant("b", 10, 0.0):
            assert loop.time() < 1.0
        async with admission.grant("a", 10, 0.0):
            assert loop.time() >= 30.0

    run(check())


def test_a_model_rests_for_as_long_as_its_provider_asks_and_longer_each_time() -> None:
    async def check() -> None:
        admission = Admission((model("a"),), max_cost_usd=0.0)
        waits = []
        for asked in (30.0, 0.0, 0.0, 0.1):
            before = asyncio.get_running_loop().time()
            async with admission.grant("a", 10, 0.0) as grant:
                waits.append(asyncio.get_running_loop().time() - before)
            admission.failed("a", RateLimited("429", asked), grant)
        async with admission.grant("a", 10, 0.0):
            admission.succeeded("a")
        assert waits == pytest.approx([0, 30, 1, 2], abs=0.01)
        assert admission.free_in("a") == 0

    run(check())


def test_calls_that_were_under_way_when_a_rest_was_decided_make_it_no_longer() -> None:
    async def check() -> None:
        admission = Admission((model("a"),), max_cost_usd=0.0)
        grants = []
        for _ in range(64):
            async with admission.grant("a", 10, 0.0) as grant:
                grants.append(grant)
        await asyncio.sleep(1)
        for grant in grants:
            admission.failed("a", RateLimited("429"), grant)
        assert 0 < admission.free_in("a") <= 1

    run(check())


def test_lone_failures_cost_a_model_no_rest_and_many_in_a_row_do() -> None:
    async def check() -> None:
        admission = Admission((model("a"),), max_cost_usd=0.0)

        async def fail(times: int) -> None:
            for _ in range(times):
                async with admission.grant("a", 10, 0.0) as grant:
                    pass
                admission.failed("a", TransientError("500"), grant)

        await fail(4)
        assert admission.free_in("a") == 0
        admission.succeeded("a")
        await fail(4)
        assert admission.free_in("a") == 0
        await fail(1)
        assert admission.free_in("a") > 0

    run(check())


def test_a_broken_model_is_tried_by_one_call_at_a_time_and_is_back_for_all_once_it_answers() -> None:
    heals_at, sent = 100.0, []

    async def one(admission: Admission) -> None:
        while True:
            async with admission.grant("a", 10, 0.0) as grant:
                sent.append(asyncio.get_running_loop().time())
                await asyncio.sleep(1)
            if asyncio.get_running_loop().time() > heals_at:
                return admission.succeeded("a")
            admission.failed("a", TransientError("500"), grant)

    async def check() -> None:
        admission = Admission((model("a", concurrency=20),), max_cost_usd=0.0)
        await asyncio.gather(*(one(admission) for _ in range(20)))
        assert asyncio.get_running_loop().time() < heals_at + 70  # its longest rest, and a little

    run(check())
    assert len([t for t in sent if 2 < t < heals_at]) < 12
    assert len([t for t in sent if t > heals_at]) <= 21


def test_a_call_that_would_wait_too_long_is_sent_nowhere() -> None:
    async def check() -> None:
        admission = Admission((model("a"),), max_cost_usd=0.0)
        admission.rest("a", 600.0)
        with pytest.raises(Resting, match="a rests for 600 s more"):
            async with admission.grant("a", 10, 0.0, patience_s=60.0):
                pytest.fail("it was let through")
        assert asyncio.get_running_loop().time() < 1.0  # known at once

    run(check())


@pytest.mark.parametrize("rate", [6, 60, 600])
def test_a_minute_takes_no_more_requests_than_a_model_allows(rate: int) -> None:
    sent: list[float] = []

    async def one(admission: Admission) -> None:
        async with admission.grant("a", 10, 0.0):
            sent.append(asyncio.get_running_loop().time())

    async def check() -> None:
        admission = Admission((model(requests_per_minute=rate),), max_cost_usd=0.0)
        await asyncio.gather(*(one(admission) for _ in range(3 * rate)))

    run(check())
    second_worth = max(1, rate // 60)
    assert max(sum(start <= t < start + 60 for t in sent) for start in sent) <= rate + second_worth
    assert sent[-1] < 3 * 60 + 1  # and not much fewer


def test_tokens_are_spread_over_the_minute() -> None:
    times: list[float] = []

    async def one(admission: Admission) -> None:
        async with admission.grant("a", 100, 0.0):
            times.append(asyncio.get_running_loop().time())

    async def check() -> None:
        admission = Admission((model(tokens_per_minute=6_000),), max_cost_usd=0.0)
        await asyncio.gather(*(one(admission) for _ in range(120)))

    run(check())
    assert max(sum(start <= t < start + 60 for t in times) for start in times) <= 61


def test_a_minute_takes_no_more_tokens_than_a_model_allows() -> None:
    times: list[float] = []

    async def one(admission: Admission) -> None:
        async with admission.grant("a", 10_000, 0.0):
            times.append(asyncio.get_running_loop().time())

    async def check() -> None:
        admission = Admission((model(tokens_per_minute=60_000),), max_cost_usd=0.0)
        await asyncio.gather(*(one(admission) for _ in range(30)))

    run(check())
    assert max(10_000 * sum(start <= t < start + 60 for t in times) for start in times) <= 70_000


def test_a_model_that_rests_is_sent_nothing_by_those_that_waited_for_their_turn() -> None:
    times: list[float] = []

    async def one(admission: Admission) -> None:
        async with admission.grant("a", 10, 0.0):
            times.append(asyncio.get_running_loop().time())

    async def check() -> None:
        admission = Admission((model(requests_per_minute=6),), max_cost_usd=0.0)
        calls = [asyncio.ensure_future(one(admission)) for _ in range(3)]
        await asyncio.sleep(1)
        admission.rest("a", 300.0)
        await asyncio.gather(*calls)

    run(check())
    assert len(times) == 3
    assert all(t >= 300 for t in times[1:])


async def _fail(admission: Admission, times: int, error: TransientError, questions: int) -> None:
    for k in range(times):
        async with admission.grant("a", 10, 0.0) as grant:
            pass
        admission.failed("a", error, grant, f"question {k % questions}")


def test_a_model_that_fails_on_several_questions_in_a_row_is_out_and_one_call_at_a_time_tries_it() -> None:
    async def check() -> None:
        admission, loop = Admission((model("a"),), max_cost_usd=0.0), asyncio.get_running_loop()
        await _fail(admission, 5, TransientError("500: no"), 3)
        with pytest.raises(Resting, match=r"a is out since \d\d:\d\d.*: 500: no"):
            async with admission.grant("a", 10, 0.0):
                pytest.fail("it is not yet time to try it")
        await asyncio.sleep(admission.free_in("a"))
        async with admission.grant("a", 10, 0.0) as probe:
            assert admission.failing_for("a") == 0  # who knows yet
            with pytest.raises(Resting):
                async with admission.grant("a", 10, 0.0):
                    pytest.fail("another call tries it")
        admission.failed("a", TransientError("500: no"), probe, "question 7")
        assert admission.free_in("a") > 0.5
        assert admission.outage("a") is not None
        assert admission.failing_for("a") == pytest.approx(loop.time(), abs=0.1)  # since the first of the failures
        await asyncio.sleep(admission.free_in("a"))
        async with admission.grant("a", 10, 0.0):
            admission.succeeded("a")
        assert admission.outage("a") is None
        await asyncio.gather(*(_fail(admission, 1, TransientError("500"), 1) for _ in range(4)))
        assert admission.free_in("a") == 0  # back for all

    run(check())


@pytest.mark.parametrize(
    ("error", "questions"), [(TransientError("500"), 2), (RateLimited("429", 1.0), 9)], ids=["two questions", "429"]
)
def test_neither_one_bad_question_nor_a_provider_that_asks_to_wait_puts_a_model_out(
    error: TransientError, questions: int
) -> None:
    async def check() -> None:
        admission = Admission((model("a"),), max_cost_usd=0.0)
        await _fail(admission, 9, error, questions)
        assert admission.outage("a") is None

    run(check())


def test_a_question_that_had_its_attempts_waits_if_nothing_else_was_answered_meanwhile() -> None:
    async def check() -> None:
        admission = Admission((model("a"),), max_cost_usd=0.0)
        await _fail(admission, 3, TransientError("500"), 1)
        admission.exhausted("a")
        assert admission.free_in("a") > 0
        await asyncio.sleep(9)
        assert admission.failing_for("a") == pytest.approx(9, abs=0.1)
        admission.succeeded("a")
        await asyncio.sleep(60)
        await _fail(admission, 2, TransientError("500"), 1)
        admission.exhausted("a")
        assert admission.free_in("a") == 0  # another was answered in between, so this question is at fault

    run(check())


def test_a_model_that_is_out_is_tried_about_every_half_minute_in_the_end() -> None:
    async def check() -> None:
        admission, loop = Admission((model("a"),), max_cost_usd=0.0), asyncio.get_running_loop()
        await _fail(admission, 5, TransientError("500"), 5)
        sent = []
        for k in range(12):
            await asyncio.sleep(admission.free_in("a"))
            async with admission.grant("a", 10, 0.0) as grant:
                sent.append(loop.time())
            admission.failed("a", TransientError("500"), grant, f"question {k}")
        assert sent[-1] - sent[-2] == pytest.approx(30, abs=0.1)
        assert 8 <= len([t for t in sent if t < 180]) <= 12

    run(check())
