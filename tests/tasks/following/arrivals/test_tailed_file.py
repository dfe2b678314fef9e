"""A file that grows gives the sentences of the whole file, however its bytes come, and whatever is done to the file."""

import os
import shutil
from collections.abc import Callable
from itertools import accumulate, pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tasks.following.streams import (
    ENGLISH,
    KINDS,
    ONE_LINE,
    Follower,
    numbered,
    rolling,
    whole,
)

STEPS = st.lists(st.sampled_from([1, 2, 3, 7, 40, 250, 900, 4_000]), min_size=1, max_size=12)
SLOWLY = settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def ticks(raw: bytes, steps: list[int]) -> list[bytes]:
    """Cut bytes into pieces of these lengths, again and again."""
    many = steps * (len(raw) // sum(steps) + 1)
    ends = [0, *(end for end in accumulate(many) if end < len(raw)), len(raw)]
    pieces = [raw[a:b] for a, b in pairwise(ends)]
    most = 150  # looks of one example
    return [*pieces[:most], b"".join(pieces[most:])] if len(pieces) > most else pieces


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("restarts", [False, True])
@SLOWLY
@given(steps=STEPS)
def test_a_growing_file_gives_the_sentences_of_the_whole(
    tmp_path: Path, kind: str, restarts: bool, steps: list[int]
) -> None:
    suffix, raw = KINDS[kind]
    path = tmp_path / f"talk{suffix}"
    path.write_bytes(b"")
    it = Follower(path, restarts)
    for piece in ticks(raw, steps):
        with path.open("ab") as file:
            file.write(piece)
        it.look()
    it.idle()
    it.close()
    assert it.texts == whole(suffix, raw)
    assert [s.id for s in it.sentences] == [str(k) for k in range(1, len(it.texts) + 1)]
    assert not it.troubles


@pytest.mark.parametrize("kind", ["utf-8", "chinese", "rolling", "srt", "sample"])
def test_most_sentences_do_not_wait_for_the_end(tmp_path: Path, kind: str) -> None:
    suffix, raw = KINDS[kind]
    path = tmp_path / f"talk{suffix}"
    path.write_bytes(raw)
    it = Follower(path)
    it.look()
    it.close()
    assert len(it.texts) >= len(whole(suffix, raw)) - 4


@pytest.mark.parametrize(
    ("suffix", "text"), [(".txt", ENGLISH), (".vtt", rolling()), (".srt", numbered())], ids=["txt", "vtt", "srt"]
)
@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("how", ["replaced", "in place"])
def test_a_file_that_a_recorder_writes_anew_each_time_gives_each_sentence_once(
    tmp_path: Path, suffix: str, text: str, restarts: bool, how: str
) -> None:
    path = tmp_path / f"talk{suffix}"
    raw = text.encode()
    it = Follower(path, restarts)
    for end in range(300, len(raw) + 300, 300):
        if how == "replaced":
            new = tmp_path / "new"
            new.write_bytes(raw[:end])
            new.replace(path)
        else:
            with path.open("wb", buffering=0) as file:
                it.look()  # it is empty for a moment
                file.write(raw[: end // 3])
                it.look()
                file.write(raw[end // 3 : end])
        it.look()
    it.idle()
    it.close()
    assert it.texts == whole(suffix, raw)


def by_rename(path: Path) -> None:
    path.rename(path.with_suffix(path.suffix + ".1"))


def by_copytruncate(path: Path) -> None:
    shutil.copy(path, path.with_suffix(path.suffix + ".1"))
    os.truncate(path, 0)


@pytest.mark.parametrize("rotate", [by_rename, by_copytruncate])
@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize(("suffix", "text"), [(".txt", ENGLISH), (".srt", numbered())], ids=["txt", "srt"])
def test_a_rotated_file_is_read_to_its_end_and_then_the_new_one(
    tmp_path: Path, suffix: str, text: str, restarts: bool, rotate: Callable[[Path], None]
) -> None:
    path = tmp_path / f"talk{suffix}"
    first, second = text.encode(), text.replace("harbour", "quay").replace("ferry", "boat").encode()
    path.write_bytes(first[:1_500])
    it = Follower(path, restarts)
    it.look()
    with path.open("ab") as file:
        file.write(first[1_500:])  # which nobody has looked at when it is rotated
    rotate(path)
    with path.open("ab") as file:
        file.write(second)
    it.look(5)
    it.idle()
    it.close()
    assert it.texts == whole(suffix, first) + whole(suffix, second)
    assert not it.troubles


def test_what_is_written_to_a_rotated_file_after_its_rotation_is_read(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    path.write_text("One was here.\n")
    it = Follower(path)
    it.look()
    with path.open("a") as late:
        by_rename(path)
        it.look()
        late.write("Two was late.\n")
        late.flush()
        path.write_text("Three is new.\n")
        it.look(5)
    it.close()
    assert it.texts == ["One was here.", "Two was late.", "Three is new."]


def test_a_truncated_file_without_a_copy_is_read_from_its_beginning_and_that_is_told(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    path.write_text("One was here.\nTwo was here.\n")
    Follower(path)
    it = Follower(path, restarts=True)
    it.look()
    path.write_text("A new day began.\n")
    it.look(3)
    it.close()
    assert it.texts == ["One was here.", "Two was here.", "A new day began."]
    assert [line for line in it.troubles if "after sentence 2 of the old one" in line]


def test_an_unfinished_line_is_held_until_the_file_was_idle(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    path.write_text("One was here.\nTwo is on its")
    it = Follower(path)
    it.look(3)
    assert it.texts == ["One was here."]
    with path.open("a") as file:
        file.write(" way")
    it.look(3)
    assert it.texts == ["One was here."]
    it.look(1, 601)
    assert it.texts == ["One was here.", "Two is on its way"]
    with path.open("a") as file:  # where a hold timed out, the rest of the line is a sentence of its own
        file.write(" home.\n")
    it.look(3)
    it.close()
    assert it.texts == ["One was here.", "Two is on its way", "home."]


@pytest.mark.parametrize("end", ["é", "柳", "𠜎"])
def test_a_character_of_which_a_part_has_come_is_waited_for(tmp_path: Path, end: str) -> None:
    path, raw = tmp_path / "talk.txt", f"Two is {end}".encode()
    for cut in range(1, len(end.encode())):
        path.write_bytes(b"One was here.\n" + raw[:-cut])
        it = Follower(path)
        it.idle()
        assert it.texts == ["One was here.", "Two is"]
        with path.open("ab") as file:
            file.write(raw[-cut:] + b" now.\n")
        it.look(3)
        assert it.texts == ["One was here.", "Two is", f"{end} now."]
        path.write_bytes(b"One was here.\n" + raw[:-cut])
        last = Follower(path)
        last.look(2)
        path.unlink()
        last.look(5)  # nothing more comes of it, so that nothing is waited for
        assert "".join(last.texts).startswith("One was here.Two is")
        assert last.look().arrivals == []
        it.close()
        last.close()


def test_words_streamed_into_one_line_come_before_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    it = Follower(path)
    path.write_text("")
    for k in range(0, len(ONE_LINE), 997):
        with path.open("a") as file:
            file.write(ONE_LINE[k : k + 997])
        it.look()
    assert len(it.texts) > 300
    it.idle()
    it.close()
    assert it.texts == whole(".txt", ONE_LINE.encode())


def test_a_file_that_vanishes_is_told_once_and_goes_on_when_it_is_there_again(tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    path.write_text("One was here.\nTwo is half")
    it = Follower(path)
    it.look()
    path.unlink()
    it.look(4)
    assert it.texts == ["One was here.", "Two is half"]
    assert {line for line in it.troubles} == {
        f"{path}: no such file or directory; its stream goes on when it is there again"
    }
    path.write_text("Three is back.\n")
    it.look(4)
    it.close()
    assert it.texts[-1] == "Three is back."


def test_a_large_file_comes_in_bounded_looks(tmp_path: Path) -> None:
    path = tmp_path / "talk.jsonl"
    row = '{"text": "' + "The tide rose again. " + " " * 40_000 + '"}\n'
    path.write_text(row * 110)  # 4.6 MB
    it = Follower(path)
    it.look()
    some = len(it.sentences)
    it.look(2)
    it.close()
    assert 0 < some < 110 == len(it.sentences)


def test_rows_of_a_growing_jsonl_are_documents_that_are_over(tmp_path: Path) -> None:
    path = tmp_path / "wire.jsonl"
    path.write_text('{"text": "One was here.", "id": "a", "title": "One"}\nno json\n{"text": "Two')
    it = Follower(path)
    poll = it.look()
    assert [(a.stream, a.title, a.is_over) for a in poll.arrivals] == [("a", "One", True)]
    assert [t for t in poll.troubles if t.startswith(f"{path}: line 2")]
    with path.open("a") as file:
        file.write(' was here."}\n')
    poll = it.look()
    it.close()
    assert [(a.stream, [s.text for s in a.sentences]) for a in poll.arrivals] == [("talk#3", ["Two was here."])]
