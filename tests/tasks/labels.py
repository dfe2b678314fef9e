"""A labelled document of four sentences, and files of it."""

import json
from pathlib import Path
from typing import Any

LABELLED = {
    "document": [[10, "a"], [11, "b"], [12, "c"], [13, "d"]],
    "passages": [[10, 11, "x"], [12, 13, "y"]],
    "topics": [{"topic": "X", "facts": [10, 11]}, {"topic": "Y", "facts": [12], "future plans": [13]}],
}


def labelled(folder: Path, name: str = "l", **changes: Any) -> Path:
    """Write the labelled document, but for what is changed."""
    path = folder / f"{name}.json"
    path.write_text(json.dumps({**LABELLED, **changes}))
    return path
