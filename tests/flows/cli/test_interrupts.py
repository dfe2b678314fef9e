"""Ctrl-C in a real terminal, which goes to every process in its foreground; and commands that are killed.

Models answer over HTTP and take a while, so that calls are under way when it comes.
"""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.flows.conftest import NIGHTDESK, Desk
from tests.flows.test_kills import calls_stored
from tests.flows.test_language_models import DAY, EVERY, KEY, PROFILE
from tests.processes import PATIENCE_S, alive_of, wait_until_nothing_is_left_of
from tests.servers.playing import Playing, playing
from tests.serving import eventually
from tests.tables import assert_ledger_is_complete, assert_whole, rows
from tests.terminal import terminal
from tests.texts import evening, write_evening

SLOW = "\n".join(
    f'[[models]]\nname = "{name}"\nfamily = "{name}"\naccuracy = {EVERY}\n'
    "prices = { input = 5.0, output = 25.0 }\nlatency_s = { median = 2.0, sigma = 0.5 }\n"
    for name in ("north", "south")
)
SAID = "interrupted; what was answered is stored, and the same command goes on from there"


@pytest.fixture(scope="module")
def slow() -> Iterator[Playing]:
    """Two models that take seconds for an answer."""
    with pytest.MonkeyPatch.context() as env:
        env.setenv("NIGHT_KEY", KEY)
        with playing(SLOW, "--api-key-env", "NIGHT_KEY") as server:
            yield server


@pytest.fixture
def command(slow: Playing, source: Path, tmp_path: Path) -> list[str]:
    """A run that takes some minutes."""
    profile = tmp_path / "slow.toml"
    profile.write_text(PROFILE.format(name="slow", dollars=50.0, key_env="NIGHT_KEY", url=slow.url, more=""))
    write_evening(source, "a", seed=70, passages=40)
    options = ["--profile", str(profile), "--date", DAY, "--out", str(tmp_path / "out"), "--no-learn", "--json"]
    return [*NIGHTDESK, "run", str(source), *options]


def answered(out: Path, server: Playing, least: int) -> Callable[[], bool]:
    """Tell whether so many answers are stored, and more calls are under way."""
    return lambda: calls_stored(out, "") >= least and any(seen["status"] == 0 for seen in server.log())


@pytest.fixture(params=["server", "no-server"])
def env(desk: Desk, request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The environment of a command: with a Prefect server that is there, and with none, so that Prefect starts one."""
    if request.param == "server":
        return {**desk.env, "NIGHT_KEY": KEY}
    without = {k: v for k, v in desk.env.items() if k != "PREFECT_API_URL"}
    return {**without, "PREFECT_HOME": str(tmp_path / "prefect"), "NIGHT_KEY": KEY}


def test_ctrl_c_ends_a_run_in_one_line_and_the_rerun_goes_on(
    command: list[str], env: dict[str, str], slow: Playing, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with terminal(command, env) as shown:
        eventually(lambda: shown.process.poll() is not None or answered(out, slow, 3)())
        assert shown.process.poll() is None, shown.screen
        shown.ctrl_c()
        assert shown.process.wait(timeout=PATIENCE_S) == 130, shown.screen
        wait_until_nothing_is_left_of(shown.process.pid)
        said = shown.screen
    assert "Traceback" not in said, said
    assert "KeyboardInterrupt" not in said, said
    assert [line for line in said.splitlines() if line.strip() and line != "^C"][-1] == SAID, said
    assert rows(out, "passages") == rows(out, "documents") == []
    stored = calls_stored(out, "")
    slow.control("reset")
    with terminal(command, env) as again:
        assert again.process.wait(timeout=2 * PATIENCE_S) == 0, again.screen
        wait_until_nothing_is_left_of(again.process.pid)
    assert calls_stored(out, "") > stored
    assert_whole(out, DAY, {"a": [s for _, s in evening(70, 40)]})
    assert_ledger_is_complete(out)


def test_a_second_ctrl_c_ends_it_at_once_and_leaves_nothing(
    command: list[str], env: dict[str, str], slow: Playing, tmp_path: Path
) -> None:
    with terminal(command, env) as shown:
        eventually(lambda: shown.process.poll() is not None or answered(tmp_path / "out", slow, 1)())
        assert shown.process.poll() is None, shown.screen
        shown.ctrl_c()
        eventually(lambda: "^C" in shown.screen)
        while shown.process.poll() is None:
            shown.ctrl_c()
            eventually(lambda: True)
        assert shown.process.returncode in (-signal.SIGINT, 130)
        wait_until_nothing_is_left_of(shown.process.pid)
        assert "Traceback" not in shown.screen


def test_a_killed_command_leaves_nothing_behind(
    command: list[str], env: dict[str, str], slow: Playing, tmp_path: Path
) -> None:
    with terminal(command, env) as shown:
        eventually(lambda: shown.process.poll() is not None or answered(tmp_path / "out", slow, 1)())
        assert len(alive_of(shown.process.pid)) > 3  # workers, auditor, itself
        shown.process.kill()
        shown.process.wait()
        wait_until_nothing_is_left_of(shown.process.pid)
