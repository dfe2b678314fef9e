"""A folder of a sentence encoder: refused in a clear line where nothing can be loaded from it, and known again."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from nightdesk.tasks.config.encoder_folder import fingerprint, problem


def test_a_folder_must_be_named_and_hold_a_model(tmp_path: Path) -> None:
    assert "needs path" in problem("")
    said = problem(str(tmp_path))
    assert said.startswith(f"{tmp_path}: no sentence-transformers model is there")
    assert said.endswith("nothing is downloaded")


@pytest.mark.skipif(find_spec("sentence_transformers") is not None, reason="the extra is installed")
def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text("[]", encoding="utf-8")
    assert "pip install 'nightdesk[local]'" in problem(str(tmp_path))


def test_another_model_in_the_same_folder_is_told_apart(tmp_path: Path) -> None:
    prints = set()
    for weights in (b"a" * 9, b"b" * 9, b"a" * 10):
        (tmp_path / "model.safetensors").write_bytes(weights)
        fingerprint.cache_clear()
        prints.add(fingerprint(str(tmp_path)))
    assert len(prints) == 3
