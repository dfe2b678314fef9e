"""The forecast: who would be asked how much, how large the questions are, and what it costs."""

from nightdesk.tasks.reorganizing.dry_run import forecast
from tests.tasks.made import document
from tests.tasks.pools import pool


def test_a_forecast_names_the_largest_questions_and_who_is_left_out() -> None:
    texts = [
        f"Officials said that {k} people had left district {k} before the water came on Monday." for k in range(900)
    ]
    foretold = forecast([document("d", texts)], pool(6_000, 200_000), None)
    by_role = {q["role"]: q for q in foretold.questions}
    assert len(by_role) == 4
    for q in by_role.values():
        assert 0 < q["largest_tokens"] <= q["budget_tokens"]
    assert (by_role["relationship_checker"]["budget_tokens"], by_role["relationship_checker"]["set_by"]) == (4500, "m0")
    assert by_role["relationship_checker"]["in_parts"] > 1
    tiny = {q["role"]: q for q in forecast([document("d", texts)], pool(1_000, 200_000), None).questions}
    assert tiny["topic_finder"]["left_out"] == "m0"
    alone = {q["role"]: q for q in forecast([document("d", texts)], pool(3_000), None).questions}
    assert alone["content_organizer"]["in_parts"] > 1
    assert alone["content_organizer"]["largest_tokens"] <= alone["content_organizer"]["budget_tokens"] == 2250
