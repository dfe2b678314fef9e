"""Ctrl-C in a real terminal, which goes to every process in its foreground; and commands that are killed.

Models answer over HTTP and take a while, so that calls are under way when it comes. No Prefect server is there, so that
the run has one started besides its workers and the auditor.
"""

import os
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nightdesk.flows.cli.entry import BEFORE
from nightdesk.flows.cli.interrupts import GOES_ON
from nightdesk.tasks.reorganizing import missed_nights
from nightdesk.tasks.reorganizing.missed_nights import ScheduledNight
from tests.flows.conftest import NIGHTDESK
from tests.flows.two_models import DAY, EVERY, KEY, PROFILE
from tests.killing import calls_stored
from tests.prefect_home import prefect_home
from tests.processes import PATIENCE_S, alive_of, wait_until_nothing_is_left_of
from tests.servers.playing import Playing, playing
from tests.serving import eventually
from tests.tables import assert_ledger_is_complete, assert_whole, rows
from tests.terminal import Terminal, terminal
from tests.texts import evening, write_evening

pytestmark = [pytest.mark.timeout(900), pytest.mark.long]
SLOW = "\n".join(
    f'[[models]]\nname = "{name}"\nfamily = "{name}"\naccuracy = {EVERY}\n'
    "prices = { input = 5.0, output = 25.0 }\nlatency_s = { median = 1.0, sigma = 0.3 }\n"
    for name in ("north", "south")
)
SAID = (
    "cancelled by Ctrl-C before its first batch was published; 0 of 1 documents are published and stand, what was "
    "answered is stored, and the same command goes on from there"
)
PASSAGES = 16


@pytest.fixture(scope="module")
def slow() -> Iterator[Playing]:
    """Two models that take a second for an answer."""
    with pytest.MonkeyPatch.context() as env:
        env.setenv("NIGHT_KEY", KEY)
        with playing(SLOW, "--api-key-env", "NIGHT_KEY") as server:
            yield server


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a command that no Prefect server is named to."""
    without = {k: v for k, v in os.environ.items() if k != "PREFECT_API_URL"}
    return {**without, "PREFECT_HOME": str(prefect_home(tmp_path_factory.mktemp("prefect"))), "NIGHT_KEY": KEY}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where the tables go."""
    return tmp_path / "out"


@pytest.fixture
def command(slow: Playing, source: Path, tmp_path: Path, out: Path) -> list[str]:
    """A run that takes a while."""
    slow.control("reset")
    profile = tmp_path / "slow.toml"
    profile.write_text(PROFILE.format(name="slow", dollars=50.0, key_env="NIGHT_KEY", url=slow.url, more=""))
    write_evening(source, "a", seed=70, passages=PASSAGES)
    options = ["--profile", str(profile), "--date", DAY, "--out", str(out), "--no-learn", "--json"]
    return [*NIGHTDESK, "run", str(source), *options]


def wait_in(shown: Terminal, happened: Callable[[], object]) -> None:
    """Wait until something has happened while a command runs in a terminal."""
    eventually(lambda: shown.process.poll() is not None or happened())
    assert shown.process.poll() is None, shown.screen


def answering(out: Path, server: Playing) -> Callable[[], bool]:
    """Tell whether an answer is stored, and more calls are under way."""
    return lambda: calls_stored(out, "") > 0 and any(seen["status"] == 0 for seen in server.log())


def test_ctrl_c_ends_a_run_in_one_line_and_the_rerun_goes_on(
    command: list[str], env: dict[str, str], slow: Playing, out: Path
) -> None:
    with terminal(command, env) as shown:
        wait_in(shown, answering(out, slow))
        before = calls_stored(out, "")
        shown.ctrl_c()
        assert shown.process.wait(timeout=PATIENCE_S) == 130, shown.screen
        wait_until_nothing_is_left_of(shown.process.pid)
    said = shown.screen
    assert "Traceback" not in said, said
    assert "KeyboardInterrupt" not in said, said
    assert said.rstrip().splitlines()[-1] == SAID, said
    assert said.count("cancelled by") == 1, said
    assert rows(out, "passages") == rows(out, "documents") == []
    stored = calls_stored(out, "")
    assert stored >= before
    with terminal(command, env) as again:
        assert again.process.wait(timeout=3 * PATIENCE_S) == 0, again.screen
        wait_until_nothing_is_left_of(again.process.pid)
    assert calls_stored(out, "") > stored
    assert_whole(out, DAY, {"a": [s for _, s in evening(70, PASSAGES)]})
    assert_ledger_is_complete(out)


def test_a_second_ctrl_c_ends_it_at_once_and_leaves_nothing(
    command: list[str], env: dict[str, str], slow: Playing, out: Path
) -> None:
    with terminal(command, env) as shown:
        wait_in(shown, answering(out, slow))
        shown.ctrl_c()
        eventually(lambda: shown.ctrl_c() if shown.process.poll() is None else True)
        assert shown.process.returncode == -signal.SIGINT  # at once: nothing was waited for
        wait_until_nothing_is_left_of(shown.process.pid)
    assert "Traceback" not in shown.screen


def test_a_killed_command_leaves_nothing_behind(
    command: list[str], env: dict[str, str], slow: Playing, out: Path
) -> None:
    with terminal(command, env) as shown:
        wait_in(shown, answering(out, slow))
        assert len(alive_of(shown.process.pid)) > 4  # itself, workers, auditor, Prefect's server
        shown.process.kill()
        shown.process.wait()
        wait_until_nothing_is_left_of(shown.process.pid)


def test_ctrl_c_before_anything_runs_ends_it_in_one_line(command: list[str], env: dict[str, str]) -> None:
    with terminal(command, env) as shown:
        wait_in(shown, lambda: len(alive_of(shown.process.pid)) > 1)  # workers start, the flow does not run yet
        shown.ctrl_c()
        assert shown.process.wait(timeout=PATIENCE_S) == 130, shown.screen
        wait_until_nothing_is_left_of(shown.process.pid)
    assert shown.screen.rstrip().splitlines()[-1].removeprefix("^C") in (BEFORE, GOES_ON), shown.screen
    assert "Traceback" not in shown.screen, shown.screen


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_ends_serve_and_the_night_that_runs(
    env: dict[str, str], source: Path, out: Path, tmp_path: Path, times: int
) -> None:
    write_evening(source, "big", seed=71, passages=1500)
    due = datetime.now(UTC) - timedelta(hours=12)
    missed_nights.mark(
        out, "news", ScheduledNight(due - timedelta(days=2)), "0", done=True
    )  # the nights after it were missed
    options = ["--out", str(out), "--sources", str(source), "--cron", f"{due.minute} {due.hour} * * *"]
    serve = [*NIGHTDESK, "serve", *options, "--timezone", "UTC"]
    with terminal(serve, {**env, "PREFECT_SERVER_API_PORT": "0"}) as shown:
        wait_in(shown, lambda: calls_stored(out, "") > 0)
        for _ in range(times):
            shown.ctrl_c()
        code = shown.process.wait(timeout=PATIENCE_S)
        wait_until_nothing_is_left_of(shown.process.pid)
    assert code in ((0,) if times == 1 else (0, -signal.SIGINT)), shown.screen
    assert times > 1 or shown.screen.rstrip().splitlines()[-1] == "nightdesk serves no more", shown.screen
    assert "KeyboardInterrupt" not in shown.screen, shown.screen
    assert rows(out, "documents") == []
