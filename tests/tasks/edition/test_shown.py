"""Text that a page shows: nothing in it acts, and text without control characters is not touched."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.edition.shown import shortened, shown

ANY = st.text(st.characters(exclude_categories=()))  # lone surrogates too


@given(ANY)
def test_nothing_that_acts_is_left_and_a_file_can_hold_it(text: str) -> None:
    out = shown(text)
    assert out.encode("utf-8").decode("utf-8") == out == shown(out)
    assert {c for c in out if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")} <= {"\t", "\n"}
    assert not {unicodedata.bidirectional(c) for c in out} & {
        "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI",
    }  # fmt: skip


@given(st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Cn", "Zl", "Zp"))))
def test_other_text_stays_as_it_is(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\0b\bc\x1b[31m", "a\u2400b\u2408c\u241b[31m"),
        ("\x7f\x9b", "\u2421\ufffd"),
        ("one\r\ntwo\rthree\u2028four\x85five", "one\ntwo\nthree\nfour\nfive"),
        ("left\u202eright\u202c", "left\ufffdright"),
        ("in \u2068\u05d0\u05d1\u2069 it", "in \u05d0\u05d1 it"),
        ("a\ud800b\ufffe", "a\ufffdb\ufffd"),
        (
            "\u200e\u200f\u061c\u200d",
            "\u200e\u200f\u061c\u200d",
        ),  # honest text needs these
    ],
)
def test_what_stands_for_it(text: str, seen: str) -> None:
    assert shown(text) == seen


def test_long_text_is_cut_and_says_so() -> None:
    assert (shortened("x" * 9, 9), shortened("x" * 10, 9)) == ("x" * 9, "x" * 8 + "…")
