"""The embedded models: their topics on text that is clear, their manners on text that is anything."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.tasks.messages import ROLES, RoleRequest
from nightdesk.tasks.models.embedded.answers import MODELS, Lexical, Static
from nightdesk.tasks.models.embedded.baseline import Baseline, Embedded
from nightdesk.tasks.models.embedded.titles import title
from nightdesk.tasks.roles import content_organizer, format_checker, relationship_checker, topic_finder, topic_locator
from tests.tasks.models.embedded.made import (
    BEES,
    CHESS,
    FERRY,
    FERRY_AGAIN,
    KETTLE,
    LANGUAGES,
    SCARF,
    SENTENCES,
    ask,
    found_topics,
)

ROOT = Path(__file__).parents[4]
CHECKS = {
    "topic_finder": topic_finder.check,
    "topic_locator": topic_locator.check,
    "relationship_checker": relationship_checker.check,
    "content_organizer": content_organizer.check,
}


@pytest.mark.parametrize("kind", MODELS)
@given(items=SENTENCES, language=LANGUAGES, data=st.data())
@settings(max_examples=40)
def test_every_answer_passes_the_gate(kind: str, items: list[str], language: str, data: st.DataObject) -> None:
    model = MODELS[kind]()
    titles = tuple(data.draw(st.lists(st.text(max_size=9), max_size=4)))
    numbers = st.integers(1, max(len(items), 1))
    anchors = tuple(
        tuple(data.draw(st.lists(numbers, max_size=4, unique=True))) if items else () for _ in range(len(titles))
    )
    for role in ROLES:
        if role == "topic_locator":
            request = RoleRequest(role, language, tuple(items), titles, anchors)
        else:
            labels = ("facts", "opinions") if role == "content_organizer" else ()
            request = RoleRequest(role, language, tuple(items), labels)
        answer = model.compute(request)
        problems = format_checker.check(request, answer, CHECKS[role])
        placed = {n for g in answer.groups for n in g.numbers}
        if role == "topic_finder" and not items:
            assert problems == ["no topic was found; every text has at least one"]
            continue
        assert problems == []
        if role == "content_organizer" or (role == "topic_locator" and titles):
            assert placed == set(range(1, len(items) + 1))


@pytest.mark.parametrize("kind", ["static", "lexical"])
def test_topics_are_cut_where_the_story_changes(kind: str) -> None:
    items = [*FERRY, *BEES, *CHESS]
    assert found_topics(MODELS[kind](), items) == [(1, 10), (11, 20), (21, 29)]


@pytest.mark.parametrize("kind", ["static", "lexical"])
def test_topics_are_cut_in_chinese(kind: str) -> None:
    assert found_topics(MODELS[kind](), [*KETTLE, *SCARF], "zh") == [(1, 13), (14, 26)]


@pytest.mark.parametrize("story", [FERRY, BEES, CHESS, KETTLE], ids=["ferry", "bees", "chess", "kettle"])
def test_one_story_is_one_topic(story: list[str]) -> None:
    assert found_topics(Static(), story) == [(1, len(story))]


def test_a_text_longer_than_a_window_is_cut_alike() -> None:
    dice = Random(1)
    items: list[str] = []
    for _ in range(30):
        names = ["".join(dice.choices("bdgklmnprstaeiou", k=7)) for _ in range(12)]
        for _ in range(25):
            a, b, c, d = dice.sample(names, 4)
            items.append(f"The {a} of {b} was seen near {c} before {d} came.")
    assert [first for first, _ in found_topics(Static(), items)] == list(range(1, 750, 25))


def test_a_finder_names_few_sentences_of_each_topic_and_both_its_ends() -> None:
    groups = ask(Static(), "topic_finder", [*FERRY, *BEES]).groups
    assert [(g.numbers[0], g.numbers[-1]) for g in groups] == [(1, 10), (11, 20)]
    assert all(len(g.numbers) <= 5 for g in groups)
    assert len({g.label for g in groups}) == 2


@pytest.mark.parametrize("kind", ["static", "lexical"])
@pytest.mark.parametrize("anchors", [((3,), (14,)), ((2, 25), (12, 18))], ids=["one", "more"])
def test_topics_of_another_finder_are_located(kind: str, anchors: tuple[tuple[int, ...], ...]) -> None:
    located = locate_ferry_and_bees(MODELS[kind](), anchors)
    assert located == {"1": {*range(1, 11), *range(21, 28)}, "2": set(range(11, 21))}


def test_topics_without_anchors_are_located_by_their_titles() -> None:
    located = locate_ferry_and_bees(Static(), ((), ()))
    assert located == {"1": {*range(1, 11), *range(21, 28)}, "2": set(range(11, 21))}


def locate_ferry_and_bees(model: Embedded, anchors: tuple[tuple[int, ...], ...]) -> dict[str, set[int]]:
    titles = ("Ferry aground at Cape Tolver", "Mites kill bees and empty hives of the valley")
    answer = ask(model, "topic_locator", [*FERRY, *BEES, *FERRY_AGAIN], labels=titles, anchors=anchors)
    return {g.label: set(g.numbers) for g in answer.groups}


def test_anchors_cut_where_the_model_alone_would_not() -> None:
    answer = ask(Static(), "topic_locator", FERRY, labels=("Rescue", "Inquiry"), anchors=((1, 2), (9, 10)))
    ends = {g.label: (g.numbers[0], g.numbers[-1]) for g in answer.groups}
    assert ends["1"][0] == 1 and ends["2"][1] == 10


@pytest.mark.parametrize("kind", ["static", "lexical"])
def test_one_story_told_twice_is_joined(kind: str) -> None:
    texts = ["\n".join([title(s), *s]) for s in (FERRY, BEES, FERRY_AGAIN, CHESS)]
    model = MODELS[kind]()
    assert [g.numbers for g in ask(model, "relationship_checker", texts).groups] == [(1, 3)]
    assert [g.numbers for g in ask(model, "relationship_checker", [texts[0], texts[2]]).groups] == [(1, 2)]
    assert ask(model, "relationship_checker", [texts[0], texts[1]]).groups == ()


def test_two_products_of_one_stream_stay_two() -> None:
    halves = [KETTLE[:6], SCARF[:6], KETTLE[6:], SCARF[6:]]
    texts = ["\n".join([title(s, "zh"), *s]) for s in halves]
    groups = ask(Static(), "relationship_checker", texts, "zh").groups
    assert all({(n - 1) % 2 for n in g.numbers} in ({0}, {1}) for g in groups)


@pytest.mark.parametrize("model", [Static(), Lexical()])
@pytest.mark.parametrize(("passages", "times"), [(1, 150), (5, 30)])
def test_a_story_that_recurs_in_most_topics_of_a_question_is_one(model: Embedded, passages: int, times: int) -> None:
    dice = Random(passages)
    told = [
        [f"The {' and the '.join(f'p{p}x{dice.randrange(60)}' for _ in range(5))}." for _ in range(15)]
        for p in range(passages)
    ]
    items = ["\n".join([f"Version {k}", *sorted(dice.sample(told[k % passages], 9))]) for k in range(passages * times)]
    groups = model.compute(RoleRequest("relationship_checker", "en", tuple(items))).groups
    assert [g.numbers for g in groups] == [tuple(range(p + 1, passages * times + 1, passages)) for p in range(passages)]


def test_a_word_that_most_topics_hold_joins_none() -> None:
    dice, kind = Random(3), "the minister of the cabinet spoke in parliament about"
    items = [
        "\n".join([f"Speech {k}", *(f"Then {kind} t{k // 2}x{dice.randrange(40)}." for _ in range(12))])
        for k in range(60)
    ]
    groups = Static().compute(RoleRequest("relationship_checker", "en", tuple(items))).groups
    assert len(groups) > 20
    assert {g.numbers for g in groups} <= {(k, k + 1) for k in range(1, 60, 2)}


def test_reports_of_one_form_are_no_versions_of_each_other() -> None:
    forms = (
        "The {a} and the {b} were the talk of the day, and the {c} came hours later.",
        "Officials said that people saw the {a} near the {b}, and nobody knows about the {c}.",
        "Next week the {a} will be looked at again by those who handled it badly.",
    )
    subjects = (
        "harbour bridge girder ferry cracks lanes",
        "mortgage lender inflation savings governor vote",
        "striker penalty defender goalkeeper stadium league",
        "vaccine clinic placebo doses immune virus",
        "flood river rainfall shelter villages forecasters",
        "jury verdict prosecutor defendant courtroom witness",
    )
    dice = Random(5)
    items = []
    for subject in subjects * 3:
        drawn = [dice.sample(subject.split(), 3) for _ in range(12)]
        told = [dice.choice(forms).format(a=a, b=b, c=c) for a, b, c in drawn]
        items.append("\n".join([told[0], *told]))
    groups = Static().compute(RoleRequest("relationship_checker", "en", tuple(items))).groups
    assert {g.numbers for g in groups} == {(k, k + 6, k + 12) for k in range(1, 7)}


def test_every_sentence_is_filed_with_a_confidence() -> None:
    answer = ask(Static(), "content_organizer", FERRY, labels=("facts", "opinions"))
    assert sorted(n for g in answer.groups for n in g.numbers) == list(range(1, 11))
    assert all(0 <= c <= 1 for g in answer.groups for c in g.confidence)


def test_the_baseline_looks_at_nothing() -> None:
    items = [f"Sentence {k}" for k in range(45)]
    baseline = Baseline()
    assert found_topics(baseline, items) == [(1, 20), (21, 40), (41, 45)]
    assert ask(baseline, "relationship_checker", ["a\nb", "a\nb"]).groups == ()
    for labels, usual in ((("opinions", "facts"), "facts"), (("price", "product_description"), "product_description")):
        (group,) = ask(baseline, "content_organizer", items, labels=labels).groups
        assert group.label == usual and len(group.numbers) == 45


def test_the_protocol_answers_as_the_plain_call() -> None:
    request = RoleRequest("topic_finder", "en", tuple(FERRY))
    for model in (Static(), Lexical(), Baseline()):
        assert asyncio.run(model.answer(request)) == model.compute(request)
        assert model.VERSION


def test_answers_do_not_depend_on_the_process_and_loading_leaves_no_trace() -> None:
    """Also: nothing is downloaded, the root logger is left alone, wordllama's own package is never imported."""
    script = f"""
import logging, socket, sys
sys.path.insert(0, {str(ROOT)!r})
def refuse(*a, **k): raise AssertionError("network")
socket.socket.connect = refuse
from tests.tasks.models.embedded.made import (
    BEES, CHESS, FERRY, FERRY_AGAIN, KETTLE, SCARF, ask,
)
from nightdesk.tasks.models.embedded.answers import Lexical, Static
for model in (Static(), Lexical()):
    for items, language in (([*FERRY, *BEES, *CHESS], "en"), ([*KETTLE, *SCARF], "zh")):
        print(ask(model, "topic_finder", items, language))
        print(ask(model, "topic_locator", items, language, labels=("a ferry", "水壶", "bees")))
    print(ask(model, "relationship_checker", ["\\n".join(s) for s in (FERRY, BEES, FERRY_AGAIN)]))
assert logging.getLogger().level == logging.WARNING and not logging.getLogger().handlers
assert "wordllama" not in sys.modules
"""
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script], env=os.environ | {"PYTHONHASHSEED": seed}, cwd=ROOT,
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(outputs) == 1
