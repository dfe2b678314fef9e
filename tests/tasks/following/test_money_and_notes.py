"""What a follow keeps in its journal about calls: dollars by hour, plans that were drawn by, and what became known."""

import copy
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nightdesk.role_rl.sampling import Plan
from nightdesk.tasks.calling.answers.database import Database
from nightdesk.tasks.calling.arm_choice import NightlyWeights
from nightdesk.tasks.calling.call_rows import Ledger, Unit
from nightdesk.tasks.errors import PublishError
from nightdesk.tasks.following.calls import choices, spending
from nightdesk.tasks.following.calls.choices import JournaledChoice
from nightdesk.tasks.following.calls.notes import CallNotes, recover
from nightdesk.tasks.following.calls.spending import Caps, Purse
from nightdesk.tasks.following.journal import Journal, forget
from nightdesk.tasks.following.steady_auditor import SteadyAuditor
from nightdesk.tasks.roles import topic_finder
from nightdesk.tasks.tables.audit import AuditReport, Gone
from tests.tasks.made import DAY

NOON = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
PLAN = Plan({"a": 0.75, "b": 0.25}, 0.1, 0.05, {"a": 0.5, "b": 0.5})


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    out = tmp_path / "out"
    out.mkdir()
    with Journal(out, "news") as opened:
        yield opened


def unit(name: str = "d/c00000", doc_id: str = "d") -> Unit:
    return Unit(doc_id, name, 3, topic_finder.make_request(["The bridge is shut.", "It rains."], "en"))


# --- dollars ---


def test_a_cap_by_the_hour_opens_with_the_next_hour_and_one_by_the_day_with_the_next_date(journal: Journal) -> None:
    purse = Purse(journal.db, DAY, Caps(day_usd=3.0, hour_usd=1.0), (0.1, 0.0))
    assert purse.left(NOON) == 1.0
    purse.note(0.9, 9, NOON)
    assert purse.left(NOON) == pytest.approx(0.1)
    assert purse.affordable(NOON) == 0  # chunks take 0.1 each, and may be a fifth dearer
    assert not purse.day_is_spent
    later = NOON + timedelta(hours=1)
    assert purse.left(later) == 1.0
    purse.note(2.0, 1, later)
    assert purse.left(later + timedelta(hours=1)) == pytest.approx(0.1)
    assert purse.day_is_spent
    next_day = Purse(journal.db, DAY + timedelta(days=1), Caps(day_usd=3.0))
    assert next_day.left(later) == 3.0


