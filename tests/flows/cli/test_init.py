"""`nightdesk init`: the deployment files are copied whole, and nothing that is there is overwritten."""

from pathlib import Path

import pytest

from nightdesk.flows.cli.init import init
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.config.shipped_data import folder
from nightdesk.tasks.errors import InputError
from tests.flows.cli.typed import listing


def test_what_is_copied_is_what_ships_and_can_be_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    init(tmp_path / "new" / "mine")
    copied = {name: content for name, content in listing(tmp_path / "new" / "mine").items() if content is not None}
    assert {"prefect.yaml", "compose.yaml", "Dockerfile", "profiles/news.toml"} <= copied.keys()
    assert all((folder("deployments") / name).read_bytes() == content for name, content in copied.items())
    assert capsys.readouterr().out == f"{len(copied)} files are in {tmp_path / 'new' / 'mine'}\n"
    assert load_profile(str(tmp_path / "new" / "mine" / "profiles" / "news.toml")).categories


def test_a_file_that_is_there_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "news.toml").write_text("mine")
    before = listing(tmp_path)
    with pytest.raises(InputError, match=r"profiles/news\.toml: is there already, and init overwrites nothing"):
        init(tmp_path)
    assert listing(tmp_path) == before


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="file/mine: cannot be written"):
        init(tmp_path / "file" / "mine")
