"""Sums by arrays are the sums that are made row by row, whatever the tables hold."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.role_rl.arms import Arm, Settings
from nightdesk.role_rl.feedback import Evidence, Remembered, gather
from nightdesk.role_rl.judges import LABELS
from nightdesk.role_rl.sufficient_stats import Key, Sums, Tally
from tests.role_rl.conftest import CALL, START, call_table, judgement_table
from tests.role_rl.feedback import rowwise

MODELS = {"strong": "a", "sister": "a", "cheap": "b", "third": "c", "base": "z"}
ARMS = (*(Arm(name, family) for name, family in MODELS.items() if name != "base"), Arm("base", "z", judges=False))
ROLES, LANGUAGES = ("topic_finder", "topic_locator"), ("en", "zh", None)
REMEMBERED = Remembered(
    {Key(role, "en", name): 0.5 for role in ROLES for name in ("strong", "cheap")},
    {(ROLES[0], "en"): Sums(3.0, 2.0, 2.0)},
)
PURPOSES = ("serve", "serve", "duel", "repair", "fallback", "judge")
ids = st.sampled_from([f"c{k}" for k in range(12)])
amount = st.floats(0, 2) | st.none()


@st.composite
def a_call(draw: st.DrawFn) -> dict[str, Any]:
    model = draw(st.sampled_from(sorted(MODELS)))
    decision = draw(st.sampled_from([f"d{k}" for k in range(6)] + ["", None]))
    # A decision is about one unit, so all its calls are of one role and language.
    of_unit = (
        (ROLES[int(decision[1:]) % 2], LANGUAGES[int(decision[1:]) % 3])
        if decision
        else (draw(st.sampled_from(ROLES)), draw(st.sampled_from(LANGUAGES)))
    )
    reserve = draw(st.sampled_from([None, '{"prompt_tokens": 9}', '{"reserved_usd": 0.5}', '{"reserved_usd": "all"}']))
    return {
        "call_id": draw(ids), "parent_call_id": draw(ids | st.none() | st.just("")), "model": model,
        "decision_id": decision, "family": MODELS[model],
        "run_id": draw(st.sampled_from(["run-1", "run-2", "run-3"])), "doc_id": draw(st.sampled_from(["x", "y", None])),
        "profile": draw(st.sampled_from(["news", "news", "news", "commerce"])), "role": of_unit[0],
        "language": of_unit[1], "lane": draw(st.sampled_from(["sync", "batch", None])),
        "purpose": draw(st.sampled_from(PURPOSES)), "from_cache": draw(st.sampled_from([False, False, False, True])),
        "valid": draw(st.booleans()), "propensity": draw(st.sampled_from([0.9, 0.3, 0.0, None])),
        "judge_propensity": draw(st.sampled_from([1.0, 0.1, 0.0, None])), "cost_usd": draw(amount),
        "latency_s": draw(amount), "usage": reserve,
        "started_at": START + timedelta(hours=draw(st.integers(0, 60))) if draw(st.booleans()) else None,
    }  # fmt: skip


@st.composite
def a_judgement(draw: st.DrawFn) -> dict[str, Any]:
    judge = draw(st.sampled_from([*sorted(MODELS), LABELS, "gone", ""]))
    return {
        "call_id": draw(ids), "judge": judge, "judge_family": draw(st.sampled_from([MODELS.get(judge, judge), ""])),
        "accuracy": draw(st.sampled_from([0.0, 0.25, 0.7, 1.0, 1.5, None])), "control": draw(st.booleans()),
        "weight": draw(st.sampled_from([0.5, 1.0, 3.0, 0.0, None])),
    }  # fmt: skip


def same(one: Evidence, other: Evidence) -> None:
    """See that two say the same, but for the last digits of sums that were added up in another order."""
    assert one.run_ids == other.run_ids
    assert (one.night, one.decisions) == (other.night, other.decisions)
    assert [step.context for step in one.steps] == [step.context for step in other.steps]
    for step, twin in zip(one.steps, other.steps, strict=True):
        assert [arm for arm, _ in step.rewards] == [arm for arm, _ in twin.rewards]
        assert [worth for _, worth in step.rewards] == pytest.approx([worth for _, worth in twin.rewards])
    assert list(one.pairs) == list(other.pairs)
    assert list(one.likeness) == list(other.likeness)
    for mine, theirs in ((one.pairs, other.pairs), (one.likeness, other.likeness)):
        for sums, twins in zip(mine.values(), theirs.values(), strict=True):
            same_sums(sums, twins)
    for own, others in zip((one.tallies, *one.halves), (other.tallies, *other.halves), strict=True):
        assert list(own) == list(others)
        for key in own:
            same_tally(own[key], others[key])


def same_sums(one: Sums, other: Sums) -> None:
    assert (one.n, one.total, one.squares) == pytest.approx((other.n, other.total, other.squares), abs=1e-12)


def same_tally(one: Tally, other: Tally) -> None:
    assert (one.answers, one.valid) == pytest.approx((other.answers, other.valid))
    assert list(one.judged) == list(other.judged)
    for sums, twins in ((one.cost, other.cost), (one.seconds, other.seconds)):
        same_sums(sums, twins)
    for judge in one.judged:
        same_sums(one.judged[judge], other.judged[judge])
    assert one.nights.values == pytest.approx(other.nights.values, abs=1e-12)
    for logged, twin in zip(one.logged, other.logged, strict=True):
        assert logged.values == pytest.approx(twin.values, abs=1e-12)


@given(
    st.lists(a_call(), max_size=25),
    st.lists(a_judgement(), max_size=25),
    st.sampled_from(["posterior", "q-learning"]),
    st.booleans(),
    st.sampled_from([("language",), ("language", "unit"), ()]),
)
def test_arrays_add_up_to_what_rows_do(
    calls: list[dict[str, Any]], judgements: list[dict[str, Any]], strategy: str, knows: bool, context: tuple[str, ...]
) -> None:
    # The same call in the same run twice is nobody's: which of the two is meant depends on the order of rows.
    own = {(row["call_id"], row["run_id"], row["from_cache"]): row for row in calls}
    table = made(list(own.values()))
    settings = Settings("news", strategy=strategy, context=context, batch_deadline_s=0.5)
    asked = (judgement_table(judgements), ARMS, settings, ("run-3",), REMEMBERED if knows else None)
    found = gather(table, *asked)
    same(found, rowwise.gather(table, *asked))
    plain = replace(rowwise.gather(table, *asked[:-1], None), halves=({}, {}), likeness={})
    same(replace(found, tallies=found.as_given, halves=({}, {}), likeness={}), plain)
    assert gather(table.take(pa.array(range(len(table) - 1, -1, -1), pa.int64())), *asked) == found


def made(rows: list[dict[str, Any]]) -> pa.Table:
    """Make a table of calls that says how the provider put its usage, with columns as the tables' reader has them."""
    table = call_table([{**CALL, **row} for row in rows])
    table = table.append_column("usage", pa.array([row["usage"] for row in rows], pa.string()))
    for name in ("doc_id", "role", "model", "purpose"):
        table = table.set_column(table.column_names.index(name), name, table[name].dictionary_encode())
    half = len(table) // 2
    return pa.concat_tables([table.slice(0, half), table.slice(half)])
