"""The auth string of a server of ours: made once, kept where only its owner reads it, or named by a setting."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from prefect.settings import Settings
from prefect.settings.models.server import ServerSettings
from prefect.settings.models.server.api import ServerAPISettings

from nightdesk.flows.serve.server_auth import ServerKey, key_of
from nightdesk.tasks.errors import NightdeskError


def test_processes_that_race_for_the_first_string_get_the_same_one_in_a_private_file(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from nightdesk.flows.serve.server_auth import _kept; "
        "print(_kept(Path(sys.argv[1])))"
    )
    file = tmp_path / "home" / "nightdesk-auth"
    command = [sys.executable, "-c", script, str(file)]

    def made(_: int) -> str:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout

    with ThreadPoolExecutor(4) as together:
        strings = set(together.map(made, range(8)))
    assert strings == {file.read_text()}
    assert file.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in file.parent.iterdir()] == [file.name]


def test_a_string_that_a_setting_names_is_the_key_and_no_file_is_made(tmp_path: Path) -> None:
    named = ServerSettings(api=ServerAPISettings(auth_string="me:secret"))
    assert key_of(Settings(home=tmp_path, server=named)) == ServerKey("me:secret", None)
    assert list(tmp_path.iterdir()) == []


def test_a_file_without_a_string_is_named_with_the_way_out_and_loose_rights_are_tightened(tmp_path: Path) -> None:
    file = tmp_path / "nightdesk-auth"
    file.write_text("\n")
    with pytest.raises(NightdeskError, match=r"nightdesk-auth: holds no auth string .*; remove it"):
        key_of(Settings(home=tmp_path))
    file.write_text("me:secret\n")
    file.chmod(0o644)
    assert key_of(Settings(home=tmp_path)).auth == "me:secret"
    assert file.stat().st_mode & 0o777 == 0o600
