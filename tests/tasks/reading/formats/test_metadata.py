"""Ids and titles of records: what can be used is, in one spelling, and no two long ids become one."""

import os
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from nightdesk.tasks.reading.formats.metadata import LONGEST_ID, as_id, as_text, shortened


@pytest.mark.parametrize(
    ("value", "doc_id"),
    [
        (" a/b ", "a/b"),
        (7, "7"),
        (7.0, "7"),
        (1e3, "1000"),
        (2.5, "2.5"),
        (Decimal("2.50"), "2.50"),
        (date(2026, 1, 2), "2026-01-02"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (b"abc", "abc"),
        (b"\xff\x00", "ff00"),
        (float("inf"), None),
        pytest.param(10**5_000, None, id="digits"),
        ("a\tb", None),
        ("", None),
        (True, None),
        (None, None),
        ({"$oid": "1"}, None),
    ],
)
def test_an_id_is_text_or_left_out(value: Any, doc_id: str | None) -> None:
    assert as_id(value) == doc_id


def test_long_ids_keep_their_beginning_and_differ() -> None:
    a, b = (shortened("x" * 500 + end) for end in "ab")
    assert a != b
    assert len(a) == len(b) == LONGEST_ID
    assert shortened(a) == a
    assert shortened("x" * LONGEST_ID) == "x" * LONGEST_ID


def test_a_title_is_one_line_or_left_out() -> None:
    assert as_text(" Mill\n burns ") == "Mill burns"
    assert as_text(12) == "12"
    assert [as_text(x) for x in (None, " ", ["a"], {"a": 1}, False)] == [None] * 5


def test_names_that_are_no_utf8_differ_by_a_hash() -> None:
    a, b = (shortened(os.fsdecode(b"caf" + byte)) for byte in (b"\xe9", b"\xe8"))
    assert a != b
    assert a.startswith("caf\ufffd~") and b.startswith("caf\ufffd~")
    a.encode()
    assert shortened("é".encode().decode("ascii", "surrogateescape")) == "é"


@pytest.mark.parametrize(
    "pair", [("A", "a"), ("e\u0301", "é"), ("ß", "ss"), ("İ", "i̇"), ("ﬁ", "fi"), ("\u212b", "\u00c5")]
)
def test_ids_that_look_alike_stay_apart(pair: tuple[str, str]) -> None:
    assert [as_id(x) for x in pair] == list(pair)
    assert len({shortened(x * 300) for x in pair}) == 2
