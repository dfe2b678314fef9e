"""Forms from outside in one night: text on stdin, captions with their times, a feed with its titles."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.cli.typed import nightdesk
from tests.flows.conftest import NIGHTDESK, Desk, Finished
from tests.prefect_home import ROOT
from tests.tables import rows
from tests.tasks.reading.fetching.hostile import Hostile, changing, hostile, page

DAY = "2026-03-01"
CAPTIONS = "WEBVTT\n\n00:01.000 --> 00:02.000\nThe bridge is\n\n00:02.000 --> 00:04.500\nshut. Ferries run."
FEED = """<rss version="2.0"><channel><item><guid>wire-1</guid><title>Bridge &amp; ferries</title>
<link>https://wire.example/1</link><description>&lt;p&gt;The bridge is shut.&lt;/p&gt;</description></item>
<item><guid>wire-2</guid></item></channel></rss>"""


def pipe(desk: Desk, text: str, *arguments: object) -> Finished:
    """Run a command with text on its stdin."""
    done = subprocess.run(
        [*NIGHTDESK, *map(str, arguments)],
        input=text, env=desk.env, text=True, capture_output=True, timeout=200, check=False,
    )  # fmt: skip
    return Finished(done.returncode, done.stdout, done.stderr)


def test_stdin_captions_and_a_feed_are_one_night(desk: Desk, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (source / "talk.vtt").write_text(CAPTIONS)
    (source / "wire.xml").write_text(FEED)
    text = "Shut again. Nobody knows until when."
    result = pipe(desk, text, "run", "-", source, "--id", "tonight", "--out", out, "--date", DAY, "--json").json
    assert (result["documents"], result["unreadable"], result["sentences"]) == (3, 1, 5)
    passages = [(p["doc_id"], p["text"], p["start_s"]) for p in rows(out, "passages", DAY)]
    assert passages == [
        ("talk", "The bridge is shut.", 1.0),
        ("talk", "Ferries run.", 2.0),
        ("tonight", "Shut again.", None),
        ("tonight", "Nobody knows until when.", None),
        ("wire-1", "The bridge is shut.", None),
    ]
    documents = {d["doc_id"]: d for d in rows(out, "documents", DAY)}
    assert (documents["tonight"]["source"], documents["tonight"]["title"]) == ("stdin", None)
    assert (documents["wire-1"]["source"], documents["wire-1"]["title"]) == (
        "https://wire.example/1",
        "Bridge & ferries",
    )
    assert documents["wire-2"]["status"] == "unreadable"
    assert "wire.xml: entry 2: no sentence in it" in documents["wire-2"]["reason"]


@pytest.fixture
def feeds() -> Iterator[Hostile]:
    """A server with a feed, and one that fails."""
    with hostile() as server:
        server.pages["/feed"] = changing(FEED.encode(), ETag='"1"', Content_Type="application/rss+xml")
        server.pages["/down"] = page(b"", "503 Service Unavailable", Retry_After="1")
        yield server


@pytest.fixture
def private(tmp_path: Path) -> Path:
    """A profile that allows private addresses."""
    profile = tmp_path / "news.toml"
    shipped = (ROOT / "deployments/profiles/news.toml").read_text()
    profile.write_text(f"{shipped}\n[fetch]\nallow_private = true\n", encoding="utf-8")
    return profile


@pytest.mark.slow
def test_a_night_goes_on_without_a_feed_that_is_down_and_asks_the_other_whether_it_changed(
    desk: Desk, feeds: Hostile, private: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    sources = [f"{feeds.url}/feed", f"{feeds.url}/down"]
    for day in (DAY, "2026-03-02"):
        done = desk.run("run", *sources, "--out", out, "--date", day, "--profile", private, "--json")
        assert (done.code, done.json["documents"], done.json["unreadable"]) == (0, 1, 2)
        assert done.json["verdict"].startswith("Worth a look")
        assert f"{feeds.url}/down: the server answers 503 Service Unavailable; try again later (asked 3" in done.err
        (reason,) = {d["reason"] for d in rows(out, "documents", day) if d["doc_id"].endswith("/down")}
        assert "503" in reason
    asked = [h.get("if-none-match") for path, h in zip(feeds.asked, feeds.headers, strict=True) if path == "/feed"]
    assert asked == [None, '"1"']


def test_a_run_that_is_to_fail_without_a_source_ends_before_anything_is_asked_or_written(
    feeds: Hostile, private: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    sources = [f"{feeds.url}/feed", f"{feeds.url}/down"]
    done = nightdesk(tmp_path, "run", *sources, "--out", str(out), "--profile", str(private), "--fail-on-missing")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert f"1 of 2 sources missing: {feeds.url}/down: the server answers 503" in done.stderr
    assert not out.exists()


def test_an_address_of_this_machine_is_refused_in_one_line_that_names_the_setting(
    feeds: Hostile, tmp_path: Path
) -> None:
    for command in (["run", f"{feeds.url}/feed"], ["serve", "--sources", f"{feeds.url}/feed"]):
        done = nightdesk(tmp_path, *command, "--out", str(tmp_path / "out"))
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1
        assert "allow_private = true" in done.stderr
    assert feeds.asked == []


@pytest.mark.slow
def test_several_dates_are_nights_of_their_own_of_what_is_missing(desk: Desk, source: Path, tmp_path: Path) -> None:
    out, days = tmp_path / "out", ("2026-03-01", "2026-03-02")
    for day in days:
        (source / day).mkdir()
        (source / day / "front.txt").write_text(f"The bridge is shut on {day}. Ferries run.")
    command = ("run", f"{source}/{{run_date}}", "--out", out, "--date", f"{days[0]}..2026-03-03", "--json")
    foretold = desk.run(*command, "--dry-run").json
    assert [n["documents"] for n in foretold["nights"]] == [1, 1, 0]
    assert not out.exists()
    first = desk.run(*command).json
    assert (first["nights"], first["documents"], first["skipped"]) == (2, 2, 0)
    assert first["verdict"].startswith("Good: 2 nights done from 2026-03-01 to 2026-03-03, 2 documents")
    again = desk.run(*command).json
    assert (again["nights"], again["documents"], again["skipped"]) == (0, 0, 2)
    assert again["skipped_under"] == dict.fromkeys(days, 1)
    everything = desk.run(*command, "--everything").json
    assert (everything["nights"], everything["calls"]) == (2, 0)  # the answers are in the store
    for day in days:
        assert [d["doc_id"] for d in rows(out, "documents", day)] == ["front"]
    learned: dict[str, set[int]] = {}
    for w in rows(out, "weights"):
        for run in w["from_run_ids"]:
            learned.setdefault(run, set()).add(w["version"])
    assert len(learned) == 2  # nights without a new answer make no version
    assert all(len(versions) == 1 for versions in learned.values())  # each night is read once


@pytest.mark.slow
def test_one_date_takes_what_it_is_given_and_says_what_then_stands_under_two(
    desk: Desk, source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (source / "front.txt").write_text("The bridge is shut. Ferries run.")
    command = ("run", source, "--out", out, "--json", "--date")
    assert desk.run(*command, "2026-03-02").json["documents"] == 1
    left_out = desk.run(*command, "2026-03-01", "--only-missing").json
    assert (left_out["documents"], left_out["skipped"], left_out["skipped_under"]) == (0, 1, {"2026-03-02": 1})
    twice = desk.run(*command, "2026-03-01")
    assert twice.json["documents"] == 1
    assert "1 document filed under 2026-03-01 stands under another date, too (2026-03-02: 1)" in twice.err
