"""The licences of what is installed: every one is known to suit Apache-2.0, and one that does not is found."""

import os
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from docs import licences
from docs.licences import FIT, is_fit, judge_all


def test_every_package_that_is_installed_suits_and_stands_on_the_page() -> None:
    judged = judge_all(distributions())
    assert [one for one in judged if not one.fit] == []
    there = licences.PAGE.read_text(encoding="utf-8")
    constraints = (licences.PAGE.parents[1] / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.partition("==")[0] for line in constraints if "==" in line}
    stands = {line.split(" | ")[0].removeprefix("| ") for line in there.splitlines()}
    missing = {one.package for one in judged} & pinned - stands
    assert not missing, "constraints.txt has changed: run `make licences`"


def test_who_was_looked_at_is_still_needed() -> None:
    installed = {one.package for one in judge_all(distributions())}
    assert set(licences.REVIEWED) <= installed


@pytest.mark.parametrize(
    ("expression", "fit"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("", False),
        ("GPL-2.0-only OR MIT", True),
        ("GPL-2.0-only AND MIT", False),
        ("MIT AND (GPL-3.0-only OR Apache-2.0)", True),
        ("MIT AND (GPL-3.0-only AND Apache-2.0)", False),
        ("(MIT", False),
        ("MIT AND", False),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("MIT GPL-3.0-only", False),
    ],
)
def test_what_an_expression_asks_for(expression: str, fit: bool) -> None:
    assert is_fit(expression, FIT) is fit


@pytest.mark.parametrize(
    ("metadata", "code"),
    [
        ("License-Expression: MIT", 0),
        ("License: MIT License", 0),
        ("Classifier: License :: OSI Approved :: BSD License", 0),
        ("License-Expression: AGPL-3.0-only", 1),
        ("License: Proprietary", 1),
        ("Classifier: License :: Other/Proprietary License", 1),
        ("License: MIT License\nLicense-Expression: SSPL-1.0", 1),
        ("Summary: says nothing", 1),
    ],
)
def test_a_package_whose_licence_is_unfit_or_unknown_is_named_and_fails(
    metadata: str, code: int, tmp_path: Path
) -> None:
    folder = tmp_path / "made_up-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.4\nName: made-up\nVersion: 1.0\n{metadata}\n")
    command = [sys.executable, "-m", "docs.licences", "--path", str(tmp_path)]
    told = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": str(licences.PAGE.parents[1])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.returncode == code, told
    assert ("made-up: " in told.stderr) is bool(code)
