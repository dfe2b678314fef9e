"""Every question fits the models that are asked it, and nothing is left out of all questions in silence."""

import pytest

from nightdesk.tasks.calling.question_size import budget
from nightdesk.tasks.config.model_spec import ModelSpec
from nightdesk.tasks.messages import RoleRequest
from nightdesk.tasks.models.embedded.vectors import _tokenizer
from nightdesk.tasks.roles import content_organizer, prompts, topic_finder
from nightdesk.tasks.roles.tokens import prompt_tokens, question_tokens, tokens_of
from tests.tasks.made import CATEGORIES
from tests.tasks.pools import remote


def test_a_context_comes_from_the_profile_else_the_price_list_else_it_is_assumed() -> None:
    listed = ModelSpec.model_validate({"name": "gpt-4o-mini", "family": "openai", "provider": "openai"})
    told = ModelSpec.model_validate({**remote("local"), "context_tokens": 9000})
    assert (tuple(listed.context), tuple(told.context)) == ((128_000, "price list"), (9000, "profile"))
    assert tuple(ModelSpec.model_validate(remote("local")).context) == (16_384, "assumed")
    embedded = ModelSpec.model_validate({"name": "static", "family": "wordllama", "provider": "embedded"})
    assert (embedded.context.source, budget(embedded)) == ("no limit", float("inf"))


@pytest.mark.parametrize(
    "text",
    [
        "Officials said on Monday that the river had passed its mark, and 4,312 people were asked to leave.",
        "市政府周一表示，河水已经超过警戒线，四千三百多名居民被要求撤离，学校停课两天。",
        "Власти сообщили в понедельник, что уровень реки превысил отметку, и людей попросили уехать.",
    ],
)
def test_no_text_has_more_tokens_than_are_reckoned_with(text: str) -> None:
    assert len(_tokenizer().encode(text * 5, add_special_tokens=False).ids) <= tokens_of(text * 5)


REQUESTS: list[RoleRequest] = [
    topic_finder.make_request(["Short.", "短句。"] * 20, "en"),
    content_organizer.make_request(["Short."] * 40, "en", CATEGORIES, ["what happened"] * 4),
]


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_question_is_at_least_as_large_as_its_prompt(request_: RoleRequest) -> None:
    prompt = prompts.render(request_)
    assert question_tokens(request_) == prompt_tokens(prompt)
    text = prompt.instructions + prompt.items + prompt.question
    assert len(_tokenizer().encode(text, add_special_tokens=False).ids) <= question_tokens(request_)
