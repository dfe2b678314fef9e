"""Printing beside the follow: in order, and never in its way."""

import threading
from collections.abc import Sequence

from nightdesk.tasks.following.provisional.printing import Printing


def test_lines_are_printed_in_order_and_all_of_them_by_the_end() -> None:
    printed: list[str] = []
    told: list[str] = []
    its = Printing(printed.extend, told.append)
    for k in range(500):
        its.put([f"{k} a", f"{k} b"])
    its.end()
    assert printed == [f"{k} {which}" for k in range(500) for which in "ab"]
    assert told == []


def test_a_reader_that_has_stalled_holds_up_nobody_and_what_is_left_out_is_told() -> None:
    goes_on, printed, told = threading.Event(), list[str](), list[str]()

    def write(lines: Sequence[str]) -> None:
        assert goes_on.wait(60)
        printed.extend(lines)

    its = Printing(write, told.append, most=3)
    for k in range(50):
        its.put([str(k)])
    its.end(stalled_s=0.01)
    assert told[0].startswith("nobody reads the lines of --print fast enough")
    assert told[1].endswith("lines of --print were left out, since nobody read them")
    assert len(told) == 2
    goes_on.set()
    its.end()
    assert printed[:3] == ["0", "1", "2"]
    assert len(printed) < 6


def test_a_reader_that_has_gone_ends_nothing() -> None:
    printed: list[str] = []

    def write(lines: Sequence[str]) -> None:
        if lines == ["first"]:
            raise ValueError("closed")
        printed.extend(lines)

    its = Printing(write, printed.append)
    its.put(["first"])
    its.put(["second"])
    its.end()
    assert printed == ["second"]
