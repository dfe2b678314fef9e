"""Files that folders and globs name: links that lead out are left out and told of, odd names keep documents apart."""

import logging
import os
from pathlib import Path

import pytest

from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reading.documents import Unreadable
from nightdesk.tasks.reading.sources import Reading, check_sources
from tests.tasks.made import DAY

TEXT = "The bridge is shut. Ferries run instead."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a text, beside another that nobody has named."""
    for name in ("in/a.txt", "in/deep/b.txt", "secret/key.txt", "secret/deep/c.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{TEXT} This is {name}.")
    return tmp_path / "in"


def read(*arguments: Path | str) -> Reading:
    return check_sources([str(a) for a in arguments], DAY)


def test_links_that_lead_out_of_a_folder_are_not_followed_and_told_of_in_one_line(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "x.txt").symlink_to(folder.parent / "secret" / "key.txt")
    (folder / "y").symlink_to(folder.parent / "secret")
    (folder / "deep" / "z.txt").symlink_to("../../secret/key.txt")
    reading = read(folder)
    assert reading.doc_ids == {"a", "deep/b"}
    with caplog.at_level(logging.WARNING, "nightdesk"):
        texts = [t for d in reading.documents() for t in d.texts]  # type: ignore[union-attr]
    assert not any("secret" in t for t in texts)
    (said,) = caplog.messages
    assert f"{folder}: 3 links in it, such as z.txt, lead out of it and are not followed" in said
    assert read(folder, folder / "x.txt").doc_ids == {"a", "deep/b", "x"}  # named by hand


@pytest.mark.parametrize("pattern", ["*.txt", "*/*.txt", "**/*.txt", "[xy]*/**/*.txt", "y*/deep/*.txt"])
def test_globs_do_not_lead_out_of_their_folder_either(folder: Path, pattern: str) -> None:
    (folder / "x.txt").symlink_to(folder.parent / "secret" / "key.txt")
    (folder / "y").symlink_to(folder.parent / "secret")
    try:
        found = read(f"{folder}/{pattern}").doc_ids
    except InputError as e:
        assert "out of it" in str(e) or "no document matches" in str(e)
    else:
        assert found <= {"a", "deep/b"}


def test_a_file_that_becomes_a_link_after_it_was_found_is_not_read(folder: Path) -> None:
    reading = read(folder)
    (folder / "a.txt").unlink()
    (folder / "a.txt").symlink_to(folder.parent / "secret" / "key.txt")
    (folder / "deep").rename(folder / "was")
    (folder / "deep").symlink_to(folder.parent / "secret" / "deep")
    (folder.parent / "secret" / "deep" / "b.txt").write_text("Secret.")
    documents = list(reading.documents())
    assert all(isinstance(d, Unreadable) and "has become a link that leads out of" in d.reason for d in documents)
    assert len(documents) == 2


def test_a_link_inside_a_folder_and_a_folder_that_is_named_by_a_link_are_read(folder: Path) -> None:
    (folder / "deep" / "again.txt").symlink_to(folder / "a.txt")
    assert read(folder).doc_ids == {"a", "deep/b"}  # what it leads to is read once
    (folder.parent / "tonight").symlink_to(folder)
    (folder.parent / "one.txt").symlink_to(folder / "a.txt")
    assert read(folder.parent / "tonight").doc_ids == {"a", "deep/b"}
    assert read(folder.parent / "one.txt").doc_ids == {"one"}
    assert read(f"{folder.parent}/tonight/*.txt").doc_ids == {"a"}


def test_links_that_go_round_in_circles_end(folder: Path) -> None:
    (folder / "loop.txt").symlink_to(folder / "loop.txt")
    (folder / "p.txt").symlink_to(folder / "q.txt")
    (folder / "q.txt").symlink_to(folder / "p.txt")
    (folder / "deep" / "up").symlink_to(folder)
    assert read(folder).doc_ids == {"a", "deep/b"}
    assert read(f"{folder}/**/*.txt").doc_ids == {"a", "deep/b"}


def test_a_folder_of_nothing_but_links_that_lead_out_says_so(folder: Path) -> None:
    (folder.parent / "links").mkdir()
    (folder.parent / "links" / "x.txt").symlink_to(folder / "a.txt")
    with pytest.raises(InputError, match=r"no document in this folder \(.*1 link in it, such as x.txt, leads out"):
        read(folder.parent / "links")


def test_names_that_are_no_utf8_are_documents_of_their_own(folder: Path) -> None:
    for name in (b"a\xe9", b"a\xe8"):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name + b".txt")).write_text(TEXT)
    documents = list(read(folder).documents())
    ids = [d.doc_id for d in documents]
    assert len(set(ids)) == 4
    assert sum(i.startswith("a\ufffd~") for i in ids) == 2
    for said in (*ids, *(d.source for d in documents)):
        said.encode()


def test_names_that_differ_only_by_case_or_form_are_documents_of_their_own(folder: Path) -> None:
    names = {"A", "a", "é", "e\u0301", "ß", "ss"}
    for name in names:
        (folder / f"{name}.txt").write_text(f"{TEXT} {name}")
    if len(list(folder.iterdir())) == len(names) + 1:  # else this file system takes some of them for one
        assert read(folder).doc_ids == names | {"deep/b"}


def test_a_path_of_ten_thousand_characters_is_no_id_of_that_length(folder: Path) -> None:
    deep = folder
    for k in range(14):
        deep /= f"{k:02}" + "x" * 240
    deep.mkdir(parents=True)
    (deep / "a.txt").write_text(TEXT)
    (deep / "b.txt").write_text(TEXT)
    ids = read(folder).doc_ids
    assert len(ids) == 4
    assert max(map(len, ids)) == 200
