"""The picture of the weights: an SVG that says what was learned, whatever models are called."""

from itertools import count
from pathlib import Path
from xml.etree import ElementTree

import pytest

from nightdesk.tasks.learning.sums import opened
from nightdesk.tasks.learning.weights_plot import draw, picture
from tests.hostile import hostile

SVG = "{http://www.w3.org/2000/svg}"


def test_a_picture_shows_every_arm_as_a_line_with_its_name() -> None:
    weights = {"topic finder, en": {"static": [(1, 0.9), (2, 0.4)], "<b>&": [(1, 0.1), (2, 0.6)]}}
    root = ElementTree.fromstring(picture("news", 2, weights, {"serving": [(1, 0.5)], "judging": [(1, 0.1)]}))
    said = [element.text for element in root.iter(f"{SVG}text")]
    assert {"topic finder, en", "static", "<b>&", "serving", "judging", "news: weights up to version 2"} <= set(said)
    lines = [element.attrib["points"].split() for element in root.iter(f"{SVG}polyline")]
    assert [len(points) for points in lines] == [2, 2, 1, 1]
    falls = [float(point.split(",")[1]) for point in lines[0]]
    assert falls[0] < falls[1]  # in a picture, down is more


def test_nothing_published_is_a_picture_too(tmp_path: Path) -> None:
    with opened(tmp_path, tmp_path / "state" / "news") as sums:
        path = draw(tmp_path, "news", 7, sums)
    assert path.name == "000007.svg"
    assert ElementTree.fromstring(path.read_text(encoding="utf-8")).tag == f"{SVG}svg"
    assert sorted(p.name for p in path.parent.iterdir()) == ["000007.svg", "sums.db"]


@pytest.mark.parametrize("name", hostile("https://evil.example/"), ids=count())
def test_any_name_is_a_picture_that_shows_it_as_text_and_holds_nothing_else(name: str) -> None:
    weights = {name: {name: [(1, 0.9), (2, 0.4)]}}
    svg = picture(name, 2, weights, {name: [(1, 0.5)]})
    root = ElementTree.fromstring(svg.encode("utf-8"))
    assert {element.tag for element in root.iter()} == {
        f"{SVG}{tag}" for tag in ("svg", "rect", "text", "polyline", "circle")
    }
    named = {key for element in root.iter() for key in element.attrib}
    assert not [key for key in named if key.startswith("on") or "href" in key or key == "style"]
    assert all(len(element.text or "") < 100 for element in root.iter())
