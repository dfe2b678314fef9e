"""One look at all sources: files, folders, feeds and stdin; what cannot be followed is told once."""

import os
import subprocess
import sys
import time
from collections.abc import Set
from pathlib import Path

import pytest

from nightdesk.tasks.config.fetch_settings import FetchSettings
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.following.arrivals.feeds import Feed, Hosts
from nightdesk.tasks.following.arrivals.folders import MOST_OPEN
from nightdesk.tasks.following.arrivals.stdin_lines import KEY, StdinLines
from nightdesk.tasks.following.arrivals.watch import Watch
from nightdesk.tasks.following.stream import Arrival, Poll
from nightdesk.tasks.reading.fetching.terms import Fetching
from tests.tasks.following.streams import texts, until
from tests.tasks.reading.fetching.hostile import changing, hostile
from tests.tasks.reading.written import rss


class Looking:
    """A watch and the cursors of its looks."""

    def __init__(self, out: Path, *arguments: Path | str) -> None:
        self.now = 0.0
        self.watch = Watch([str(a) for a in arguments], load_profile("news"), out, 60.0, clock=lambda: self.now)
        self.cursors: dict[str, str] = {}

    def look(self, times: int = 1, held_back: Set[str] | None = None) -> Poll:
        found = Poll()
        for _ in range(times):
            self.now += 1
            poll = self.watch.poll(self.cursors, held_back)
            self.cursors |= poll.cursors
            found.add(poll)
        return found


def test_files_of_a_folder_are_followed_or_read_whole(tmp_path: Path, out: Path) -> None:
    folder = tmp_path / "in"
    (folder / "radio").mkdir(parents=True)
    (folder / "radio" / "talk.txt").write_text("One was here.\n")
    (folder / "page.md").write_text("# Title\n\nThe page is whole.\n")
    (folder / ".hidden.txt").write_text("Nobody reads this.\n")
    (tmp_path / "secret.txt").write_text("A secret of this machine.\n")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    it = Looking(out, folder)
    found = it.look(3)
    assert [(a.stream, a.is_over, texts([a])) for a in found.arrivals] == [
        ("radio/talk", False, ["One was here."]),
        ("page", True, ["Title", "The page is whole."]),
    ]
    assert [line for line in found.troubles if "leads out of" in line] == found.troubles and len(found.troubles) == 1
    with (folder / "radio" / "talk.txt").open("a") as file:
        file.write("Two was here.\n")
    (folder / "new.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nLate captions.\n\n")
    (folder / "radio" / "talk.txt").rename(folder / "radio" / "talk-1.txt")
    found = it.look(3)
    assert texts(found.arrivals) == ["Two was here."]  # the rotated file is no new stream
    (folder / "page.md").write_text("# Title\n\nThe page has changed.\n")
    assert [a.stream for a in it.look(3).arrivals] == ["page#2"]
    again = Looking(out, folder)
    again.cursors = it.cursors
    assert again.look(3).arrivals == []


def test_while_too_much_waits_only_streams_that_grow_and_have_little_waiting_are_read_on(
    tmp_path: Path, out: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "flood.txt").write_text("Far too much came.\n")
    (folder / "page.md").write_text("The page is whole.\n")
    (folder / "radio.txt").write_text("One was here.\n")
    (tmp_path / "rows.jsonl").write_text('{"id": "r", "text": "A row."}\n')
    (tmp_path / "tv.txt").write_text("On air.\n")
    it = Looking(out, folder, tmp_path / "rows.jsonl", tmp_path / "tv.txt")
    assert {a.stream for a in it.look(3, held_back={"flood"}).arrivals} == {"radio", "tv"}
    assert {a.stream for a in it.look(3).arrivals} == {"flood", "page", "r"}


def test_a_folder_of_many_files_keeps_few_open_and_loses_nothing(tmp_path: Path, out: Path) -> None:
    folder, many = tmp_path / "in", MOST_OPEN + 50
    folder.mkdir()
    for k in range(many):
        (folder / f"wire{k:04}.txt").write_text(f"Wire {k} has come.\n")
    it, before = Looking(out, folder), len([*Path("/proc/self/fd").iterdir()])
    came = it.look(10).arrivals
    assert len([*Path("/proc/self/fd").iterdir()]) <= before + MOST_OPEN
    for k in range(many):
        (folder / f"wire{k:04}.txt").rename(folder / f"wire{k:04}.txt.old")
        (folder / f"wire{k:04}.txt").write_text(f"Wire {k} goes on.\n")
    found = it.look(30)
    assert sorted(texts([*came, *found.arrivals])) == sorted(
        f"Wire {k} {what}." for k in range(many) for what in ("has come", "goes on")
    )
    assert found.troubles == []
    it.watch.close()


