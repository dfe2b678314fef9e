"""What is printed: one JSON object, or lines and tables that a person can read, whatever the text in them."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightdesk.flows.cli.terminal import say, show, show_table
from nightdesk.tasks.safety.printable import printable
from tests.flows.cli.typed import NIGHTDESK, nightdesk
from tests.tasks.made import DAY, document, publish_documents, work
from tests.terminal import terminal

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["out", "verdict", "stages"]), VALUES, min_size=1))
def test_json_is_one_line_that_gives_the_result_back(
    capsys: pytest.CaptureFixture[str], result: dict[str, Any]
) -> None:
    show(result, as_json=True)
    out = capsys.readouterr().out
    assert out.endswith("\n") and out.count("\n") == 1
    assert json.loads(out) == result


def test_a_result_is_a_line_a_field_with_the_values_below_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    show({"documents": 3, "out": "out", "stages": {"find": 1.5, "locate": 2}}, as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        "documents  3",
        "out        out",
        "stages     find 1.5, locate 2",
    ]


def test_a_table_shows_names_as_they_are_and_numbers_by_four_digits(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"model": "[bold]one[/bold]", "weight": 0.25, "hidden": 1}, {"model": "[/]", "weight": 0.75, "hidden": 2}]
    show_table("[red]weights", rows, ("model", "weight"))
    out = capsys.readouterr().out
    for shown in ("[red]weights", "[bold]one[/bold]", "[/]", "0.2500", "0.7500"):
        assert shown in out
    assert "hidden" not in out
    show_table("nothing", [], ("model", "weight"))
    assert "model" in capsys.readouterr().out


HOSTILE = "a\x1b]0;owned\x07\x1b[2J\nERROR: forged \u202egpj\x9b31m"


def on_a_terminal(home: Path, *arguments: str) -> bytes:
    env = {**os.environ, "HOME": str(home), "PREFECT_HOME": str(home / "prefect"), "TERM": "xterm"}
    with terminal([str(NIGHTDESK), *arguments], env) as shown:
        shown.process.wait(timeout=60)
    return shown.raw.replace(b"\r\n", b"\n")


@pytest.mark.parametrize("command", ["run {}/{}.json --dry-run", "forget {1} --out {0}", "models --profile {1}", "{1}"])
def test_a_terminal_gets_nothing_raw_of_a_name(tmp_path: Path, command: str) -> None:
    (tmp_path / f"{HOSTILE}.json").write_text("[[1, broken")
    said = on_a_terminal(tmp_path, *(part.format(tmp_path, HOSTILE) for part in command.split(" ")))
    assert said.startswith(b"nightdesk: ")
    assert said.count(b"\n") == 1
    assert printable(said[:-1].decode()).encode() == said[:-1]
    assert b"forged" in said


def test_an_export_to_a_terminal_is_printable_and_one_into_a_pipe_is_as_it_was(tmp_path: Path) -> None:
    publish_documents(tmp_path / "out", work(document(HOSTILE, [HOSTILE, "=1+1"])))
    command = ("export", "--table", "passages", "--out", str(tmp_path / "out"), "--date", str(DAY))
    lines = on_a_terminal(tmp_path, *command).decode().splitlines()
    assert len(lines) == 3
    assert all(line == printable(line) for line in lines)
    assert HOSTILE in nightdesk(tmp_path, *command).stdout


def test_a_table_and_a_result_of_hostile_text_are_printable(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(HOSTILE, [{"model": HOSTILE}], ("model",))
    show({"verdict": HOSTILE, "stages": {HOSTILE: HOSTILE}}, as_json=False)
    say(HOSTILE)
    out = capsys.readouterr().out
    assert all(line == printable(line) for line in out.split("\n"))
    show({"verdict": HOSTILE}, as_json=True)
    line = capsys.readouterr().out
    assert printable(line[:-1]) == line[:-1]
    assert json.loads(line) == {"verdict": HOSTILE}
