"""Errors that nobody foresaw: one line that says what failed and why."""

import asyncio

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.flows.cli.causes import LONGEST, cause, told_in_one_line
from nightdesk.tasks.errors import InputError, NightdeskError


@given(st.text(max_size=2 * LONGEST), st.integers(0, 3))
def test_a_cause_is_one_line_of_bounded_length_however_deep_it_is_grouped(said: str, deep: int) -> None:
    error: Exception = ValueError(said)
    for _ in range(deep):
        error = ExceptionGroup("several", [error, KeyError("another")])
    line = cause(error)
    assert line.startswith("ValueError")
    assert len(line) <= LONGEST
    assert len(line.splitlines()) == 1
    assert " ".join(f"ValueError: {said}".split()).startswith(line.removesuffix("..."))


@pytest.mark.parametrize("error", [OSError(13, "Permission denied"), asyncio.CancelledError()])
def test_what_failed_stands_before_its_cause(error: BaseException) -> None:
    with (
        pytest.raises(NightdeskError, match=r"^the server did not start: ") as told,
        told_in_one_line("the server did not start"),
    ):
        raise error
    assert type(error).__name__ in str(told.value)
    assert told.value.__cause__ is error


@pytest.mark.parametrize("error", [InputError("--out x: no such folder"), typer.Exit(3), typer.BadParameter("no")])
def test_what_has_words_of_its_own_is_left_alone(error: Exception) -> None:
    with pytest.raises(type(error)) as told, told_in_one_line("the server did not start"):
        raise error
    assert told.value is error


def test_the_cause_is_one_line_whatever_the_error() -> None:
    assert cause(ValueError("two\n  lines")) == "ValueError: two lines"
    assert cause(KeyError()) == "KeyError"
    assert cause(ExceptionGroup("many", [ExceptionGroup("", [OSError("the disk\nis full")])])) == (
        "OSError: the disk is full"
    )
    assert len(cause(ValueError("x" * 10_000))) < 1_000