def test_files_that_may_not_be_read_for_a_while_are_read_once_they_may(
    tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, access, opened = tmp_path / "in", os.access, os.open
    folder.mkdir()
    (folder / "page.md").write_text("The page is whole.\n")
    (folder / "talk.txt").write_text("One was here.\n")

    def refuse(path: Path, *given: int, **more: int) -> int:
        if str(path).startswith(str(folder)):
            raise PermissionError(13, "Permission denied")
        return opened(path, *given, **more)

    it = Looking(out, folder)
    with monkeypatch.context() as rights:  # as they are for others than root
        rights.setattr(os, "access", lambda path, mode: access(path, mode) and Path(path).parent != folder)
        rights.setattr(os, "open", refuse)
        found = it.look(4)
    assert found.arrivals == []
    assert [line.partition(": ")[2][:41].lower() for line in found.troubles] == [
        "cannot be read (permission denied); check"
    ] * 2
    assert {a.stream for a in it.look(3).arrivals} == {"page", "talk"}


def test_a_file_that_vanishes_from_a_folder_is_no_trouble(tmp_path: Path, out: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "talk.txt").write_text("One was here.\nTwo is half")
    it = Looking(out, folder)
    it.look()
    (folder / "talk.txt").unlink()
    found = it.look(5)
    assert (texts(found.arrivals), found.troubles) == (["Two is half"], [])


def test_troubles_are_told_once_and_others_go_on(tmp_path: Path, out: Path) -> None:
    (tmp_path / "talk.txt").write_text("One was here.\n")
    it = Looking(out, tmp_path / "missing.txt", tmp_path / "talk.txt")
    found = it.look(4)
    assert texts(found.arrivals) == ["One was here."]
    assert found.troubles == [
        f"{tmp_path / 'missing.txt'}: no such file or directory; its stream goes on when it is there again"
    ]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [([], "no source was named"), (["a/x.pdf"], "no file that grows"), (["nowhere/x.txt"], "check the path")],
)
def test_what_cannot_be_followed_is_refused(out: Path, arguments: list[str], says: str) -> None:
    with pytest.raises(InputError, match=says):
        Looking(out, *arguments)


