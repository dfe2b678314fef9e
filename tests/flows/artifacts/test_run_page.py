"""What a run's page says: a verdict that tells a good night from one to look at, and text that shows as itself."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from nightdesk.flows.artifacts.markdown import code, plain, table
from nightdesk.flows.artifacts.run_verdict import judge
from nightdesk.tasks.config.profile import Profile, load_profile
from nightdesk.tasks.reorganizing.totals import Served, Totals

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def kinds(markdown: str) -> set[str]:
    """Return what a piece of Markdown consists of."""
    return {t.type for token in MARKDOWN.parse(markdown) for t in [token, *(token.children or ())]}


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60))
@pytest.mark.parametrize("around", ["{}", "- {}", "# {}"])
def test_any_text_is_only_text_and_reads_as_it_was(around: str, text: str) -> None:
    allowed = {"paragraph_open", "inline", "text", "text_special", "entity", "paragraph_close", "bullet_list_open"}
    allowed |= {"bullet_list_close", "list_item_open", "list_item_close", "heading_open", "heading_close"}
    assert kinds(around.format(plain(text))) <= allowed
    shown = html.unescape(MARKDOWN.render(plain(text)).removeprefix("<p>").rstrip("\n").removesuffix("</p>"))
    assert shown.replace("\u200b", "").split() == text.replace("\u200b", "").split()


@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", "[click](http://bad)", "![x](http://bad/p.png)", "a | b", "`x`", "http://bad.example",
     "1. one", "# head", "a\n\n# head", "&lt;b&gt;", "\\<b>"],
)  # fmt: skip
def test_hostile_titles_stay_in_their_cell(hostile: str) -> None:
    rows = "\n".join(table(("title", "n "), [(plain(hostile), 1), (code(hostile), 2)]))
    assert (
        kinds(rows) & {"link_open", "image", "html_inline", "html_block", "heading_open", "ordered_list_open"} == set()
    )
    assert MARKDOWN.render(rows).count("<td") == 4


def test_long_text_is_cut() -> None:
    assert plain("x" * 500) == "x" * 119 + "…"


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
