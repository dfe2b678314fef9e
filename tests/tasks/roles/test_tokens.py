"""Sizes are estimated on the safe side."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.messages import RoleRequest
from nightdesk.tasks.models.embedded.token_ids import tokenizer
from nightdesk.tasks.roles import content_organizer, prompts, topic_finder
from nightdesk.tasks.roles.tokens import item_tokens, prompt_tokens, question_tokens, tokens_of
from tests.tasks.made import CATEGORIES


@pytest.mark.parametrize(
    "text",
    [
        "Officials said on Monday that the river had passed its mark, and 4,312 people were asked to leave.",
        "市政府周一表示，河水已经超过警戒线，四千三百多名居民被要求撤离，学校停课两天。",
        "Власти сообщили в понедельник, что уровень реки превысил отметку, и людей попросили уехать.",
    ],
)
def test_no_text_has_more_tokens_than_are_reckoned_with(text: str) -> None:
    assert len(tokenizer().encode(text * 5, add_special_tokens=False).ids) <= tokens_of(text * 5)


REQUESTS: list[RoleRequest] = [
    topic_finder.make_request(["Short.", "短句。"] * 20, "en"),
    content_organizer.make_request(["Short."] * 40, "en", CATEGORIES, ["what happened"] * 4),
]


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_question_is_at_least_as_large_as_its_prompt(request_: RoleRequest) -> None:
    prompt = prompts.render(request_)
    assert question_tokens(request_) == prompt_tokens(prompt)
    text = prompt.instructions + prompt.items + prompt.question
    assert len(tokenizer().encode(text, add_special_tokens=False).ids) <= question_tokens(request_)


@given(st.lists(st.text(), max_size=12), st.text())
def test_an_item_adds_to_a_question_no_more_than_is_reckoned_for_it(texts: list[str], item: str) -> None:
    without, with_it = (question_tokens(topic_finder.make_request(x, "en")) for x in (texts, [*texts, item]))
    assert without <= with_it <= without + item_tokens(item)


@given(st.text(), st.text())
def test_two_texts_have_no_more_tokens_together_than_apart(one: str, other: str) -> None:
    assert max(tokens_of(one), tokens_of(other)) <= tokens_of(one + other) <= tokens_of(one) + tokens_of(other)
