"""One version as JSON."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.role_rl.sampling import Plan
from nightdesk.role_rl.state import LearnerState, from_json, timestamp, to_json
from nightdesk.role_rl.sufficient_stats import Key, Sums, Tally
from tests.role_rl.made import some

amount = st.floats(0, 1e9)
sums = st.builds(Sums, amount, amount, amount)
name = st.text(min_size=1, max_size=8)
plans = st.dictionaries(name, st.integers(1, 1000), min_size=1, max_size=4).map(
    lambda parts: Plan(shares := {arm: n / sum(parts.values()) for arm, n in parts.items()}, 0.1, 0.2, shares)
)
states = st.builds(
    LearnerState,
    version=st.integers(1, 10**6),
    profile=name,
    created_at=name,
    reason=st.text(),
    previous=st.none() | st.integers(0, 10**6),
    from_run_ids=st.lists(name).map(tuple),
    learned_before=st.lists(name).map(tuple),
    night=name,
    tallies=st.dictionaries(
        st.builds(Key, name, name, name),
        st.builds(Tally, amount, amount, sums, sums, st.dictionaries(name, sums, max_size=2)),
        max_size=3,
    ),
    plans=st.dictionaries(st.tuples(name, name), plans, max_size=3),
)


@settings(max_examples=60, deadline=None)
@given(states)
def test_a_state_round_trips(state: LearnerState) -> None:
    assert from_json(to_json(state)) == state


def test_a_document_of_another_schema_is_refused_and_the_way_out_named() -> None:
    other = json.loads(to_json(some(1))) | {"schema": 1}
    with pytest.raises(ValueError, match="nightdesk migrate"):
        from_json(json.dumps(other))


def test_the_same_state_is_the_same_text_whatever_the_order_of_its_mappings() -> None:
    plan = Plan({"b": 0.1, "a": 0.9}, 0.02, 0.01, {"b": 0.1, "a": 0.9})
    assert to_json(some(1, plans={("r", "en"): plan})) == to_json(some(1))


def test_a_moment_is_kept_in_utc_whatever_zone_it_was_given_in() -> None:
    moment = datetime(2026, 3, 1, 1, 30, 0, 999, tzinfo=timezone(timedelta(hours=2)))
    assert timestamp(moment) == "2026-02-28T23:30:00+00:00"
    assert timestamp(datetime(2026, 3, 1)) == timestamp(datetime(2026, 3, 1, tzinfo=UTC))
