"""A table of a profile: it knows its keys and never changes."""

from pydantic import BaseModel, ConfigDict


class Table(BaseModel):
    """A table of a profile: it knows its keys and never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)