def test_two_sources_of_one_name_are_refused(tmp_path: Path, out: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    with pytest.raises(InputError, match="would both be stream 'talk'"):
        Looking(out, tmp_path / "a" / "talk.txt", tmp_path / "b" / "talk.vtt")


def test_entries_of_a_feed_arrive_once_and_hosts_are_left_in_peace(out: Path) -> None:
    def polled(feed: Feed, cursors: dict[str, str], now: float) -> list[Arrival]:
        assert feed.look(cursors, now).arrivals == []  # it asks
        came: list[Poll] = []

        def has_come() -> bool:
            came.append(feed.look(cursors, now))
            return bool(came[-1].cursors or came[-1].troubles)

        for _ in until(has_come):
            time.sleep(0.01)
        cursors.update(came[-1].cursors)
        return came[-1].arrivals

    with hostile() as server:
        server.pages["/feed"] = changing(rss("<guid>a</guid><description>One.</description>").encode(), ETag='"1"')
        terms = Fetching(FetchSettings(allow_private=True), out)
        cursors: dict[str, str] = {}
        feed = Feed(f"{server.url}/feed", terms, Hosts(), 5.0)
        first = polled(feed, cursors, 0.0)
        assert [(a.stream, texts([a]), a.is_over) for a in first] == [("a", ["One."], True)]
        assert feed.look(cursors, 29.0) == Poll() and len(server.headers) == 1
        assert polled(feed, cursors, 31.0) == []
        assert server.headers[-1]["if-none-match"] == '"1"'
        server.pages["/feed"] = changing(rss("<guid>a</guid><description>Mended.</description>").encode(), ETag='"2"')
        again = Feed(f"{server.url}/feed", terms, Hosts(), 5.0)
        assert [(a.stream, texts([a])) for a in polled(again, cursors, 0.0)] == [("a#2", ["Mended."])]


def test_stdin_gives_lines_as_they_come_and_ends_the_stream(tmp_path: Path) -> None:
    end, begin = os.pipe()
    cursors: dict[str, str] = {}
    it = StdinLines("talk", 60.0, end)
    came: list[Arrival] = []

    def look() -> None:
        poll = it.look(cursors, 0.0)
        cursors.update(poll.cursors)
        came.extend(poll.arrivals)

    os.write(begin, b"One was here.\nTwo is hal")
    for _ in until(lambda: "hal" in cursors.get(KEY, "")):
        look()
        time.sleep(0.005)
    assert texts(came) == ["One was here."]
    os.write(begin, b"f")
    os.close(begin)
    for _ in until(lambda: any(a.is_over for a in came)):
        look()
        time.sleep(0.005)
    assert texts(came) == ["One was here.", "Two is half"]
    os.close(end)


def test_what_stdin_held_at_a_kill_comes_when_it_goes_on() -> None:
    end, begin = os.pipe()
    os.close(begin)
    cursors = {KEY: '{"held": "Two is half", "before": "", "state": {"count": 1}}'}
    it = StdinLines("talk", 60.0, end)
    came: list[Arrival] = []
    for _ in until(lambda: any(a.is_over for a in came)):
        came.extend(it.look(cursors, 0.0).arrivals)
        time.sleep(0.005)
    assert [(s.id, s.text) for a in came for s in a.sentences] == [("2", "Two is half")]
    os.close(end)


def test_what_was_read_of_stdin_and_not_stored_comes_again() -> None:
    end, writer = os.pipe()
    os.write(writer, b"One.\nTwo.\n")
    os.close(writer)
    it = StdinLines("talk", 60.0, end)
    while not (lost := it.look({}, 0.0)).arrivals or not lost.arrivals[-1].is_over:
        pass  # the journal's disk is full
    it.close()
    stored = it.look({}, 1.0)
    assert [s.text for a in stored.arrivals for s in a.sentences] == ["One.", "Two."]
    after = it.look(stored.cursors, 2.0)
    assert not any(a.sentences for a in after.arrivals)


def test_what_comes_on_stdin_between_two_days_is_for_the_second() -> None:
    script = (
        "import sys, time\n"
        "from nightdesk.tasks.following.arrivals.stdin_lines import StdinLines\n"
        "cursors = {}\n"
        "def until(it, last):\n"
        "    while True:\n"
        "        poll = it.look(cursors, time.monotonic())\n"
        "        cursors.update(poll.cursors)\n"
        "        for arrival in poll.arrivals:\n"
        "            for sentence in arrival.sentences:\n"
        "                print(sentence.text, flush=True)\n"
        "                if sentence.text == last: return\n"
        "        time.sleep(0.01)\n"
        "first = StdinLines('talk', 60.0)\n"
        "until(first, 'One.')\n"
        "first.close()\n"
        "print('closed', flush=True)\n"
        "time.sleep(0.2)\n"  # what comes now is read by a thread that nobody asks
        "until(StdinLines('talk', 60.0), 'Three.')\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None

        def say(text: str) -> None:
            process.stdin.write(text)  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]

        say("One.\n")
        assert [process.stdout.readline() for _ in range(2)] == ["One.\n", "closed\n"]
        say("Two.\n")
        say("Three.\n")
        assert [process.stdout.readline() for _ in range(2)] == ["Two.\n", "Three.\n"]


@pytest.mark.parametrize("names_folder", [False, True])
def test_a_file_that_is_rotated_again_and_again_while_it_waits_is_read_whole(
    tmp_path: Path, out: Path, names_folder: bool
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    file = folder / "talk.txt"
    file.write_text("It begins here.\n")
    it = Looking(out, folder if names_folder else file)
    said = texts(it.look(2).arrivals)
    for number, word in enumerate(("first", "second", "third")):
        it.look(held_back={"talk"})
        file.rename(folder / f"talk.txt.{number}")
        file.write_text(f"This is the {word} one after it.\n")
    found = it.look(held_back={"talk"})
    assert not found.arrivals
    said += texts(it.look(12).arrivals)
    assert said == ["It begins here.", *(f"This is the {word} one after it." for word in ("first", "second", "third"))]
