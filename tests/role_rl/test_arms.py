"""What a profile may say of arms and settings, and what is refused by name."""

import pytest

from nightdesk.role_rl.arms import Arm, Prior, Settings, eligible
from nightdesk.role_rl.errors import SettingsError


def test_a_prior_may_differ_by_role_and_language() -> None:
    arm = Arm(
        "m", "f", prior=Prior(0.5), priors={("r", "zh"): Prior(0.1), ("r", "*"): Prior(0.2), ("*", "zh"): Prior(0.3)}
    )
    assert [arm.prior_for(*at).accuracy for at in (("r", "zh"), ("r", "en"), ("s", "zh"), ("s", "en"))] == [
        0.1,
        0.2,
        0.3,
        0.5,
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"v": -1.0},
        {"v": 0.0, "k_cost": 0.0, "k_time": 0.0},
        {"k_cost": float("nan")},
        {"discount": 1.5},
        {"max_exploration": 0.0},
        {"min_judge_rate": 0.5},
        {"strategy": "magic"},
    ],
)
def test_settings_that_cannot_be_are_named(wrong: dict) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong)).split("_")[-1]):
        Settings("news", **wrong)


def test_pools_that_cannot_serve_are_refused(pool: tuple[Arm, ...]) -> None:
    with pytest.raises(SettingsError, match="excluded"):
        eligible(pool, Settings("news", excluded=frozenset({"strong", "cheap", "third"})))
    with pytest.raises(SettingsError, match="strong"):
        eligible((*pool, pool[0]), Settings("news"))
    with pytest.raises(SettingsError, match="lane"):
        Arm("m", "f", lane="fast")
    with pytest.raises(SettingsError, match="accuracy"):
        Prior(accuracy=1.1)


def test_what_is_excluded_serves_in_no_lane_or_in_the_one_lane_named(pool: tuple[Arm, ...]) -> None:
    both = (Arm("m", "f"), Arm("m", "f", lane="batch"), *pool)
    for excluded, left in (("m", set()), ("m@batch", {"m"})):
        names = [arm.name for arm in eligible(both, Settings("news", excluded=frozenset({excluded})))]
        assert {name for name in names if name.startswith("m")} == left
        assert names[-3:] == ["strong", "cheap", "third"]  # the profile's order


@pytest.mark.parametrize("changes", [{"pins": {"topic_finder": "gone"}}, {"judge": "gone"}])
def test_a_pin_or_a_judge_outside_the_pool_is_named(changes: dict, pool: tuple[Arm, ...]) -> None:
    with pytest.raises(SettingsError, match="'gone'"):
        eligible(pool, Settings("news", **changes))
