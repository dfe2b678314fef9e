"""`nightdesk simulate`: figures that follow from its nights, and a world that cannot be read named by its file."""

from pathlib import Path

import pytest

from nightdesk.flows.cli.simulate import by_night, figures, read_world
from nightdesk.role_rl.simulation.simulate import simulate
from nightdesk.tasks.errors import InputError
from tests.servers.playing import ROOT


def test_the_figures_are_those_of_the_nights_together() -> None:
    outcome = simulate(read_world(ROOT / "benchmarks" / "models.toml"), 3, 1, decisions=40)
    told, nights = figures(outcome), by_night(outcome)
    assert [n["night"] for n in nights] == [1, 2, 3]
    assert told["nights"] == 3
    for dollars in ("serving_usd", "judging_usd"):
        assert told[dollars] == pytest.approx(sum(n[dollars] for n in nights), abs=5e-4)
    assert told["saved"] <= 1
    assert all(0 <= n["accuracy"] <= 1 and n["regret"] < 1 for n in nights)


@pytest.mark.parametrize(
    ("content", "said"), [(None, "cannot be read"), (b"\xff\xfe", "cannot be read"), (b"models = ", ""), (b"", "")]
)
def test_a_world_that_cannot_be_read_is_named_in_one_line(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "world.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as told:
        read_world(path)
    assert str(told.value).startswith(f"--models {path}: {said}")
    assert len(str(told.value).splitlines()) == 1
