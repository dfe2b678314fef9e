"""What an answer earns."""

import numpy as np
import pytest

from nightdesk.role_rl.arms import Settings
from nightdesk.role_rl.rewards import charged_seconds, reward


def test_rewards_charge_dollars_and_seconds_and_a_batch_only_its_lateness() -> None:
    news = Settings("news", v=2.0, k_cost=10.0, k_time=0.1, batch_deadline_s=100.0)
    assert reward(0.5, 0.01, 3.0, news) == pytest.approx(1.0 - 0.1 - 0.3)
    assert charged_seconds("sync", 150.0, news) == 150.0
    assert charged_seconds("batch", 150.0, news) == 50.0
    assert charged_seconds("batch", 50.0, news) == 0.0


def test_arrays_earn_element_by_element_what_single_answers_do() -> None:
    news = Settings("news", v=2.0, k_cost=10.0, k_time=0.1)
    accuracy, dollars, seconds = np.array([[0.0, 0.5, 1.0], [0.0, 0.01, 0.2], [0.0, 3.0, 100.0]])
    together = reward(accuracy, dollars, seconds, news)
    assert list(together) == [reward(*each, news) for each in zip(accuracy, dollars, seconds, strict=True)]
