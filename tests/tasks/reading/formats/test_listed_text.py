"""Lists of sentences as Python writes them: read to the letter, and never run."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.tasks.errors import DocumentError, InputError
from nightdesk.tasks.reading.formats.listed_text import listed
from tests.tasks.reading.written import one, read

PAIRS = st.lists(st.tuples(st.integers() | st.text(), st.text() | st.none()).map(list), min_size=1)


@settings(max_examples=200, deadline=None)
@given(PAIRS)
def test_what_python_writes_is_read_to_the_letter(pairs: list[list[object]]) -> None:
    assert listed(repr(pairs)) == pairs
    assert listed(f"\n {[tuple(p) for p in pairs]!r} \n") == pairs


def test_a_list_is_a_document(tmp_path: Path) -> None:
    d = one(tmp_path / "a.txt", """[[7, 'It\\'s shut.'], [8, "Two "\n 'parts'], ['b', None], (9, ''' a\n'''),]\n""")
    assert d.ids == ("7", "8", "b", "9")
    assert d.texts == ("It's shut.", "Two parts", "", " a\n")


def test_json_in_a_text_file_is_read_as_json(tmp_path: Path) -> None:
    assert one(tmp_path / "a.txt", '[[1, "\\ud83d\\ude00 a\\/b"], [2, null]]').texts == ("😀 a/b", "")


@pytest.mark.parametrize(
    "content",
    [
        "[[Main page]] is where it begins.",
        "[1] See there. [2] And there.",
        "[[1, 2], [3, 4]] is a matrix.",
        "[[__import__('os'), 'x']]",
        "[['a'], 'x']",
        "[" * 99,
    ],
)
def test_what_is_no_list_of_sentences_is_prose(tmp_path: Path, content: str) -> None:
    d = one(tmp_path / "a.txt", content)
    assert "".join("".join(d.texts).split()) == "".join(content.split())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[[1, 'One.'],\n[2, 'Two.'", "line 2: a list of .* after 1 items"),
        ("[[1, 'One.'], [2, exit()]]", "line 1"),
        ("[[1, 'One.'), [2, 'x']]", "line 1"),
        ("[[1, 'One.']] and more", "line 1"),
        ("[[1, 'One.'] [2, 'x']]", "line 1"),
    ],
)
def test_a_list_that_goes_on_otherwise_is_named_with_its_line(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(tmp_path / "a.txt", content)


def test_long_lists_take_no_time_to_speak_of() -> None:
    assert len(listed(repr([[k, f"It's {k} \\ '' \"."] for k in range(50_000)])) or ()) == 50_000
    assert listed("[[1, '" + "\\'" * 500_000) is None
    assert listed("[[" + "'a' " * 100_000 + ",") is None


@pytest.mark.parametrize("blanks", [" " * 100_000, "\n" * 100_000])
def test_blanks_where_an_item_is_to_end_are_passed_once(blanks: str) -> None:
    assert listed(f"[[1, 'One.'{blanks}, ], [2, 'Two.']{blanks}]{blanks}") == [[1, "One."], [2, "Two."]]
    assert listed(f"[[1, 'One.'{blanks}x") is None
    with pytest.raises(DocumentError, match="after 1 items goes on otherwise"):
        listed(f"[[1, 'One.']{blanks}x")
