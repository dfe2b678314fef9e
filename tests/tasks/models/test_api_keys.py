"""Keys: where they are read, and how they are kept out of what is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.errors import Unusable
from nightdesk.tasks.models.api_keys import HIDDEN, read_key, without_keys

KEY = "a-key-that-nobody-may-see"


@pytest.mark.parametrize(
    "text",
    [
        f"refused {KEY}",
        "Incorrect API key provided: sk-abc123def456.",
        "Authorization: Bearer abc.def",
        "sk-ant-api03-x_Y-9",
    ],
)
def test_what_looks_like_a_key_is_blanked(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINE", KEY)
    shown = without_keys(text, "MINE")
    assert HIDDEN in shown
    assert not any(secret in shown for secret in (KEY, "abc123def456", "abc.def", "api03"))


@given(st.text(), st.text())
def test_the_key_of_a_variable_is_blanked_wherever_it_stands(before: str, after: str) -> None:
    with pytest.MonkeyPatch.context() as env:
        env.setenv("MINE", KEY)
        assert KEY not in without_keys(before + KEY + after, "MINE")


def test_plain_words_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINE", "none")  # too short to be a key: a server of one's own wants some word
    assert without_keys("none of the tasks", "MINE") == "none of the tasks"


@pytest.mark.parametrize("value", [None, "", "  \n"])
def test_a_variable_without_a_key_is_named(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MINE", raising=False)
    if value is not None:
        monkeypatch.setenv("MINE", value)
    with pytest.raises(Unusable, match="environment variable MINE holds no key; set it where"):
        read_key("MINE")


def test_a_key_is_read_without_what_stands_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINE", f" {KEY}\n")
    assert read_key("MINE") == KEY
