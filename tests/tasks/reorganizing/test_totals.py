"""A run's totals: what models did is counted by role and model, and a reply that was repaired is not lost."""

from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.reorganizing.totals import Served, Totals
from tests.tasks.made import Row, call, calls


def counted(*rows: Row) -> Totals:
    totals = Totals()
    totals.count_calls(calls(*rows))
    return totals


def test_calls_are_counted_by_role_and_model_and_answers_from_the_store_are_not() -> None:
    totals = counted(
        call("a", cost_usd=0.25),
        call("b", cost_usd=0.5, purpose="judge"),
        call("c", model="far", error="timed out", valid=False, purpose="judge"),
        call("d", role="content_organizer"),
        call("e", from_cache=True, cost_usd=9.0),
    )
    assert totals.models == {
        ("topic_finder", "static"): Served(calls=2, serving=1, dollars=0.75),
        ("topic_finder", "far"): Served(calls=1, failed=1),
        ("content_organizer", "static"): Served(calls=1, serving=1),
    }


def test_a_call_is_lost_if_it_was_sent_and_no_repair_of_it_was_right() -> None:
    wrong = {"valid": False, "error": "not JSON"}
    totals = counted(
        call("mended", **wrong),
        call("mends", purpose="repair", parent_call_id="mended"),
        call("lost", **wrong),
        call("in vain", purpose="repair", parent_call_id="lost", **wrong),
        call("in a duel", purpose="duel", **wrong),
        call("never sent", attempts=0, **wrong),
        call("only judged", purpose="judge", **wrong),
    )
    did = totals.models["topic_finder", "static"]
    assert (did.calls, did.failed, did.lost) == (7, 6, 2)


ROWS = st.lists(
    st.builds(
        dict,
        model=st.sampled_from(["static", "far"]),
        purpose=st.sampled_from(["serve", "duel", "judge"]),
        valid=st.booleans(),
        from_cache=st.booleans(),
        attempts=st.integers(0, 3),
    ),
    max_size=12,
)


@given(ROWS, st.integers(0, 12))
def test_batches_one_by_one_come_to_the_same_as_all_at_once(changes: list[Row], cut: int) -> None:
    rows = [call(f"c{k}", **changed) for k, changed in enumerate(changes)]
    apart = Totals()
    for some in (rows[:cut], rows[cut:]):
        apart.count_calls(calls(*some))
    assert apart == counted(*rows)
    assert sum(did.calls for did in apart.models.values()) == sum(not row["from_cache"] for row in rows)
