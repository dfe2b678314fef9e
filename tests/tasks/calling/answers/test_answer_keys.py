"""The key under which an answer is found again."""

import json
from dataclasses import fields
from hashlib import blake2b

from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.calling.answers.answer_keys import (
    answer_from_json,
    answer_key,
    answer_to_json,
    digest,
    items_digest,
)
from nightdesk.tasks.messages import Answer, Group, RoleRequest
from nightdesk.tasks.roles import content_organizer, topic_finder
from tests.tasks.calling.made import NEWS

SHARES = st.floats(0, 1)
GROUPS = st.lists(
    st.builds(Group, st.text(max_size=9), st.lists(st.integers(1, 400)).map(tuple), st.lists(SHARES).map(tuple))
)


def test_the_key_of_an_answer_changes_with_what_is_asked_and_of_whom() -> None:
    static, lexical = NEWS.model("static"), NEWS.model("lexical")
    request = content_organizer.make_request(["A.", "B."], "en", ["facts", "opinions"])
    others: list[RoleRequest] = [
        content_organizer.make_request(["A.B."], "en", ["facts", "opinions"]),
        content_organizer.make_request(["A.", "B."], "zh", ["facts", "opinions"]),
        content_organizer.make_request(["A.", "B."], "en", ["facts"]),
        topic_finder.make_request(["A.", "B."], "en"),
    ]
    keys = {answer_key(static, r) for r in (request, *others)} | {answer_key(lexical, request)}
    assert len(keys) == 6
    assert answer_key(static, request) == answer_key(static.model_copy(update={"judges": False}), request)


@given(
    st.builds(
        RoleRequest,
        st.just("topic_locator"),
        st.sampled_from(["en", "zh"]),
        st.lists(st.text(st.characters(codec="utf-8"))).map(tuple),
        st.lists(st.text(st.characters(codec="utf-8"))).map(tuple),
        st.lists(st.lists(st.integers(1, 9)).map(tuple)).map(tuple),
    )
)
def test_a_request_has_the_digest_of_its_fields_as_one_list(request: RoleRequest) -> None:
    """Stores of earlier versions hold keys that were made so."""
    assert digest("a", request) == digest("a", [getattr(request, f.name) for f in fields(request)])
    assert items_digest(request) == digest(request.items)
    assert digest(["é", 1]) == blake2b('["é",1]\0'.encode(), digest_size=16).hexdigest()


def test_a_digest_tells_parts_apart() -> None:
    assert digest("ab", "c") != digest("a", "bc")
    assert digest("a") == digest("a")
    assert len(digest()) == 32


@given(GROUPS)
def test_an_answer_comes_back_from_json_with_its_confidence_to_four_digits(groups: list[Group]) -> None:
    back = answer_from_json(json.loads(json.dumps(answer_to_json(Answer(tuple(groups))))))
    assert [(g.label, g.numbers) for g in back.groups] == [(g.label, g.numbers) for g in groups]
    for was, now in zip(groups, back.groups, strict=True):
        assert all(abs(a - b) <= 5e-5 + 1e-12 for a, b in zip(was.confidence, now.confidence, strict=True))
    assert answer_to_json(back) == answer_to_json(Answer(tuple(groups)))  # a rerun reads what the first run wrote