def test_what_was_spent_outlives_the_process(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with Journal(out, "news") as journal:
        Purse(journal.db, DAY, Caps()).note(0.25, 1, NOON)
        Purse(journal.db, DAY, Caps()).note(0.5, 0, NOON)
    with Journal(out, "news") as journal:
        assert Purse(journal.db, DAY, Caps()).spent() == 0.75


def test_without_a_cap_or_a_price_everything_is_affordable(journal: Journal) -> None:
    assert Purse(journal.db, DAY, Caps(), (5.0, 1.0)).affordable(NOON) == float("inf")
    assert Purse(journal.db, DAY, Caps(day_usd=0.0)).affordable(NOON) == float("inf")
    assert Purse(journal.db, DAY, Caps(day_usd=0.0), (5.0, 1.0)).affordable(NOON) == 0


def test_what_was_spent_long_ago_is_let_go(journal: Journal) -> None:
    Purse(journal.db, date(2026, 2, 1), Caps()).note(0.25, 1, NOON)
    Purse(journal.db, DAY, Caps()).note(0.5, 1, NOON)
    spending.let_go(journal.db, DAY)
    assert Purse(journal.db, date(2026, 2, 1), Caps()).spent() == 0
    assert Purse(journal.db, DAY, Caps()).spent() == 0.5


# --- plans ---


class Moody:
    """A belief that moves: every choice is another one."""

    def __init__(self) -> None:
        self.asked = 0
        self.heard: list[tuple[str, float]] = []

    def choose(self, unit: Unit, plan: Plan) -> Plan:
        self.asked += 1
        return Plan({"a": 1 / (1 + self.asked), "b": 1 - 1 / (1 + self.asked)}, 0.1, 0.05, {"a": 0.5, "b": 0.5})

    def judged(self, unit: Unit, arm: str, accuracy: float) -> None:
        self.heard.append((arm, accuracy))


def test_a_question_that_comes_again_is_drawn_by_the_plan_that_it_was_drawn_by(journal: Journal) -> None:
    first = JournaledChoice(journal.db, Moody()).choose(unit(), PLAN)
    moved = Moody()
    moved.asked = 7
    again = JournaledChoice(journal.db, moved)
    assert again.choose(unit(), PLAN) == first
    assert moved.asked == 7
    assert again.choose(unit("d/c00001"), PLAN) != first
    again.judged(unit(), "a", 0.5)
    assert moved.heard == [("a", 0.5)]


def test_arms_that_are_gone_are_left_out_of_an_earlier_plan(journal: Journal) -> None:
    its = JournaledChoice(journal.db, Moody())
    its.choose(unit(), PLAN)
    only_b = PLAN.only({"b"})
    assert its.choose(unit(), only_b).weights == {"b": 1.0}
    others = Plan({"c": 1.0}, 0.1, 0.0, {})
    assert JournaledChoice(journal.db, NightlyWeights()).choose(unit(), others) == others


def test_choices_leave_with_their_document(journal: Journal) -> None:
    moody = Moody()
    its = JournaledChoice(journal.db, moody)
    first = its.choose(unit(), PLAN)
    its.choose(unit("e/c00000", "e"), PLAN)
    choices.forget(journal.db, ["d"])
    assert its.choose(unit(), PLAN) != first
    assert moody.asked == 3


# --- what became known of calls ---


def fill(its: Ledger, *names: str) -> Ledger:
    for name in names:
        its.notes[name] = {"doc_id": f"doc-{name}", "served": True}
        its.judgements.append({"call_id": name, "judge": "j", "accuracy": 0.5})
        its.cached.append({"call_id": f"again-{name}", "doc_id": f"doc-{name}", "started_at": 1.5, "reply": None})
    return its


def reloaded(db: Database) -> Ledger:
    its = Ledger()
    CallNotes(db, its)
    return its


def kept(db: Database, *names: str) -> tuple[CallNotes, Ledger]:
    its = Ledger()
    notes = CallNotes(db, its)
    fill(its, *names)
    db.transact(notes.keep)
    notes.kept()
    return notes, its


def test_a_ledger_comes_back_as_it_was_kept_and_nothing_is_kept_twice(journal: Journal) -> None:
    notes, its = kept(journal.db, "x", "y")
    its.notes["x"]["accuracy"] = 0.75
    its.judgements.append({"call_id": "x", "judge": "k", "accuracy": 1.0})
    for _ in range(2):
        journal.db.transact(notes.keep)
        notes.kept()
    assert reloaded(journal.db) == its


@pytest.mark.parametrize("stands", [True, False])
def test_a_part_that_was_being_published_at_a_kill_is_done_or_done_again(
    journal: Journal, tmp_path: Path, stands: bool
) -> None:
    (notes, its), part = kept(journal.db, "x", "y"), "tables/calls/part.parquet"
    whole = reloaded(journal.db)
    del its.notes["x"], its.judgements[0], its.cached[0]  # these are in the part; y is of a document that goes on
    notes.begin_part(part)
    if stands:
        (tmp_path / part).parent.mkdir(parents=True)
        (tmp_path / part).touch()
    recover(journal.db, tmp_path)
    assert reloaded(journal.db) == (its if stands else whole)


def test_nothing_is_kept_of_documents_that_are_still_being_asked_about(journal: Journal) -> None:
    its = Ledger()
    notes = CallNotes(journal.db, its)
    fill(its, "x", "y")
    whole = copy.deepcopy(its)
    journal.db.transact(lambda: notes.keep({"doc-y"}))
    notes.kept()
    after_a_kill = reloaded(journal.db)
    assert [r["doc_id"] for r in after_a_kill.cached] == ["doc-x"]
    assert [j["call_id"] for j in after_a_kill.judgements] == ["x"]
    assert after_a_kill.notes.keys() == {"x"}
    notes.begin_part("part", {"doc-y"})
    notes.end_part("part")
    assert "y" not in reloaded(journal.db).notes
    journal.db.transact(notes.keep)
    notes.kept()
    assert reloaded(journal.db) == whole


def test_what_may_hold_text_of_a_document_leaves_with_it(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with Journal(out, "news") as journal:
        kept(journal.db, "x", "y")
    forget(out, "doc-x")
    with Journal(out, "news") as journal:
        assert [r["doc_id"] for r in reloaded(journal.db).cached] == ["doc-y"]


# --- the auditor of a long day ---


class Mortal:
    """An auditor that ends after its first answer; as a context manager, its own process."""

    begun = 0

    def __enter__(self) -> "Mortal":
        Mortal.begun += 1
        self.answers = 1
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def audit(self, name: str, *_: Any) -> AuditReport:
        if not self.answers:
            raise PublishError("the process that audits has ended")
        self.answers -= 1
        return AuditReport(name, 0)

    def do(self, function: Any, *_: Any) -> Any:
        if not self.answers:
            raise Gone
        return function()


def test_an_auditor_that_has_ended_is_begun_anew() -> None:
    Mortal.begun = 0
    its = SteadyAuditor(Mortal)
    table: Any = None
    assert [its.audit(name, table, {}, {}).table for name in "abc"] == ["a", "b", "c"]
    assert Mortal.begun == 3
    assert its.do(int) == 0  # done here
