"""Errors that nobody foresaw: one line that says what failed and why."""

import asyncio
import errno

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.flows.cli.causes import LONGEST, cause, in_one_line, told_in_one_line
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


@pytest.mark.parametrize(
    ("error", "way_out"),
    [
        (RuntimeError("can't start new thread"), "ulimit -u"),
        (BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"), "ulimit -u"),
        (MemoryError(), "[dask] workers"),
        (OSError(errno.EMFILE, "Too many open files"), "ulimit -n"),
        (OSError(errno.ENOSPC, "No space left on device"), "free some disk space"),
        (KeyError("a"), "NIGHTDESK_LOG=DEBUG"),
    ],
)
def test_what_ended_a_command_is_one_line_with_the_way_out(error: Exception, way_out: str) -> None:
    for raised in (error, _caused_by(error)):
        line = in_one_line(raised)
        assert len(line.splitlines()) == 1
        assert way_out in line
        assert "goes on from what was answered" in line


def _caused_by(error: Exception) -> Exception:
    wrapped = RuntimeError("the Dask cluster did not start")
    wrapped.__cause__ = error
    return wrapped
