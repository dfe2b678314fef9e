"""How the reply of a language model is read: what is plain as it is meant, and nothing that could mean two things."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.errors import BadReply
from nightdesk.tasks.messages import Group
from nightdesk.tasks.roles import prompts, replies


def reply(*groups: tuple[str, str]) -> str:
    return json.dumps({"groups": [{"label": label, "numbers": numbers} for label, numbers in groups]})


def as_ranges(numbers: Sequence[int]) -> str:
    """Write sorted numbers as a model is asked to: "1-4, 7"."""
    written: list[list[int]] = []
    for n in numbers:
        if written and written[-1][1] == n - 1:
            written[-1][1] = n
        else:
            written.append([n, n])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in written)


def test_numbers_and_ranges_are_read() -> None:
    answer = replies.parse(reply(("Bridge", "1-4, 7"), ("Bank", " 5 , 6-6"), ("None", "")))
    assert answer.groups == (Group("Bridge", (1, 2, 3, 4, 7)), Group("Bank", (5, 6)), Group("None", ()))


@given(st.lists(st.tuples(st.text(max_size=9), st.sets(st.integers(0, 400)).map(sorted)), max_size=4))
def test_what_is_written_as_ranges_is_read_back(groups: list[tuple[str, list[int]]]) -> None:
    answer = replies.parse(reply(*((label, as_ranges(numbers)) for label, numbers in groups)))
    assert answer.groups == tuple(Group(label, tuple(numbers)) for label, numbers in groups)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no",
        "null",
        "[]",
        "{}",
        "Sure, here it is: {a: 1}",
        "I cannot {help} with that.",
        reply(("a", "1"))[:-2],
        '{"groups": [{"label": "a"}]}',
        '{"groups": [{"label": "a", "numbers": [[1, 2]]}]}',
        '{"groups": {"a": "1"}}',
        "[" * 100_000,
        '{"groups": ' + "1" * 5_000 + "}",
    ],
)
def test_what_is_not_the_json_asked_for_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(BadReply, match=r"is not JSON|does not fit the schema") as e:
        replies.parse(text)
    assert "\n" not in str(e.value)


@pytest.mark.parametrize(
    "text",
    [
        "Sure, here it is: {}",
        "```json\n{}\n```",
        "{} I hope this helps.",
        "<think>Is {{1}} a topic? No.</think>\n{}",
        "\ufeff{}",
    ],
)
def test_json_is_found_in_what_stands_around_it(text: str) -> None:
    assert replies.parse(text.format(reply(("a", "1-2")))).groups == (Group("a", (1, 2)),)


@pytest.mark.parametrize("numbers", ["one", "-3", "1-2-3", "1_0", "1.5", "0x1", "1 2", "9" * 12])
def test_what_is_not_a_number_is_named(numbers: str) -> None:
    with pytest.raises(BadReply, match="neither a number nor a range") as e:
        replies.parse(reply(("a", f"1, {numbers}")))
    assert numbers[:40] in str(e.value)


@pytest.mark.parametrize("numbers", ["1-999999999", "0-100001"])
def test_a_range_wider_than_any_chunk_is_refused(numbers: str) -> None:
    with pytest.raises(BadReply, match="more numbers than any chunk"):
        replies.parse(reply(("a", numbers)))


def test_the_rest_is_what_was_shown_and_no_other_group_names() -> None:
    answer = replies.parse(reply(("a", "2-3"), ("b", " Rest "), ("c", "6")), shown=7)
    assert answer.groups == (Group("a", (2, 3)), Group("b", (1, 4, 5, 7)), Group("c", (6,)))
    assert replies.parse(reply(("a", "1-3"), ("b", "rest")), shown=3).groups[1].numbers == ()


def test_the_rest_can_stand_for_one_group_only() -> None:
    with pytest.raises(BadReply, match="2 groups"):
        replies.parse(reply(("a", "rest"), ("b", "rest")), shown=3)


def test_the_schema_is_what_a_reply_is_read_by() -> None:
    group = prompts.SCHEMA["properties"]["groups"]["items"]
    assert set(prompts.SCHEMA["properties"]) == set(replies.Reply.model_fields)
    assert set(group["properties"]) == set(group["required"]) == set(replies.ReplyGroup.model_fields)


def test_who_only_quotes_the_example_has_not_answered() -> None:
    assert f'"label":"{replies.EXAMPLE}"' in prompts.INSTRUCTIONS
    with pytest.raises(BadReply, match="only quotes the example"):
        replies.parse(prompts.INSTRUCTIONS)


def test_a_range_the_wrong_way_round_is_not_dropped_in_silence() -> None:
    with pytest.raises(BadReply, match="'7-4' runs backwards"):
        replies.parse(reply(("a", "7-4")))


def test_many_wide_ranges_are_refused() -> None:
    with pytest.raises(BadReply, match="more numbers than any chunk"):
        replies.parse(reply(("a", ", ".join(["1-99999"] * 40))))


def test_a_label_can_be_stored() -> None:
    (group,) = replies.parse('{"groups": [{"label": "cut \\ud83d off", "numbers": "1"}]}').groups
    assert group.label.encode().decode() == "cut \ufffd off"


def test_the_error_says_what_is_missing() -> None:
    with pytest.raises(BadReply, match="numbers"):
        replies.parse('{"groups": [{"label": "a"}]}')


DRAFT = '{"groups":[{"label":"Draft","numbers":"1"}]}'
FINAL = '{"groups":[{"label":"Bridge","numbers":"1-2"}]}'
BRIDGE = (Group("Bridge", (1, 2)),)


@pytest.mark.parametrize(
    "text",
    [
        f"<think>Perhaps {DRAFT}, or not.</think>\n{FINAL}",
        f"Perhaps {DRAFT}, or not.</think>{FINAL}",
        f"<thinking>{DRAFT}</thinking><think>{DRAFT}</think> {FINAL}",
        f"First I thought {DRAFT}. Now I say {FINAL}",
        f'In the form {{"groups":[{{"label":"...","numbers":"1-4,7"}}]}} this is {FINAL}',
        f'{FINAL} That is in the form {{"groups":[{{"label":"...","numbers":"1-4,7"}}]}}.',
        f"The set {{1, 2}} is one.\n```json\n{json.dumps(json.loads(FINAL), indent=2)}\n```",
        json.dumps({"reasoning": f"not {DRAFT}", "groups": json.loads(FINAL)["groups"]}),
        json.dumps({"result": json.loads(FINAL)}),
        json.dumps(json.loads(FINAL)["groups"]),
        json.dumps(FINAL),
        FINAL.replace('"', "'"),
        FINAL.replace("}]", "},]"),
    ],
)
def test_the_answer_is_the_last_object_that_fits_after_the_last_thought(text: str) -> None:
    assert replies.parse(text).groups == BRIDGE


@pytest.mark.parametrize("text", [f"<think>{DRAFT}</think>", f"{DRAFT}</think>\nI cannot say.", DRAFT[:-2]])
def test_a_thought_is_no_answer(text: str) -> None:
    with pytest.raises(BadReply):
        replies.parse(text)


@pytest.mark.parametrize(
    ("numbers", "read"),
    [
        ([1, 2], (1, 2)), (["1-3", 5], (1, 2, 3, 5)), (4, (4,)), (4.0, (4,)), ("1\u20133", (1, 2, 3)),
        ("1 to 3", (1, 2, 3)),
        ("1\u2014 3", (1, 2, 3)), ("1..3", (1, 2, 3)), ("1 and 3", (1, 3)), ("#1, #3", (1, 3)), ("[1-3]", (1, 2, 3)),
        ("1;3", (1, 3)), ("\uff11\uff0c\uff13", (1, 3)), ("1\u30013", (1, 3)), ("1.0,3.0", (1, 3)),
        ("items 1 to 3", (1, 2, 3)),
        ("1\u81f33", (1, 2, 3)), ("", ()), ([], ()),
    ],
)  # fmt: skip
def test_numbers_are_read_as_models_write_them(numbers: Any, read: tuple[int, ...]) -> None:
    (group,) = replies.parse(json.dumps({"groups": [{"label": "a", "numbers": numbers}]})).groups
    assert group.numbers == read


@given(st.text(max_size=300), st.sampled_from(["", "</think>", DRAFT, "```", "{", '{"groups":[', "\n"]))
def test_what_stands_before_the_answer_changes_nothing(before: str, piece: str) -> None:
    assert replies.parse(f"{before}{piece}\n{FINAL}").groups == BRIDGE


@given(st.lists(st.sampled_from([*FINAL, "{", "[", '"', "</think>", "'", ",", "1", FINAL]), max_size=60).map("".join))
def test_any_text_is_an_answer_or_a_bad_reply(text: str) -> None:
    try:
        replies.parse(text)
    except BadReply as e:
        assert "\n" not in str(e)


def test_long_rubbish_takes_no_long_time() -> None:
    for piece in ('{"a":', "[", "{", '{"groups":[', "1,", "</think>"):
        with pytest.raises(BadReply):
            replies.parse(piece * 20_000)


def test_wide_ranges_of_many_groups_are_refused_together() -> None:
    with pytest.raises(BadReply, match="more numbers than any chunk"):
        replies.parse(reply(*[("a", "1-60000")] * 2))


def test_a_reply_longer_than_any_answer_is_refused_unread() -> None:
    good = reply(("a", "1-3"))
    with pytest.raises(BadReply, match="characters, more than any answer") as e:
        replies.parse(good + " " * 4_000_000)
    assert len(e.value.text) <= 4_000_000
    assert replies.parse(" " * 1_000_000 + good).groups == (Group("a", (1, 2, 3)),)


@pytest.mark.parametrize("piece", ["[1,", '{"a', '{"groups":[', "{'a':", "</think>", "[" * 90 + "1,"])
def test_an_answer_before_much_that_is_none_is_found_or_refused(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0
    plain = json.JSONDecoder.raw_decode

    def counted(self: json.JSONDecoder, s: str, idx: int = 0) -> object:
        nonlocal read
        try:
            found, end = plain(self, s, idx)
        except json.JSONDecodeError as e:
            read += (len(s) if e.msg.startswith("Unterminated") else e.pos) - idx
            raise
        read += end - idx
        return found, end

    text = piece * (300_000 // len(piece))
    monkeypatch.setattr(json.JSONDecoder, "raw_decode", counted)
    with pytest.raises(BadReply):
        replies.parse(text)
    assert read < 25 * len(text)
    assert replies.parse(text[:999] + "</think>" + reply(("a", "1"))).groups == (Group("a", (1,)),)
