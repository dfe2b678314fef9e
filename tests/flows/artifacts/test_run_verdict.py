"""What a run is called: a verdict that tells a good night from one to look at, and says what to do about it."""

import pytest

from nightdesk.flows.artifacts.run_verdict import LABELS, judge
from nightdesk.tasks.config.profile import Profile, load_profile
from nightdesk.tasks.reorganizing.totals import Served, Totals


@pytest.fixture(scope="module")
def news() -> Profile:
    """The shipped profile."""
    return load_profile("news")


def totals(**changed: object) -> Totals:
    """A night that went well, but for what is changed."""
    good = Totals(documents=3, sentences=400, placed=400, topics=9, stages={"find": 1.5})
    for name, value in changed.items():
        setattr(good, name, value)
    return good


def figures(**changed: object) -> dict[str, object]:
    """What the run's summary says of such a night."""
    return {"cost_usd": 0.0, "over_budget": 0, "edition": "out/editions/2026-03-01/index.html", **changed}


def test_a_good_night_is_called_good_and_has_no_concerns(news: Profile) -> None:
    verdict = judge(totals(), figures(cost_usd=0.25), news, learned=True)
    assert verdict.line == "Good: 3 documents, 400 sentences under 9 topics, 0.0% unplaced, $0.25, 2 s"
    assert verdict.concerns == ()


def test_an_evening_without_news_is_good(news: Profile) -> None:
    assert judge(Totals(), figures(), news, learned=True).line == "Good: nothing new to read"


@pytest.mark.parametrize(
    ("changed", "learned", "said"),
    [
        ({"unreadable": 1}, True, "1 document could not be read"),
        ({"unplaced": 8}, True, "2.0% of the sentences have no place"),
        ({"unplaced": 1, "failed": 1}, True, "models failed on 1 sentence:"),
        ({"unplaced": 20, "failed": 20}, True, "models failed on 20 sentences:"),
        ({"unplaced": 300, "unpaid": 300}, True, "did not reach for 300 sentences"),
        ({"missing": ["wires: no such file or folder; check the path"]}, True, "1 source missing: wires: no such"),
        ({"unjoined": 2}, True, "2 documents may have one story under several topics"),
        ({"given_up": 1}, True, "1 document had been taken up again on enough nights"),
        ({"quarantined": 2}, True, "2 rows failed the audit"),
        (
            {"models": {("topic_finder", "slow"): Served(10, 10, 5, 5, 0.0)}},
            True,
            "5 of 10 calls to slow got no answer",
        ),
        ({}, False, "the weights were not updated"),
    ],
)
def test_what_went_wrong_is_named(news: Profile, changed: dict[str, object], learned: bool, said: str) -> None:
    verdict = judge(totals(**changed), figures(), news, learned)
    assert verdict.line.startswith("Worth a look: ")
    (concern,) = verdict.concerns
    assert said in concern
    assert ":" in concern  # and what to do about it
    assert verdict.line.endswith(concern)
    (label,) = verdict.labels
    assert label in LABELS
    assert verdict.tags == ["worth a look", label]


def test_a_model_that_was_out_is_named_once_whatever_else_it_did(news: Profile) -> None:
    made = totals(models={("topic_finder", "slow"): Served(10, 10, 5, 5, 0.0)})
    (concern,) = judge(made, figures(), news, True, {"slow": "it kept failing, and rested"}).concerns
    assert concern.startswith("slow was out for a while or for all of the run: it kept failing, and rested")


def test_replies_that_were_repaired_are_no_concern(news: Profile) -> None:
    made = totals(models={("topic_finder", "hasty"): Served(20, 10, 10, 0, 0.0)})
    assert judge(made, figures(), news, learned=True).word == "Good"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"unplaced": 21, "failed": 21}, "models failed on 5.2% of the sentences, more than the 5.0% of limits.max"),
        (
            {"withheld": ["batch 2 (a, b): table passages: x"]},
            "the audit withheld 1 batch: batch 2 (a, b): table",
        ),
    ],
)
def test_a_run_that_lost_too_much_is_bad_and_its_line_says_why(
    news: Profile, changed: dict[str, object], said: str
) -> None:
    verdict = judge(totals(**changed), figures(), news, learned=True)
    assert verdict.line.startswith("Bad: 3 documents, ")
    assert said in verdict.line
    (concern,) = verdict.concerns
    assert said in concern


def test_a_night_whose_models_were_out_is_bad_and_says_since_when(news: Profile) -> None:
    lost = totals(placed=0, unplaced=400, failed=400)
    verdict = judge(lost, figures(), news, True, {"north": "out since 02:13 UTC: 500: try again later"})
    assert verdict.word == "Bad"
    assert "north: out since 02:13 UTC: 500: try again later" in verdict.line


def test_a_budget_that_is_enough_for_no_document_makes_a_night_bad(news: Profile) -> None:
    lost = totals(placed=0, unplaced=400, unpaid=400, waiting=["a", "b", "c"])
    verdict = judge(lost, figures(), news, learned=True)
    assert verdict.word == "Bad"
    assert "enough for no document: raise limits.max_cost_usd" in verdict.line
    assert "3 documents (a, b, c)" in verdict.line


def test_documents_that_wait_for_the_next_night_are_named(news: Profile) -> None:
    some = totals(placed=100, unplaced=300, unpaid=300, waiting=[f"d{k}" for k in range(9)])
    (concern,) = judge(some, figures(), news, learned=True).concerns
    assert "the next night takes 9 documents (d0, d1, d2, d3, d4 and 4 more) up again" in concern


def test_how_much_may_be_lost_is_the_profile_s(news: Profile) -> None:
    lax = news.model_copy(update={"limits": news.limits.model_copy(update={"max_unplaced": 0.1})})
    assert judge(totals(unplaced=21, failed=21), figures(), lax, True).word == "Worth a look"


def test_what_went_wrong_before_tonight_s_documents_is_a_concern(news: Profile) -> None:
    verdict = judge(totals(), figures(), news, True, {}, ["the night of 2026-03-01, run now, is not done: Bad: x"])
    assert (verdict.word, len(verdict.concerns)) == ("Worth a look", 1)


def test_a_spent_budget_is_a_concern(news: Profile) -> None:
    (concern,) = judge(totals(), figures(over_budget=3), news, None).concerns
    assert "3 calls did not fit the budget" in concern


def test_a_night_without_its_edition_is_a_concern(news: Profile) -> None:
    (concern,) = judge(totals(), figures(edition=None), news, True).concerns
    assert "`nightdesk edition`" in concern
