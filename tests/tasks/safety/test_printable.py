"""What reaches a terminal or a log: one line, whatever text is in it, and no other text than that."""

import io
import json
import logging
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.safety.printable import (
    LONGEST,
    PrintableRecord,
    guard_output,
    json_line,
    message_line,
    printable,
    printable_trace,
)

HOSTILE = "a\x1b[2J\x1b]0;owned\x07\r\nERROR: forged\t\x9b31m\u2028\u2029\u202eexe.txt\u2066\x7f\x00\ud800\udcff"
HONEST = "C:\\new — “Zoë” 北京 می‌خواهم 👨‍👩‍👧 שלום\u200f\u00a0—\u3000e\u0301"


@pytest.fixture
def guarded() -> Iterator[None]:
    factory, warning = logging.getLogRecordFactory(), warnings.formatwarning
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook, logging.Handler.handleError
    guard_output()
    yield
    logging.setLogRecordFactory(factory)
    warnings.formatwarning = warning
    sys.excepthook, sys.unraisablehook, threading.excepthook, logging.Handler.handleError = hooks  # type: ignore[method-assign]


@given(st.text() | st.text(st.sampled_from(HOSTILE + "ab")))
def test_nothing_that_moves_a_cursor_or_cannot_be_written_is_left(text: str) -> None:
    said = printable(text)
    said.encode()
    assert len(said.splitlines()) <= 1
    assert not any(ord(c) < 0x20 or 0x7F <= ord(c) <= 0x9F for c in said)
    assert not set(said) & set("\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert printable(said) == said


def test_what_is_hidden_is_named_and_what_is_read_stays() -> None:
    assert printable("\x1b[31m\n\t\u202e\u0085\ud800\udcff") == r"\x1b[31m\n\t\u202e\u0085\ud800\xff"
    assert printable(HONEST) == HONEST


@given(st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_json_is_one_safe_line_and_gives_the_value_back(value: object) -> None:
    line = json_line(value)
    line.encode()
    assert printable(line) == line
    assert json.loads(line) == value


def test_a_long_message_keeps_its_beginning_and_its_way_out() -> None:
    said = message_line(f"begins {'x' * 10_000}; check it")
    assert said.startswith("begins xxx") and said.endswith("x; check it")
    assert len(said) < LONGEST + 60
    assert "6017 characters are left out" in said


@pytest.mark.usefixtures("guarded")
def test_a_record_is_one_line_and_its_traceback_cannot_forge_one() -> None:
    log, to = logging.Logger("nightdesk.test"), io.StringIO()
    handler = logging.StreamHandler(to)
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    log.addHandler(handler)
    log.warning("%s: cannot be read", HOSTILE)
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        log.debug("a reader failed", exc_info=True)
    first, second, *trace = to.getvalue().split("\n")
    assert first == f"WARNING: {printable(HOSTILE)}: cannot be read"
    assert second == "DEBUG: a reader failed"
    assert all(line == printable(line) and line.startswith("| ") for line in trace[:-1])
    assert any("ValueError" in line for line in trace)


def test_no_error_is_no_traceback() -> None:
    assert printable_trace(None) == ""
    assert PrintableRecord("x", 20, "f", 1, "said %s", ("a\nb",), None).getMessage() == r"said a\nb"


def test_warnings_and_what_ends_threads_and_processes_are_printable() -> None:
    code = (
        "import threading, warnings; from nightdesk.tasks.safety.printable import guard_output; guard_output()\n"
        f"bad = {HOSTILE!r}\n"
        "warnings.warn(bad)\n"
        "def fail(): raise ValueError(bad)\n"
        "t = threading.Thread(target=fail, name=bad); t.start(); t.join()\n"
        "class Odd:\n"
        "    def __del__(self): fail()\n"
        "Odd()\n"
        "fail()\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 1
    assert ended.stderr.count("forged") == 5
    assert all(line == printable(line) for line in ended.stderr.split("\n"))
    assert not any(line.startswith("ERROR") for line in ended.stderr.split("\n"))
