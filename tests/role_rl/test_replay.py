"""The learner as a policy of a replay."""

import pytest

from nightdesk.role_rl.replay import Default, Published


@pytest.mark.parametrize("factory", [Default, Published])
def test_a_replay_takes_what_it_is_told_at_the_end_of_a_night(factory: type[Default]) -> None:
    prices = {"good": 0.2, "poor": 0.01}
    policy = factory(["finder"], list(prices), prices, 0.05, 1)
    for _ in range(30):
        told = []
        for _ in range(40):
            models, judged = policy.choose("finder")
            assert set(models) <= set(prices)
            told += [("finder", m, (9.0 if m == "good" else -5.0) if judged else None, prices[m]) for m in models]
        for each in told:
            policy.observe(*each)
        policy.end_of_night()
    picks = [policy.choose("finder")[0][0] for _ in range(100)]
    assert picks.count("good") > 90
