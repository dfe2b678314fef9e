"""What is written down of calls."""

import asyncio
from datetime import UTC, datetime

from nightdesk.role_rl.sampling import Plan, decide
from nightdesk.tasks.calling.answers.answer_keys import Record
from nightdesk.tasks.calling.call_rows import CallContext, Ledger, Tally, Unit, tally
from nightdesk.tasks.messages import Usage
from nightdesk.tasks.roles import topic_finder
from nightdesk.tasks.tables.contracts import contract
from tests.tasks.calling.made import NEWS

UNIT = Unit("d", "d/c00000", 3, topic_finder.make_request(["One.", "Two."], "en"))
DUEL = decide(("unit",), Plan({"static": 1.0, "lexical": 0.0}, 0.0, 1.0, {"lexical": 1.0}))
CONTEXT = CallContext("news", UNIT, DUEL, "decision-1")


def record(arm: str = "static", purpose: str = "serve") -> Record:
    return CONTEXT.row(arm, NEWS.model(arm), purpose, "key", None)


def test_a_started_record_fits_the_table_and_names_its_decision() -> None:
    row = {**record(), "run_id": "run-1", "started_at": datetime.now(UTC)}
    (published,) = contract("calls").build([row]).to_pylist()
    assert (published["doc_id"], published["unit"], published["weights_version"]) == ("d", "d/c00000", 3)
    assert (published["decision_id"], published["eligible"]) == ("decision-1", ["lexical", "static"])
    assert not (published["served"] or published["valid"])


def test_only_calls_that_were_drawn_have_a_propensity() -> None:
    for arm, purpose in (("static", "serve"), ("lexical", "duel")):
        row = record(arm, purpose)
        assert (row["propensity"], row["judge_propensity"]) == (DUEL.propensity[arm], DUEL.judge_propensity[arm])
    for purpose in ("judge", "repair", "fallback"):
        assert record("baseline", purpose)["propensity"] is None


def test_a_row_has_what_became_known_later_and_is_handed_out_once_with_its_run_and_its_time_in_utc() -> None:
    ledger, own, cached = Ledger(), record(), record("lexical", "duel")
    own["started_at"] = cached["started_at"] = datetime(2026, 3, 1, 2, 30, tzinfo=UTC).timestamp()
    ledger.cached.append(cached)
    ledger.note(own, served=True)
    ledger.note(own, accuracy=0.5, judges=2)
    ledger.judgements.append({"call_id": own["call_id"], "judge": "lexical"})
    calls, judgements = ledger.rows([own], "run-2")
    assert [(row["served"], row["accuracy"], row["judges"]) for row in calls] == [(True, 0.5, 2), (False, None, 0)]
    assert {row["run_id"] for row in (*calls, *judgements)} == {"run-2"}
    assert {row["started_at"].isoformat() for row in calls} == {"2026-03-01T02:30:00+00:00"}
    assert ledger.rows([], "run-2") == ([], [])


def test_what_calls_took_adds_up() -> None:
    ledger = Ledger()
    ledger.book(Usage(100, 40, 7), 0.25)
    ledger.book(Usage(10, 0, 1), 0.5)
    assert (ledger.input_tokens, ledger.cached_tokens, ledger.output_tokens, ledger.cost_usd) == (110, 40, 8, 0.75)


def test_rows_of_documents_that_are_under_way_stay_with_what_is_known_of_them() -> None:
    ledger, own, other = Ledger(), record(), {**record(), "doc_id": "under way"}
    cached = {**record("lexical", "duel"), "doc_id": "under way"}
    ledger.cached.append(cached)
    for row in (own, other):
        ledger.note(row, served=True)
        ledger.judgements.append({"call_id": row["call_id"], "judge": "lexical"})
    calls, judgements = ledger.rows([own], "run-1", {"under way"})
    assert [(c["call_id"], c["served"]) for c in calls] == [(own["call_id"], True)]
    assert [j["call_id"] for j in judgements] == [own["call_id"]]
    calls, judgements = ledger.rows([other], "run-1")
    assert [(c["call_id"], c["served"]) for c in calls] == [(other["call_id"], True), (cached["call_id"], False)]
    assert [j["call_id"] for j in judgements] == [other["call_id"]]


def test_calls_are_counted_for_the_stage_that_makes_them_though_another_is_under_way() -> None:
    ledger = Ledger()

    async def stage(calls: int) -> Tally:
        took = tally()
        for _ in range(calls):
            await asyncio.sleep(0)
            ledger.count_made(True)
            ledger.book(Usage(), 0.5)
        return took

    async def both() -> list[Tally]:
        return list(await asyncio.gather(stage(3), stage(5)))

    assert asyncio.run(both()) == [Tally(3, 1.5), Tally(5, 2.5)]
    assert (ledger.made, ledger.cost_usd) == (8, 4.0)
