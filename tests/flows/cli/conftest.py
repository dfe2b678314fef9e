"""A folder in which the command is typed."""

from pathlib import Path

import pytest


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with a text, a broken document, a broken profile and an OUT in which nothing was published."""
    (tmp_path / "a.txt").write_text("The bridge is shut. Ferries run instead.")
    (tmp_path / "broken.json").write_text('[[1, "The bridge is shut."],\n [2, "Ferries" run]]')
    (tmp_path / "empty.txt").touch()
    (tmp_path / "good.json").write_text('[[1, "The bridge is shut."]]')
    (tmp_path / "sold.json").write_text('{"document": [[1, "Five pounds."]], "topics": [{"topic": "x", "price": [1]}]}')
    (tmp_path / "mine.toml").write_text('name = "mine"\n[categories]\nunplaced = "x"\n[[models]]\nname = "static"\n')
    for folder in ("no-documents", "published", "x", "y"):
        (tmp_path / folder).mkdir()
    for folder in ("x", "y"):
        (tmp_path / folder / "b.txt").write_text("Ferries run instead.")
    return tmp_path
