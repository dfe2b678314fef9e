"""The wheel alone, in an empty environment and outside the source tree: it runs, is read, serves, and opens an old OUT.

The folder in which it is used holds packages called flows and tasks, as most Prefect projects do, and Hugging Face's
`datasets` is installed beside it, because a package of that name must not be taken for our folder.
"""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from nightdesk.flows.shared.configure import ENVIRONMENT
from tests.serving import serving
from tests.tables import rows

ROOT = Path(__file__).resolve().parents[2]
OLD = ROOT / "tests" / "fixtures" / "out-0.1.0"
NOT_OURS = 'raise RuntimeError("this is not nightdesk\'s")\n'
PASTED = "The mayor opened the bridge. I think it is ugly. Next week the second lane will open."
pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]


@dataclass(frozen=True)
class Installed:
    """An environment in which the wheel is installed, and a project folder of a user's."""

    wheel: Path
    bin: Path
    project: Path

    def run(self, *command: str | Path) -> "subprocess.CompletedProcess[str]":
        """Run a program of the environment in the project folder."""
        program, *arguments = map(str, command)
        environment = {k: v for k, v in os.environ.items() if k not in ENVIRONMENT and k != "PREFECT_API_URL"}
        return subprocess.run(
            [str(self.bin / program), *arguments],
            cwd=self.project,
            env={**environment, "PREFECT_HOME": str(self.project.parent / "prefect")},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    def python(self, code: str) -> str:
        """Return what a few lines of a user's code print."""
        done = self.run("python", "-c", code)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """Build the wheel and install it where nothing else is."""
    home = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", str(home), str(ROOT)], check=True, timeout=600)
    (wheel,) = home.glob("nightdesk-*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(home / "venv")], check=True, timeout=300)
    theirs = [str(home / "venv" / "bin" / "python"), "-m", *pip[2:]]
    constraints = str(ROOT / "constraints.txt")
    subprocess.run([*theirs, "install", "--constraint", constraints, str(wheel)], check=True, timeout=900)
    subprocess.run([*theirs, "install", "--constraint", constraints, "datasets"], check=True, timeout=600)
    project = home / "project"
    for package in ("flows", "tasks", "role_rl"):
        (project / package).mkdir(parents=True)
        (project / package / "__init__.py").write_text(NOT_OURS)
    yield Installed(wheel, home / "venv" / "bin", project)
    shutil.rmtree(home / "venv")


def test_the_wheel_brings_one_name_and_the_data_that_the_readme_names(installed: Installed) -> None:
    names = zipfile.ZipFile(installed.wheel).namelist()
    assert {n.split("/")[0] for n in names if ".dist-info" not in n.split("/")[0]} == {"nightdesk"}
    for needed in ("contracts/passages.toml", "labels/zhibo.json", "samples/wire.xml", "deployments/prefect.yaml"):
        assert f"nightdesk/data/{needed}" in names
    assert not any(n.startswith("nightdesk/data/training") or "/tests/" in n for n in names)


def test_the_sample_night_runs_and_is_read(installed: Installed) -> None:
    done = installed.run("nightdesk", "run", "--out", "out", "--date", "2026-02-03")
    assert done.returncode == 0, done.stderr
    passages = len(rows(installed.project / "out", "passages", "2026-02-03"))
    assert passages > 500
    read = (
        "import nightdesk; print(nightdesk.scan('out', 'passages').num_rows, len(nightdesk.to_pandas('out', 'topics')))"
    )
    assert installed.python(read).split()[0] == str(passages)
    assert installed.python("import datasets; print(datasets.Dataset.__name__)") == "Dataset"
    evaluated = installed.run("nightdesk", "evaluate", "--json")
    assert evaluated.returncode == 0, evaluated.stderr


def test_the_deployment_files_are_copied_out_and_nothing_is_overwritten(installed: Installed) -> None:
    assert installed.run("nightdesk", "init", "deploy").returncode == 0
    assert (installed.project / "deploy" / "profiles" / "news.toml").read_bytes() == (
        ROOT / "deployments" / "profiles" / "news.toml"
    ).read_bytes()
    again = installed.run("nightdesk", "init", "deploy")
    assert (again.returncode, len(again.stderr.strip().splitlines())) == (2, 1)


def test_it_serves_and_an_ad_hoc_run_completes(installed: Installed, tmp_path: Path) -> None:
    command = [str(installed.bin / "nightdesk")]
    with serving(tmp_path, tmp_path, cwd=installed.project, nightdesk=command, without=ENVIRONMENT) as served:
        state = served.ended(served.start("adhoc-news", text=PASTED, run_date="2026-02-03"))
        assert state["type"] == "COMPLETED", (state, served.log.read_text())
        assert len(rows(served.out, "passages", "2026-02-03")) == 3


def test_it_opens_an_old_out(installed: Installed) -> None:
    out = Path(shutil.copytree(OLD, installed.project / "old"))
    moved = installed.run("nightdesk", "migrate", "--out", out)
    assert moved.returncode == 0, moved.stderr
    assert "rewritten" in moved.stdout
    assert installed.run("nightdesk", "weights", "--out", out).returncode == 0
    edition = installed.run("nightdesk", "edition", "--out", out, "--date", "2026-11-20")
    assert edition.returncode == 0, edition.stderr
