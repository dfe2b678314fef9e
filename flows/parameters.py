"""What a run is asked to do: the one parameter model of all flows, shown as a form in the Prefect UI."""

from datetime import date

from pydantic import BaseModel, ConfigDict, Field


class RunParameters(BaseModel):
    """What to read, where to write, and how."""

    model_config = ConfigDict(extra="forbid")

    sources: list[str] = Field(
        default=["datasets/samples"],
        description="Files, folders, globs, or http(s) addresses of feeds and articles; "
        "{run_date} stands for the run's date.",
    )
    text_id: str = Field(default="", description="What the text on stdin (source -) is called.")
    out: str = Field(default="out", description="Folder of the tables, the answers' store and the learner's state.")
    run_date: date | None = Field(
        default=None, description="Date the run is for; left empty: the scheduled date, or today."
    )
    profile: str = Field(default="news", description="news, commerce, or the path of a profile's .toml file.")
    learn: bool = Field(default=True, description="Update the weights after the run.")
    reassign: bool = Field(
        default=False, description="Draw anew by the newest weights, even if the same text was run for this date."
    )
    only_new: bool = Field(default=True, description="Skip documents that an earlier date has published unchanged.")


class LearnParameters(BaseModel):
    """Whose weights to update, from which tables."""

    model_config = ConfigDict(extra="forbid")

    out: str = Field(default="out", description="Folder of the tables and the learner's state.")
    profile: str = Field(default="news", description="news, commerce, or the path of a profile's .toml file.")
