"""What a follow is asked to do: what cannot be meant is refused in the words of the form, at once."""

from typing import Any

import pytest
from pydantic import ValidationError

from nightdesk.flows.shared.following.day_result import caps_of
from nightdesk.flows.shared.following.parameters import FollowParameters
from nightdesk.tasks.config.profile import FollowSettings, Limits, Profile, load_profile
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.following.follower import Caps


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"every": "soon"}, "'soon' is no duration; write it as 30s, 10m or 1h30m"),
        ({"every": "0.1s"}, "'0.1s' is not between 0.2s and 1h"),
        ({"idle": "2 days"}, "is no duration"),
        ({"until": "11pm"}, "'11pm' is no time of day; write it as HH:MM"),
        ({"timezone": "Berlin"}, "'Berlin' is no time zone; write it like Europe/Berlin or UTC"),
        ({"dollars_per_day": -1}, "greater than or equal to 0"),
    ],
)
def test_what_cannot_be_meant_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        FollowParameters.model_validate(given)


def test_what_was_left_empty_is_every_half_minute_until_cancelled() -> None:
    asked = FollowParameters.model_validate({"sources": ["talk.txt"], "every": "", "until": None, "timezone": " "})
    assert (asked.every_s, asked.idle_s, asked.until, asked.timezone) == (30.0, 600.0, "", "")
    assert FollowParameters(every=" 1m30s ").every_s == 90.0


@pytest.mark.parametrize("sources", [[], ["wires/{run_date}.txt"]])
def test_sources_that_nobody_can_follow_are_named(sources: list[str]) -> None:
    with pytest.raises(InputError, match="no source was named|takes no {run_date}"):
        FollowParameters(sources=sources).check_sources()


def test_a_follow_may_spend_what_it_was_asked_else_what_its_profile_says() -> None:
    def of(day: float, hour: float, run: float) -> Profile:
        settings = FollowSettings(dollars_per_day=day, dollars_per_hour=hour)
        return load_profile("news").model_copy(update={"follow": settings, "limits": Limits(max_cost_usd=run)})

    asked = FollowParameters(dollars_per_day=3.0)
    assert caps_of(asked, of(5.0, 0.5, 2.0)) == Caps(3.0, 0.5)
    assert caps_of(FollowParameters(), of(5.0, 0.0, 2.0)) == Caps(5.0, None)
    assert caps_of(FollowParameters(), of(0.0, 0.0, 2.0)) == Caps(2.0, None)
    assert caps_of(FollowParameters(), of(0.0, 0.0, 0.0)) == Caps(None, None)
