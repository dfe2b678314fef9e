"""A world of models, read from TOML."""

import pytest

from nightdesk.role_rl.errors import SettingsError
from nightdesk.role_rl.simulation.environments import parse_world

WORLD = """
[rewards]
k_cost = 20

[[models]]
name = "a"
family = "f"
accuracy = { topic_finder = 0.9, topic_locator = 0.8 }
prices = { input = 3.0, output = 15.0 }
tokens = { input = 1000, output = 100 }
brain = "echo"
[[models.changes]]
night = 3
accuracy = { topic_finder = 0.4 }
[[models.changes]]
night = 5
prices = { input = 0.0 }

[[models]]
name = "b"
family = "g"
accuracy = { content_organizer = 0.5, topic_finder = 0.7 }
"""


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("models = 3", "lacks"),
        ("[[models]]\nname = 'a'", "family"),
        ("[[models]]\nname = 'a'\nfamily = 'f'", "no role"),
        ("[[models]]\nname = 'a'\nfamily = 'f'\naccuracy = { topic_finder = 1.5 }", "topic_finder is 1.5"),
        ("[rewards]\nk = 1.0\n[[models]]\nname = 'a'\nfamily = 'f'\naccuracy = { topic_finder = 0.5 }", "k is none"),
        ("[[models", "not TOML"),
    ],
)
def test_what_is_no_world_is_named(text: str, names: str) -> None:
    with pytest.raises(SettingsError, match=names):
        parse_world(text)


def test_a_world_changes_on_the_nights_that_it_names_and_keeps_the_rest() -> None:
    world = parse_world(WORLD)
    before, after, late = (world.on(night)[0] for night in (2, 3, 9))
    assert [actor.accuracy["topic_finder"] for actor in (before, after, late)] == [0.9, 0.4, 0.4]
    assert after.accuracy["topic_locator"] == 0.8
    assert [actor.cost_usd for actor in (before, after, late)] == pytest.approx([0.0045, 0.0045, 0.0015])
    assert world.on(9)[1] == world.actors[1]


def test_a_world_has_the_roles_that_all_its_models_serve_and_keeps_what_is_for_a_server() -> None:
    world = parse_world(WORLD)
    assert world.roles == ("topic_finder",)
    assert world.rewards == {"k_cost": 20.0}
    assert world.actors[0].extra == {"brain": "echo"}
