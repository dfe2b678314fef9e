"""What the log says of other settings."""

from dataclasses import replace
from typing import Any

import pytest

from nightdesk.role_rl.arms import Arm, Settings
from nightdesk.role_rl.feedback import gather
from nightdesk.role_rl.whatif import what_if

DEAR = {"strong": 0.01, "cheap": 0.001, "third": 0.005}


def test_what_if_answers_where_the_log_supports_it_and_says_where_not(world: Any, pool: tuple[Arm, ...]) -> None:
    toy = world(
        pool,
        Settings("news", k_cost=1, strategy="uniform", min_judge_rate=0.25),
        {"strong": 0.7, "cheap": 0.6, "third": 0.4},
        DEAR,
    )
    calls, judgements = toy.night(1, toy.plan(None), 1500)
    posterior = replace(toy.settings, strategy="posterior")
    logged = gather(calls, judgements, pool, toy.settings).as_given
    (now,) = what_if(None, logged, pool, posterior, posterior)
    assert now.would_lead == "strong"
    assert now.reward is not None
    assert now.reward.mean == pytest.approx(0.7 - 0.01, abs=0.05)  # that intervals cover is held in test_ope
    (dear,) = what_if(None, logged, pool, posterior, replace(posterior, k_cost=100.0))
    assert dear.would_lead == "cheap"
    assert dear.reward is not None
    assert dear.reward.mean == pytest.approx(0.6 - 0.1, abs=0.05)
    few = gather(calls.slice(0, 40), judgements, pool, toy.settings).as_given
    (unknown,) = what_if(None, few, pool, posterior, replace(posterior, excluded=frozenset({"strong"})))
    assert unknown.reward is None
    assert unknown.difference is None
    assert unknown.would_lead != "strong"
