"""Reading: what is taken as it is, what is refused with its place, and what a document is called."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reading.documents import Document, Unreadable, make_document
from nightdesk.tasks.reading.language import detect_language
from nightdesk.tasks.reading.sentences import LONGEST_SENTENCE, split_sentences
from nightdesk.tasks.reading.sources import check_sources, find_sources, there_by
from tests.tasks.made import DAY

SENTENCE_PAIRS = st.lists(st.tuples(st.text(max_size=3), st.text(max_size=6)), min_size=1, max_size=4)


def write(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def read(path: Path) -> Document:
    (document,) = check_sources([str(path)], DAY).documents()
    assert isinstance(document, Document)
    return document


def ids_of(*arguments: Path | str, day: date = DAY) -> list[str]:
    return [s.doc_id for s in find_sources([str(a) for a in arguments], day)]


def test_prose_becomes_numbered_sentences(tmp_path: Path) -> None:
    d = read(write(tmp_path / "a.txt", "The bridge is shut. Ferries run instead.\n\nNobody knows until when.\n"))
    assert d.texts == ("The bridge is shut.", "Ferries run instead.", "Nobody knows until when.")
    assert d.ids == ("1", "2", "3")
    assert d.source == str(tmp_path / "a.txt")


@pytest.mark.parametrize("wrap", [lambda pairs: pairs, lambda pairs: {"title": "x", "document": pairs}])
def test_json_sentences_stay_as_they_are(tmp_path: Path, wrap: Any) -> None:
    d = read(write(tmp_path / "a.json", wrap([[7, " stray  spaces "], ["7", ""], ["b", "One. Two."], ["", "\t"]])))
    assert d.ids == ("7", "7", "b", "")
    assert d.texts == (" stray  spaces ", "", "One. Two.", "\t")
    assert d.replaced == 0


def test_a_byte_order_mark_is_not_text(tmp_path: Path) -> None:
    assert read(write(tmp_path / "a.txt", "\ufeffShut again.".encode())).texts == ("Shut again.",)


def test_lone_surrogates_become_replacement_characters_and_are_counted(tmp_path: Path) -> None:
    d = read(write(tmp_path / "a.json", r'[["i\udc00", "cut \ud83d off"], ["2", "whole \ud83d\ude00"]]'))
    assert d.ids[0] == "i\ufffd"
    assert d.texts == ("cut \ufffd off", "whole \U0001f600")
    assert d.replaced == 2


def test_a_folder_gives_ids_by_path_and_skips_what_is_hidden(tmp_path: Path) -> None:
    for name in ("b.txt", "a.json", "deep/er/c.v2.TXT", ".hidden.txt", ".git/d.txt", "notes.docx"):
        write(tmp_path / "in" / name, "Text.")
    assert ids_of(tmp_path / "in") == ["a", "b", "deep/er/c.v2"]


def test_a_file_is_called_by_its_stem(tmp_path: Path) -> None:
    assert ids_of(write(tmp_path / "in" / "evening.news.json", [[1, "Text."]])) == ["evening.news"]


def test_a_glob_gives_ids_from_its_first_wildcard_on(tmp_path: Path) -> None:
    for name in ("one/a.txt", "two/a.txt", "two/b.json", "two/c.docx"):
        write(tmp_path / name, "Text.")
    assert ids_of(f"{tmp_path}/*/*") == ["one/a", "two/a", "two/b"]
    assert ids_of(f"{tmp_path}/two/[ab].*") == ["a", "b"]
    assert ids_of(f"{tmp_path}/**/a.txt") == ["one/a", "two/a"]


def test_the_run_date_is_filled_into_the_source(tmp_path: Path) -> None:
    write(tmp_path / "2026-02-03" / "a.txt", "Text.")
    assert ids_of(f"{tmp_path}/{{run_date}}/a.txt", day=date(2026, 2, 3)) == ["a"]


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "Text.")
    assert ids_of(path, tmp_path, f"{tmp_path}/../{tmp_path.name}/a.txt") == ["a"]


def test_two_documents_of_one_name_are_refused_by_both_names(tmp_path: Path) -> None:
    text, table = write(tmp_path / "x" / "a.txt", "Text."), write(tmp_path / "y" / "a.json", [[1, "Text."]])
    with pytest.raises(InputError) as e:
        check_sources([str(text), str(table)], DAY)
    assert str(text) in str(e.value)
    assert str(table) in str(e.value)
    assert "'a'" in str(e.value)


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("missing.txt", "no such file"),
        ("empty", "no document in this folder"),
        ("*.nothing", "no document matches"),
        ("table.csv", "this form is not read"),
    ],
)
def test_a_source_that_names_no_document_is_refused(tmp_path: Path, argument: str, said: str) -> None:
    (tmp_path / "empty").mkdir()
    write(tmp_path / "table.csv", "a,b")
    with pytest.raises(InputError, match=said) as e:
        find_sources([f"{tmp_path}/{argument}"], DAY)
    assert argument in str(e.value)


def test_no_source_at_all_is_refused() -> None:
    with pytest.raises(InputError, match="no source"):
        find_sources([], DAY)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.json", '[\n [1, "x"],\n [2, "y" oops]\n]', "line 3 column 10"),
        ("a.json", [[1, "x"], [2, "y"], [3]], "item 3"),
        ("a.json", [[1, "x"], [True, "y"]], "item 2"),
        ("a.json", [[1, None]], "item 1"),
        ("a.json", {"text": "x"}, "not a document"),
        ("a.json", '"x"', "not a document"),
        ("a.json", "[" * 100_000, "nested too deep"),
        ("a.json", [[1, ""], [2, "  "]], "no sentence"),
        ("a.json", [], "no sentence"),
        ("a.txt", "", "no sentence"),
        ("a.txt", " \n\n\t", "no sentence"),
        ("a.txt", b"fine\nfine\n\xff\xfe\x00", "line 3: not UTF-8"),
        ("a.json", b"\x89PNG\r\n\x1a\n", "line 1: not UTF-8"),
        ("a.txt", b"fine\n\x7fELF\x02\x00\x00", "line 2: a NUL byte"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(tmp_path: Path, name: str, content: Any, said: str) -> None:
    path = write(tmp_path / name, content)
    with pytest.raises(InputError, match=said) as e:
        read(path)
    assert str(e.value).startswith(f"{path}: ")
    assert "\n" not in str(e.value)


def test_a_file_that_has_gone_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "Text.")
    reading = check_sources([str(path)], DAY)
    path.unlink()
    (unreadable,) = reading.documents()
    assert isinstance(unreadable, Unreadable)
    assert "cannot be read" in unreadable.reason


def test_sources_are_refused_only_if_not_one_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "b.txt").write_text(" ")
    with pytest.raises(InputError, match=r"a\.json: line 1 column 2.*\(and 1 more"):
        check_sources([str(tmp_path)], DAY)
    (tmp_path / "c.txt").write_text("The bridge is shut.")
    assert check_sources([str(tmp_path)], DAY).doc_ids == {"a", "b", "c"}


@pytest.mark.parametrize(("text", "language"), [("word " * 3_000, "en"), ("字" * 9_000, "zh")])
def test_text_without_punctuation_is_cut(text: str, language: str) -> None:
    pieces = split_sentences(text, language)
    assert max(map(len, pieces)) <= LONGEST_SENTENCE
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")
    assert all(set(p.split()) == {"word"} for p in pieces if language == "en")


@given(st.text(alphabet="ab .!?。！,\u3000\"'1", max_size=200), st.sampled_from(["en", "zh"]))
def test_splitting_loses_no_letter_and_makes_no_empty_sentence(line: str, language: str) -> None:
    pieces = split_sentences(line, language)
    assert "".join("".join(pieces).split()) == "".join(line.split())
    assert all(p and p == p.strip() for p in pieces)


def test_chinese_is_split_at_its_own_stops(tmp_path: Path) -> None:
    d = read(write(tmp_path / "a.txt", "大桥今天关闭。渡轮会运行吗？没有人知道！\n市长明天讲话。"))
    assert d.language == "zh"
    assert d.texts == ("大桥今天关闭。", "渡轮会运行吗？", "没有人知道！", "市长明天讲话。")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The harbour bridge was closed on Tuesday after engineers found cracks.", "en"),
        ("工程师发现裂缝后，海港大桥于星期二关闭。", "zh"),
        ("2026-03-01 ... 42", "en"),
        ("", "en"),
    ],
)
def test_the_language_is_told_from_the_text(text: str, language: str) -> None:
    assert detect_language([text]) == language


@given(SENTENCE_PAIRS, SENTENCE_PAIRS)
def test_the_content_hash_stands_for_ids_and_sentences_alone(
    one: list[tuple[str, str]], other: list[tuple[str, str]]
) -> None:
    a, b = make_document("a", "a.txt", one), make_document("b", "b.json", list(one))
    assert a.content_hash == b.content_hash
    c = make_document("a", "a.txt", other)
    assert (a.content_hash == c.content_hash) == (a.ids == c.ids and a.texts == c.texts)


def test_a_night_goes_on_without_a_source_that_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The bridge is shut.")
    there, gone = str(tmp_path / "a.txt"), str(tmp_path / "gone")
    reading = check_sources([there, gone], DAY, lenient=True)
    assert (reading.doc_ids, reading.missing) == ({"a"}, (f"{gone}: no such file or folder; check the path",))
    assert there_by(reading, [there, gone], DAY, datetime.now(UTC)).sources == reading.sources
    with pytest.raises(InputError, match="gone: no such file or folder"):
        check_sources([gone], DAY, lenient=True)
    with pytest.raises(InputError, match="gone: no such file or folder"):
        check_sources([there, gone], DAY)
