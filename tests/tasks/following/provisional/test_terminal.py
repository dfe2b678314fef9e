"""The lines of --print: one for each settled sentence, in colour on a terminal, harmless whatever is said."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from nightdesk.tasks.following.provisional.terminal import Look, look_of, settled_lines
from tests.tasks.following.provisional.made import settled_of

CATEGORIES = ("facts", "opinions", "assumptions", "future_plans")
TOPIC = ("radio/1", "The bridge is shut")
PLAIN = Look()
TEXTS = ["The bridge was shut at noon.", "地铁六号线柳塘站发现渗水，列车停运。"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def lines(texts: list[str], look: Look = PLAIN, category: str = "facts") -> list[str]:
    its = settled_of("radio@2026-03-01", texts, [TOPIC] * len(texts), category=category)
    return list(settled_lines([its], CATEGORIES, look))


def plain(line: str) -> str:
    return re.sub("\x1b\\[[0-9;]*m", "", line)


def test_each_settled_sentence_is_a_line_with_its_category_stream_and_topic() -> None:
    assert lines(TEXTS) == [f"facts         radio  The bridge is shut  {text}" for text in TEXTS]
    (lost,) = settled_lines([settled_of("radio@2026-03-01", TEXTS[:1], [None])], CATEGORIES)
    assert lost == f"unplaced      radio  not located  {TEXTS[0]}"


def test_categories_have_colours_of_their_own_on_a_terminal() -> None:
    coloured = [lines(TEXTS, Look(True, 120), category)[0] for category in CATEGORIES]
    assert len({line.partition("m")[0] for line in coloured}) == len(CATEGORIES)
    assert [plain(line) for line in coloured] == [
        lines(TEXTS, Look(False, 120), category)[0] for category in CATEGORIES
    ]


@pytest.mark.parametrize(
    ("environment", "is_coloured"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "dumb"}, False),
        ({}, False),
    ],
)
def test_a_terminal_has_colour_unless_it_says_otherwise(environment: dict[str, str], is_coloured: bool) -> None:
    look = look_of(Terminal(), environment)
    assert look.is_coloured == is_coloured
    assert look.width > 0


def test_a_file_or_a_pipe_gets_whole_lines_without_colour() -> None:
    assert look_of(io.StringIO(), {"TERM": "xterm"}) == Look(False, 0)


@given(st.text(min_size=1, max_size=300), st.integers(20, 200), st.booleans())
def test_a_line_moves_no_cursor_and_is_not_wider_than_the_terminal(text: str, width: int, is_coloured: bool) -> None:
    hostile = "\x1b[2J\u202egnp.exe\r\n" + text
    topic = ("d/1", hostile)
    its = settled_of("radio@2026-03-01", [hostile], [topic], category="facts")
    (line,) = settled_lines([its], CATEGORIES, Look(is_coloured, width))
    assert not re.search("[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", plain(line))
    assert cell_len(plain(line)) <= width
    assert cell_len(plain(line)) > 0
