"""The installed command as a user types it, where it ends at once: exit codes, and one line that says what to do."""

import os
from pathlib import Path

import pytest

from tests.flows.cli.typed import listing, nightdesk


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("tidy", "'tidy'"),
        ("run a.txt --fast", "--fast"),
        ("rollback yesterday", "version"),
        ("run missing.txt", "missing.txt: no such file or folder"),
        ("run a.txt missing.txt", "missing.txt: no such file or folder"),
        ("run *.md", "*.md: no document matches"),
        ("run no-documents", "no-documents: no document in this folder"),
        ("run mine.toml", "mine.toml: this format is not read"),
        ("run x/b.txt y/b.txt", "x/b.txt and y/b.txt would both be document 'b'"),
        ("run broken.json", "broken.json: line 2 column 16: not JSON"),
        ("run empty.txt", "empty.txt: no sentence in it"),
        ("run a.txt --date 2026-02-30", "--date 2026-02-30: not a date"),
        ("run a.txt --date yesterday", "--date yesterday: not a date"),
        ("run a.txt --date 2026-03-02..2026-03-01", "the last date (2026-03-01) comes before the first"),
        ("run a.txt --date 2026-03-01..", "--date 2026-03-01..: names one end only"),
        ("run a.txt --date 2026-03-01..soon", "--date soon: not a date"),
        ("run a.txt --date 2026-03-01..2999-01-01", "the date 2999-01-01 is in the future"),
        ("run a.txt --date 2020-03-01..2022-03-01", "731 nights from 2020-03-01 to 2022-03-01: one run takes 366"),
        ("run - --date 2026-03-01..2026-03-02", "source -: text on stdin is of one date"),
        ("run x/{run_date} --date 2026-03-01..2026-03-02 --dry-run", "x/2026-03-01: no such file or folder"),
        ("run a.txt --profile sports", "sports: no such profile; shipped are commerce, news"),
        ("run a.txt --profile mine.toml", "mine.toml: "),
        ("run a.txt --out a.txt", "--out a.txt: "),
        ("run . --out out", "--out out: lies inside the source ."),
        ("run a.txt --out a.txt/out", "--out a.txt/out: "),
        ("weights --out published --role cook", "--role cook: no such role; there are topic_finder"),
        ("weights --out nowhere", "--out nowhere: no such folder"),
        ("weights --out published --profile sports", "sports: no such profile"),
        ("serve --sources x --cron often", "--cron 'often': no schedule"),
        ("serve --sources x --timezone Mars/Base", "--timezone Mars/Base: no such time zone"),
        ("serve --sources nowhere/{run_date}", "--sources nowhere/{run_date}: there is no nowhere"),
        ("serve --sources x --out a.txt", "--out a.txt: "),
        ("serve --sources x --profile sports", "sports: no such profile"),
        ("learn --out nowhere", "--out nowhere: no such folder"),
        ("rollback 1 --out nowhere", "--out nowhere: no such folder"),
        ("models --profile sports", "sports: no such profile"),
        ("evaluate a.txt", "a.txt: line 1 column 1: not JSON"),
        ("evaluate missing.json", "missing.json: cannot be read"),
        ("evaluate good.json", "good.json: nothing is labelled in it"),
        ("evaluate sold.json", "sold.json: it is labelled in price, which profile news has not"),
        ("evaluate sold.json --profile commerce --out a.txt", "--out a.txt: "),
        ("forget a --out nowhere", "--out nowhere: no such folder"),
        ("edition --out nowhere", "--out nowhere: no such folder"),
        ("edition --out published --date 2026-03-01", "2026-03-01: nothing was published for this date in published"),
        ("export --out published", "--table"),
        ("export --table poems --out published", "poems: no such table; there are passages"),
        ("export --table topics --out published --date 2026-03-01", "--date 2026-03-01: no topics were published"),
        ("export --table topics --out published --format xml", "--format"),
    ],
)
def test_bad_input_or_usage_ends_with_2_one_line_and_nothing_written(home: Path, command: str, said: str) -> None:
    before = listing(home)
    ended = nightdesk(home, *command.split())
    assert ended.returncode == 2
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert line.startswith("nightdesk: ")
    assert said in line
    written = {name: content for name, content in listing(home).items() if name not in before}
    assert written in ({}, {"prefect": None})  # to import Prefect, which checks schedules, makes its folder, empty
    assert before.items() <= listing(home).items()


def test_to_forget_what_is_not_there_leaves_a_tombstone_alone(home: Path) -> None:
    before = listing(home)
    ended = nightdesk(home, "forget", "a", "--out", "published")
    assert ended.returncode == 2
    assert ended.stderr.startswith("nightdesk: a: no document of this id in published")
    written = {name for name in listing(home) if name not in before} - {"prefect"}
    assert written == {"published/forgotten.json", "published/_staging", "published/_staging/forgotten.lock"}


def test_without_arguments_the_commands_are_shown(home: Path) -> None:
    ended = nightdesk(home)
    assert ended.returncode == 2
    assert all(
        name in ended.stdout
        for name in ("run", "follow", "learn", "weights", "rollback", "models", "forget", "edition", "export")
    )
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("command", ["", "run", "rollback"])
def test_help_is_no_error(home: Path, command: str) -> None:
    ended = nightdesk(home, *command.split(), "--help")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "Usage: nightdesk" in ended.stdout


def test_an_out_that_is_empty_or_no_utf8_is_refused(home: Path) -> None:
    for command in (("run", "a.txt"), ("serve", "--sources", "x"), ("edition",), ("evaluate",)):
        odd = nightdesk(home, *command, "--out", os.fsdecode(b"o\xff"))
        assert (odd.returncode, odd.stderr) == (2, "nightdesk: --out o\\xff: this name is no UTF-8; name another\n")
        ended = nightdesk(home, *command, "--out", "")
        assert ended.returncode == 2
        assert ended.stderr.startswith("nightdesk: --out '': no folder is named")
