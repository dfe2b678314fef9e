"""Cells for a spreadsheet: nothing in them is run, in whichever way it parts cells, and honest text stays."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.tables.spreadsheet import CUT, LONGEST, harmless

SIGNS = "=+-@"
HARD = st.text(st.sampled_from("=+-@＝－;\t\r\n \"'`\u200b\ufeff\u00a0\x00\x1b\u3000ab|"), max_size=12)


def is_run(cell: str) -> bool:
    """Tell whether the most careless spreadsheet would run a cell: blanks and what is invisible are skipped."""
    for c in cell:
        if not (c.isspace() or c in '"`' or unicodedata.category(c) in ("Cf", "Cc")):
            return unicodedata.normalize("NFKC", c) in SIGNS
    return False


@given(HARD | st.text(st.characters(exclude_categories=["Cs"])))
def test_no_cell_is_run_whichever_way_a_spreadsheet_parts_them(text: str) -> None:
    cell = harmless(text)
    assert not any(is_run(part) for part in re.split("[;\t\n]", cell))
    assert cell[:1] not in "\t\r\n" or not cell
    assert not re.search("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\r]", cell)


@pytest.mark.parametrize(
    "text",
    ["", "a", "well-known = true", "5 > -3", "北京", "a@b.example", "it is; or not", "one\ntwo", "12", "_x", "“=”"],
)
def test_honest_text_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "=1",
        "+1",
        "-1",
        "@x",
        " =1",
        "\t=1",
        "\r=1",
        "\u00a0=1",
        "\ufeff=1",
        "\u200b=1",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        '"=1',
        "'=1",
    ],
)
def test_what_would_be_run_gets_an_apostrophe(text: str) -> None:
    assert harmless(text).startswith("'")


def test_a_cell_that_excel_would_break_into_two_is_cut() -> None:
    for long in ("x" * 40_000, "\U0001f600" * 40_000):
        cell = harmless(long)
        assert cell.endswith(CUT)
        assert len(cell.encode("utf-16-le")) == 2 * (LONGEST + len(CUT))
    assert harmless("x" * LONGEST) == "x" * LONGEST
