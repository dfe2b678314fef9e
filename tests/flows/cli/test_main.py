"""The installed command as a user types it, where it ends at once: exit codes, and one line that says what to do."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

NIGHTDESK = Path(sys.executable).with_name("nightdesk")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a text, a broken document, a broken profile and an OUT in which nothing was published."""
    (tmp_path / "a.txt").write_text("The bridge is shut. Ferries run instead.")
    (tmp_path / "broken.json").write_text('[[1, "The bridge is shut."],\n [2, "Ferries" run]]')
    (tmp_path / "empty.txt").touch()
    (tmp_path / "good.json").write_text('[[1, "The bridge is shut."]]')
    (tmp_path / "sold.json").write_text('{"document": [[1, "Five pounds."]], "topics": [{"topic": "x", "price": [1]}]}')
    (tmp_path / "mine.toml").write_text('name = "mine"\n[categories]\nunplaced = "x"\n[[models]]\nname = "static"\n')
    for folder in ("no-documents", "published", "x", "y"):
        (tmp_path / folder).mkdir()
    for folder in ("x", "y"):
        (tmp_path / folder / "b.txt").write_text("Ferries run instead.")
    return tmp_path


def nightdesk(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the command in a folder that is also its home, so that all it writes is found there."""
    env = {**os.environ, "HOME": str(home), "PREFECT_HOME": str(home / "prefect"), "COLUMNS": "200"}
    return subprocess.run(
        [str(NIGHTDESK), *arguments], cwd=home, env=env, capture_output=True, text=True, timeout=240, check=False
    )


def listing(folder: Path) -> dict[str, bytes | None]:
    """Return everything below a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("tidy", "'tidy'"),
        ("run", "sources"),
        ("run a.txt --fast", "--fast"),
        ("rollback yesterday", "version"),
        ("run missing.txt", "missing.txt: no such file or folder"),
        ("run a.txt missing.txt", "missing.txt: no such file or folder"),
        ("run *.md", "*.md: no document matches"),
        ("run no-documents", "no-documents: no document in this folder"),
        ("run mine.toml", "mine.toml: this form is not read"),
        ("run x/b.txt y/b.txt", "x/b.txt and y/b.txt would both be document 'b'"),
        ("run broken.json", "broken.json: line 2 column 16: not JSON"),
        ("run empty.txt", "empty.txt: no sentence in it"),
        ("run a.txt --date 2026-02-30", "--date 2026-02-30: not a date"),
        ("run a.txt --date yesterday", "--date yesterday: not a date"),
        ("run a.txt --profile sports", "sports: no such profile; shipped are commerce, news"),
        ("run a.txt --profile mine.toml", "mine.toml: "),
        ("run a.txt --out a.txt", "--out a.txt: "),
        ("run a.txt --out a.txt/out", "--out a.txt/out: "),
        ("weights --out published --role cook", "--role cook: no such role; there are topic_finder"),
        ("weights --out nowhere", "--out nowhere: no such folder"),
        ("weights --out published --profile sports", "sports: no such profile"),
        ("serve --sources x --cron often", "--cron 'often': no schedule"),
        ("serve --sources x --timezone Mars/Base", "--timezone Mars/Base: no such time zone"),
        ("serve --sources nowhere/{run_date}", "--sources nowhere/{run_date}: there is no nowhere"),
        ("serve", "--sources datasets/samples: there is no datasets/samples"),
        ("serve --sources x --out a.txt", "--out a.txt: "),
        ("serve --sources x --profile sports", "sports: no such profile"),
        ("learn --out nowhere", "--out nowhere: no such folder"),
        ("rollback 1 --out nowhere", "--out nowhere: no such folder"),
        ("models --profile sports", "sports: no such profile"),
        ("evaluate", "labelled"),
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
        ("forget a --out published", "a: no document of this id in published"),
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


def test_without_arguments_the_commands_are_shown(home: Path) -> None:
    ended = nightdesk(home)
    assert ended.returncode == 2
    assert all(
        name in ended.stdout
        for name in ("run", "learn", "weights", "rollback", "models", "forget", "edition", "export")
    )
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("command", ["", "run", "rollback"])
def test_help_is_no_error(home: Path, command: str) -> None:
    ended = nightdesk(home, *command.split(), "--help")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "Usage: nightdesk" in ended.stdout


def test_the_pool_is_one_json_object_on_stdout(home: Path) -> None:
    before = listing(home)
    ended = nightdesk(home, "models", "--profile", "commerce", "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    (line,) = ended.stdout.splitlines()
    told = json.loads(line)
    assert told["profile"] == "commerce"
    assert [m["model"] for m in told["models"]] == ["static", "lexical", "baseline"]
    assert all(m["serves"] for m in told["models"])
    assert listing(home) == before


def test_the_pool_can_be_read(home: Path) -> None:
    ended = nightdesk(home, "models")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert all(word in ended.stdout for word in ("static", "lexical", "baseline", "embedded", "0.95"))


def test_before_the_first_night_the_priors_are_the_weights(home: Path) -> None:
    ended = nightdesk(home, "weights", "--out", "published", "--role", "topic_locator", "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    rows = json.loads(ended.stdout)["weights"]
    assert {r["role"] for r in rows} == {"topic_locator"}
    assert sum(r["weight"] for r in rows) == pytest.approx(1)


def test_going_back_to_a_version_that_there_is_not_is_refused_in_one_line(home: Path) -> None:
    ended = nightdesk(home, "rollback", "7", "--out", "published")
    assert ended.returncode in (1, 2)
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert "7" in line
