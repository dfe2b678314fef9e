"""When topics of different documents and nights are one story."""

from typing import Annotated

from pydantic import Field

from nightdesk.tasks.config.toml_table import Table

Likeness = Annotated[float, Field(ge=0, le=1)]


class StorySettings(Table):
    """across: whether topics of different documents and nights may be one story at all.

    likeness: language -> least cosine of the terms of two topics ("other": of the languages that are not named).
    in_common: how many distinctive things (names, rare words) both must name; see docs/operations.md.
    """

    across: bool = True
    likeness: dict[str, Likeness] = Field(default_factory=lambda: {"en": 0.065, "zh": 0.07, "other": 0.08})
    in_common: float = Field(2.0, ge=0)

    def least(self, language: str) -> float:
        """Return the least likeness of two topics, one of which is of a document in this language."""
        return self.likeness.get(language, self.likeness.get("other", 0.08))
