"""Published rows in, sums of what each arm did out."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pytest

from nightdesk.role_rl.arms import Arm, Settings
from nightdesk.role_rl.feedback import Remembered, gather
from nightdesk.role_rl.feedback.rows import MOST_OF_DOCUMENT
from nightdesk.role_rl.judges import LABELS
from nightdesk.role_rl.sufficient_stats import Key, Sums

Rows = Callable[[Sequence[Mapping[str, Any]]], pa.Table]
STRONG = Key("topic_finder", "en", "strong")


def test_several_judgements_of_an_answer_count_once(
    calls_of: Rows, judgements_of: Rows, pool: tuple[Arm, ...], settings: Settings
) -> None:
    rows = [{"accuracy": 0.6, "weight": 3.0}, {"judge": "cheap", "judge_family": "b", "accuracy": 1.0, "weight": None}]
    tally = gather(calls_of([{}]), judgements_of(rows), pool, settings).tallies[STRONG]
    assert tally.judged_answers == pytest.approx(1)
    assert sum(cell.total for cell in tally.judged.values()) == pytest.approx(0.75 * 0.6 + 0.25)


def test_a_call_that_stands_there_twice_counts_once(
    calls_of: Rows, judgements_of: Rows, pool: tuple[Arm, ...], settings: Settings
) -> None:
    rows = [{"cost_usd": 0.01, "run_id": "run-1"}, {"cost_usd": 0.02, "run_id": "run-2"}]
    given_twice = judgements_of([{"accuracy": 0.5}, {"accuracy": 0.5}])
    one, other = (gather(calls_of(order), given_twice, pool, settings) for order in (rows, rows[::-1]))
    assert one == other
    assert (one.tallies[STRONG].answers, one.tallies[STRONG].judged_answers) == (1, 1)


def test_what_one_judge_said_twice_of_an_answer_counts_once_as_its_mean(
    calls_of: Rows, judgements_of: Rows, pool: tuple[Arm, ...], settings: Settings
) -> None:
    """Neither the higher nor the lower one is picked, because either would bias what is believed of the arm."""
    rows = [{"accuracy": 0.9}, {"accuracy": 0.3}, {"judge": "cheap", "judge_family": "b", "accuracy": 0.5}]
    one, other = (gather(calls_of([{}]), judgements_of(order), pool, settings) for order in (rows, rows[::-1]))
    assert one == other
    judged = one.tallies[STRONG].judged
    assert {judge: (cell.n, cell.total / cell.n) for judge, cell in judged.items()} == {
        "third": (0.5, pytest.approx(0.6)),
        "cheap": (0.5, pytest.approx(0.5)),
    }


def test_lanes_are_arms_of_their_own(calls_of: Rows, judgements_of: Rows, settings: Settings) -> None:
    arms = (Arm("m", "a"), Arm("m", "a", lane="batch"), Arm("n", "b"))
    rows = [{"call_id": "1", "model": "m"}, {"call_id": "2", "model": "m", "lane": "batch", "latency_s": 30_000.0}]
    new = gather(calls_of(rows), judgements_of([]), arms, settings)
    assert sorted(key.arm for key in new.tallies) == ["m", "m@batch"]
    assert new.tallies[STRONG._replace(arm="m@batch")].seconds.total == pytest.approx(30_000 - 6 * 3600)


def test_a_control_item_tells_of_its_model_and_of_its_judges(
    calls_of: Rows, judgements_of: Rows, pool: tuple[Arm, ...]
) -> None:
    rows = [{"purpose": "judge", "propensity": None, "judge_propensity": None, "cost_usd": 5.0}]
    labels = {"judge": LABELS, "judge_family": LABELS, "accuracy": 0.9, "control": True}
    judge = {"accuracy": 0.7, "control": True}
    new = gather(calls_of(rows), judgements_of([labels, judge]), pool, Settings("news"))
    known = new.tallies[STRONG]
    assert known.judged == {LABELS: Sums(1.0, 0.9, pytest.approx(0.81))}  # the judge's view of it is no truth
    assert (known.answers, known.cost, known.logged[0].w) == (0, Sums(), 0)
    assert new.pairs[LABELS, "third"].total == pytest.approx(0.2)


def test_an_invalid_answer_is_known_to_be_wrong_and_pays_for_its_repair(
    calls_of: Rows, judgements_of: Rows, pool: tuple[Arm, ...], settings: Settings
) -> None:
    rows = [
        {"call_id": "s", "valid": False, "cost_usd": 0.01, "latency_s": 1.0},
        {"call_id": "r", "purpose": "repair", "parent_call_id": "s", "cost_usd": 0.02, "latency_s": 2.0},
    ]
    tally = gather(calls_of(rows), judgements_of([{"call_id": "s"}]), pool, settings).tallies[STRONG]
    assert (tally.answers, tally.valid, tally.judged) == (1, 0, {})
    assert (tally.cost.total, tally.seconds.total) == pytest.approx((0.03, 3.0))
    assert tally.logged[0].w == pytest.approx(1 / 0.9)  # in the log without a judge: it ran, and its accuracy is 0
    assert tally.logged[0].wx == 0


def test_the_halves_together_are_the_whole(world: Any, pool: tuple[Arm, ...]) -> None:
    toy = world(pool, Settings("news"), {"strong": 0.9, "cheap": 0.5, "third": 0.6}, valid={"cheap": 0.8})
    new = gather(*toy.night(1, toy.plan(None), 200), pool, toy.settings)
    first, second = new.halves
    assert min(sum(tally.answers for tally in half.values()) for half in new.halves) > 50
    for key, tally in new.tallies.items():
        parts = [half[key] for half in (first, second) if key in half]
        assert sum(part.answers for part in parts) == tally.answers
        assert sum(part.judged_answers for part in parts) == pytest.approx(tally.judged_answers)
        assert sum(part.cost.total for part in parts) == pytest.approx(tally.cost.total)


def test_a_duels_second_answer_is_not_blamed_for_a_hard_question(
    calls_of: Rows, judgements_of: Rows, pool: tuple[Arm, ...], settings: Settings
) -> None:
    rows = [{"call_id": "s"}, {"call_id": "d", "purpose": "duel", "model": "cheap", "family": "b"}]
    given = judgements_of([{"call_id": name, "accuracy": 0.4} for name in ("s", "d")])
    usual = {STRONG: 0.8, STRONG._replace(arm="cheap"): 0.8}
    alike = Remembered(usual, {STRONG[:2]: Sums(1000.0, 1000.0, 1000.0)})
    for remembered, accuracy in ((None, 0.4), (Remembered(usual), 0.4), (alike, 0.8)):
        tallies = gather(calls_of(rows), given, pool, settings, (), remembered).tallies
        assert tallies[STRONG].judged["third"].total == pytest.approx(0.4)
        assert tallies[STRONG._replace(arm="cheap")].judged["third"].total == pytest.approx(accuracy, abs=0.001)


def test_one_document_teaches_no_more_than_a_few_questions_about_it(
    calls_of: Rows, judgements_of: Rows, pool: tuple[Arm, ...], settings: Settings
) -> None:
    usual = [{"call_id": f"u{k}", "decision_id": f"u{k}", "doc_id": f"doc-{k // 5}"} for k in range(50)]
    long = [{"call_id": f"h{k}", "decision_id": f"h{k}", "doc_id": "hostile"} for k in range(1_000)]
    grades = [{"call_id": row["call_id"], "accuracy": 0.6} for row in usual]
    fooled = [{"call_id": row["call_id"], "accuracy": 1.0} for row in long]
    new = gather(calls_of([*usual, *long]), judgements_of([*grades, *fooled]), pool, settings)
    alone = gather(calls_of(usual), judgements_of(grades), pool, settings)
    tally = new.tallies[STRONG]
    assert tally.answers == pytest.approx(50 + MOST_OF_DOCUMENT)
    assert tally.judged_answers == pytest.approx(50 + MOST_OF_DOCUMENT)
    assert tally.cost.n == 1_050  # what was spent was spent
    assert alone.tallies[STRONG].judged_answers == pytest.approx(50)  # documents of usual length lose nothing
    assert tally.logged[0].w == pytest.approx(alone.tallies[STRONG].logged[0].w * (50 + MOST_OF_DOCUMENT) / 50)


def test_a_document_that_makes_a_model_fail_does_not_end_it(
    calls_of: Rows, judgements_of: Rows, pool: tuple[Arm, ...], settings: Settings
) -> None:
    usual = [{"call_id": f"u{k}", "decision_id": f"u{k}", "doc_id": f"doc-{k}"} for k in range(30)]
    spoiled = [{"call_id": f"h{k}", "decision_id": f"h{k}", "doc_id": "hostile", "valid": False} for k in range(500)]
    tally = gather(calls_of([*usual, *spoiled]), judgements_of([]), pool, settings).tallies[STRONG]
    assert tally.valid > tally.answers / 2
