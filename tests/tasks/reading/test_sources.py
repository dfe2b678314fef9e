"""Reading: what is taken as it is, what is refused with its place, and what a document is called."""

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reading.documents import Unreadable
from nightdesk.tasks.reading.sources import check_sources, find_sources, there_by
from tests.tasks.made import DAY
from tests.tasks.reading.written import write


def ids_of(*arguments: Path | str, day: date = DAY) -> list[str]:
    return [s.doc_id for s in find_sources([str(a) for a in arguments], day)]


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
        ("empty", r"no document in this folder \(it is empty\)"),
        ("other", r"no document in this folder \(but 2 files such as a.docx\)"),
        ("*.nothing", "no document matches"),
        ("table.csv", "this format is not read"),
    ],
)
def test_a_source_that_names_no_document_is_refused(tmp_path: Path, argument: str, said: str) -> None:
    (tmp_path / "empty").mkdir()
    write(tmp_path / "other" / "a.docx", "x")
    write(tmp_path / "other" / "b.gz", "x")
    write(tmp_path / "table.csv", "a,b")
    with pytest.raises(InputError, match=said) as e:
        find_sources([f"{tmp_path}/{argument}"], DAY)
    assert argument in str(e.value)


def test_no_source_at_all_is_refused() -> None:
    with pytest.raises(InputError, match="no source"):
        find_sources([], DAY)


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


def test_a_folder_called_like_a_document_is_no_document(tmp_path: Path) -> None:
    (tmp_path / "x.txt").mkdir()
    (tmp_path / "x.txt" / "a.txt").write_text("Text.")
    assert [s.doc_id for s in find_sources([str(tmp_path)], DAY)] == ["x.txt/a"]


@pytest.mark.parametrize("argument", ["x" * 300, "/tmp/a**b/*.txt", "/tmp/***/x"])
def test_a_source_that_cannot_be_a_path_is_bad_input(argument: str) -> None:
    with pytest.raises(InputError):
        find_sources([argument], DAY)


def test_a_glob_skips_what_is_hidden(tmp_path: Path) -> None:
    for name in (".a.txt", ".git/b.txt", "c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("Text.")
    assert [s.doc_id for s in find_sources([f"{tmp_path}/**/*.txt"], DAY)] == ["c"]


def test_an_empty_argument_is_not_this_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("Text.")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError):
        find_sources([""], DAY)


def test_two_names_that_are_not_utf8_do_not_become_one_document(tmp_path: Path) -> None:
    for name in (b"a\xe9", b"a\xe8"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name + b".txt")).write_text("Text.")
    try:
        found = [d.doc_id for d in check_sources([str(tmp_path)], DAY).documents()]
    except InputError:
        return
    assert len(set(found)) == 2


def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jsonl")
    with pytest.raises(InputError, match="no regular file"):
        check_sources([str(tmp_path / "a.jsonl")], DAY)


def test_a_run_that_is_to_fail_without_a_source_names_those_that_are_missing(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "Shut again.")
    write(tmp_path / "none.jsonl", "")
    there, missing = str(tmp_path / "a.txt"), str(tmp_path / "gone.txt")
    for lenient in (False, True):
        assert len(check_sources([there, there], DAY, lenient=lenient, fail_on_missing=True).doc_ids) == 1
    assert check_sources([there, missing], DAY, lenient=True).missing
    with pytest.raises(InputError, match=r"1 of 2 sources missing: .*gone\.txt: no such file"):
        check_sources([there, missing], DAY, lenient=True, fail_on_missing=True)
    with pytest.raises(InputError, match=r"1 of 2 sources missing: .*none\.jsonl: "):
        check_sources([there, str(tmp_path / "none.jsonl")], DAY, fail_on_missing=True)
    nowhere = "http://no.such.host.invalid/x"
    with pytest.raises(InputError, match=f"1 of 2 sources missing: {nowhere}: .*--fail-on-missing"):
        check_sources([there, nowhere], DAY, fail_on_missing=True)


def test_a_source_of_which_a_part_is_read_is_not_missing(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", '{"text": "Shut again."}\nno json\n')
    assert check_sources([str(tmp_path / "a.jsonl")], DAY, fail_on_missing=True).doc_ids


def test_what_is_left_out_is_not_opened_and_it_is_no_error_if_that_is_all(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "One.")
    (tmp_path / "b.json").write_text("[[1, broken")  # it is being written just now

    def is_b(where: Path | str) -> bool:
        return str(where).endswith("b.json")

    reading = check_sources([str(tmp_path)], DAY, left_out=is_b)
    assert [d.doc_id for d in reading.documents()] == ["a"]
    assert (reading.doc_ids, reading.missing) == ({"a"}, ())
    nothing = check_sources([str(tmp_path)], DAY, left_out=lambda _: True)
    assert (list(nothing.documents()), nothing.doc_ids) == ([], frozenset())
