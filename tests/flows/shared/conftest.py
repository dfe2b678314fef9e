"""For nights that lose something: a model with troubles, three texts, and a profile that asks that model."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flows.verdict_nights import PROFILE, WORLD
from tests.servers.playing import Playing
from tests.texts import evening


@pytest.fixture(scope="module")
def server(stand_in: Callable[..., Playing]) -> Playing:
    """Have the model played over HTTP."""
    return stand_in(WORLD)


@pytest.fixture
def texts(source: Path) -> dict[str, list[str]]:
    """Two evenings, and a few sentences of something that stands nowhere else: 3 % of them all."""
    odd = ["The zebra left.", "Nobody saw the zebra.", "The zebra may be back.", "A zebra costs 4 francs.", "Ask it."]
    told = {name: [s for _, s in evening(seed, 6)] for name, seed in (("big", 1), ("more", 2))} | {"odd": odd}
    for name, sentences in told.items():
        path = source / f"{name}.json"
        path.write_text(json.dumps(list(enumerate(sentences, 1))), encoding="utf-8")
        os.utime(path, (1_700_000_000, 1_700_000_000))  # it was there before any night of these tests
    return told


@pytest.fixture
def profile(server: Playing, tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a profile for the server, which has no trouble yet."""
    server.control("reset")

    def write(dollars: float = 50.0) -> Path:
        path = tmp_path / "one.toml"
        path.write_text(PROFILE.format(dollars=dollars, url=server.url), encoding="utf-8")
        return path

    return write
