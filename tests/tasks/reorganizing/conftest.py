"""A stand-in server of a model that reads little and one that reads much."""

from collections.abc import Callable

import pytest

from tests.servers.playing import Playing
from tests.tasks.reorganizing.ran import WORLD


@pytest.fixture
def server(stand_in: Callable[..., Playing]) -> Playing:
    """Have the world of `ran` played anew."""
    playing = stand_in(WORLD)
    playing.control("reset")
    return playing
