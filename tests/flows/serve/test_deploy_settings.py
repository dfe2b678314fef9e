"""The settings of deployments: what holds where no Prefect variable is set, and variables that cannot be used."""

from pathlib import Path

import pytest

from nightdesk.flows.serve.deploy_settings import settings
from nightdesk.tasks.errors import InputError


def test_where_nothing_is_set_jobs_run_in_this_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = settings()
    assert found["folder"] == str(tmp_path)
    assert (found["sources"], found["out"], found["profile"], found["python"]) == (["wires"], "out", "news", "python")


@pytest.mark.parametrize(
    ("variable", "sources"),
    [
        ("wires/{run_date}", ["wires/{run_date}"]),
        (["wires", "more"], ["wires", "more"]),
        ('["wires", "more"]', ["wires", "more"]),
        ("[draft].txt", ["[draft].txt"]),
        ([], ["wires"]),
    ],
)
def test_sources_are_a_list_or_one_name(variable: list[str] | str, sources: list[str]) -> None:
    assert settings(sources=variable)["sources"] == sources


def test_a_python_whose_path_has_a_blank_stays_one_word_of_the_command() -> None:
    assert settings(python="/opt/my venv/bin/python")["python"] == "'/opt/my venv/bin/python'"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"cron": "every night"}, "nightdesk_cron"),
        ({"timezone": "Mars/Olympus"}, "nightdesk_timezone"),
        ({"profile": "newz"}, "nightdesk_profile: 'newz' is none of commerce, news"),
        ({"sources": '[["wires"]]'}, "nightdesk_sources: write a list"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(wrong: dict[str, str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        settings(**wrong)
