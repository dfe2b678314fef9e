"""The data that ships with the code."""

import pytest

from nightdesk.tasks.config import shipped_data
from nightdesk.tasks.config.shipped_data import folder


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("contracts", "calls.toml"),
        ("labels", "zhibo.json"),
        ("samples", "zhibo.vtt"),
        ("deployments", "prefect.yaml"),
        ("profiles", "news.toml"),
    ],
)
def test_what_ships_lies_where_it_is_looked_for(name: str, file: str) -> None:
    assert (folder(name) / file).stat().st_size > 0


def test_an_installation_that_lacks_its_data_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(shipped_data._PLACES, "labels", "data/gone")
    with pytest.raises(FileNotFoundError, match=r"gone: the installation lacks its labels; install nightdesk again"):
        folder("labels")
