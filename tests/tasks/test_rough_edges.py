"""Rough edges: odd names, odd numbers, killed publications, replies that nearly fit. Each ends in a clear line."""

import os
import threading
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest

from nightdesk.tasks.config.shipped_data import folder
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.forget import forget_document
from nightdesk.tasks.reading.sentences import split_sentences
from nightdesk.tasks.reading.sources import check_sources, find_sources
from nightdesk.tasks.tables import publish
from tests.tasks.made import DAY, document, files, published, tables, work
from tests.tasks.reorganizing.test_run import house  # noqa: F401  (a fixture)
from tests.tasks.tables.test_publish import DEAD, kill_a_publication

NEWS = (folder("profiles") / "news.toml").read_text()


# --- admission ---


# --- prompts ---


# --- publish, forget ---
def test_publications_of_two_dates_do_not_trip_over_each_other(out):
    wrong, made = [], tables(work(document("a", 2)))

    def many(day):
        try:
            for k in range(150):
                publish.publish(out, day, f"run-{day}-{k}", 1, made)
        except Exception as e:  # noqa: BLE001  (whatever it is, it is wrong)
            wrong.append(repr(e))

    threads = [threading.Thread(target=many, args=(date(2026, 3, d),)) for d in (1, 2, 3)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert wrong == []


def test_a_document_on_its_way_is_forgotten_too(out):
    kill_a_publication(out, step=2)  # g is decided, not moved
    with suppress(InputError):
        forget_document(out, "g")
    publish.recover(out)
    assert "g" not in [d["doc_id"] for d in published(out, "documents")]


def test_what_a_killed_run_left_in_staging_is_removed_by_a_later_one(out):
    kill_a_publication(out, step=1)
    forget_document(out, "b")
    publish.recover(out)
    publish.sweep_staging(out, lambda run: True)
    assert not [f for f in files(out) if f.startswith(f"_staging/{DEAD}-1/")]


# --- documents ---
def test_a_number_of_5000_digits_is_a_document_error(tmp_path):
    (tmp_path / "a.json").write_text(f'[[{"1" * 5000}, "x"]]')
    with pytest.raises(InputError):
        check_sources([str(tmp_path)], DAY)


def test_a_folder_called_like_a_document_is_no_document(tmp_path):
    (tmp_path / "x.txt").mkdir()
    (tmp_path / "x.txt" / "a.txt").write_text("Text.")
    assert [s.doc_id for s in find_sources([str(tmp_path)], DAY)] == ["x.txt/a"]


@pytest.mark.parametrize("argument", ["x" * 300, "/tmp/a**b/*.txt", "/tmp/***/x"])
def test_a_source_that_cannot_be_a_path_is_bad_input(argument):
    with pytest.raises(InputError):
        find_sources([argument], DAY)


def test_a_glob_skips_what_is_hidden(tmp_path):
    for name in (".a.txt", ".git/b.txt", "c.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("Text.")
    assert [s.doc_id for s in find_sources([f"{tmp_path}/**/*.txt"], DAY)] == ["c"]


def test_an_empty_argument_is_not_this_folder(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text("Text.")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError):
        find_sources([""], DAY)


def test_no_piece_of_a_long_line_is_empty():
    assert all(split_sentences("a" + " " * 7000 + "b", "en"))


def test_two_names_that_are_not_utf8_do_not_become_one_document(tmp_path):
    for name in (b"a\xe9", b"a\xe8"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name + b".txt")).write_text("Text.")
    try:
        found = [d.doc_id for d in check_sources([str(tmp_path)], DAY).documents()]
    except InputError:
        return
    assert len(set(found)) == 2


def test_an_unreadable_document_whose_name_is_not_utf8_does_not_end_the_run(house):  # noqa: F811
    (house.source / "good.txt").write_text("The bridge is shut.")
    Path(os.fsdecode(os.fsencode(house.source) + b"/caf\xe9.txt")).write_bytes(b"caf\xe9")
    assert house.night("run-1").totals.unreadable == 1


# --- profile, store, splitter ---
