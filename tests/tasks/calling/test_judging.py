"""The board: who grades an answer, and what is written down of it."""

from pathlib import Path

import pytest

from tests.tasks.calling.made import NEWS, ask, questions, with_changes


def test_judges_are_of_another_family_and_their_grades_are_booked(cluster: str, out: Path) -> None:
    strict = with_changes(judging={"judges": 2, "min_rate": 1.0, "max_rate": 1.0})
    asked = ask(cluster, out, questions(5), strict)
    family = {m.name: m.family for m in NEWS.models}
    by_id = {r["call_id"]: r for r in asked.rows}
    assert asked.judgements
    for j in asked.judgements:
        assert 0 <= j["accuracy"] <= 1
        assert j["judge_family"] == family[j["judge"]] != by_id[j["call_id"]]["family"]
        assert j["judge"] != "baseline"
    judged = [r for r in asked.rows if r["judges"]]
    for r in judged:
        given = [j for j in asked.judgements if j["call_id"] == r["call_id"]]
        assert r["judges"] == len(given)
        assert r["accuracy"] == pytest.approx(sum(j["weight"] * j["accuracy"] for j in given))
    assert {r["call_id"] for r in judged} == {j["call_id"] for j in asked.judgements}
