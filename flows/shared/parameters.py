"""What flows are asked to do: their parameter models, which the Prefect UI shows as forms.

Forms are good where a field has one plain type, a title and a default: no Optional, no dict. What they send for a field
that is left empty differs: the default if nobody touched it, nothing at all if it was cleared, null for some.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, field_serializer, model_validator
from pydantic.fields import FieldInfo

from nightdesk.tasks.config.profile import shipped_profiles
from nightdesk.tasks.reading.documents import shown


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


# A date, or nothing: then the run is for the date of its schedule or, started by hand, for today. A form shows a
# calendar for it, because its one type is a string with the format of a date. The schema names no default: forms would
# send a default of null, which is no string; and only where an optional field has no default does the server take null
# besides its type. Nothing is not frozen at deploy time, as a default that is a date would be.
Day = Annotated[
    date | None,
    BeforeValidator(lambda day: day or None),
    WithJsonSchema({"type": "string", "format": "date"}),
    Field(json_schema_extra=_without_default),
]
_of_ones_own: list[str] = []


def offer_profile(profile: str) -> None:
    """Have forms offer a profile of one's own besides the shipped ones: those of flows registered from now on.

    profile: the path of its file, as runs will be given it.
    """
    if profile not in (*shipped_profiles(), *_of_ones_own):
        _of_ones_own.append(profile)


def _choices(schema: dict[str, Any]) -> None:
    # Called whenever a schema is made: Prefect makes it anew when it registers a flow.
    schema["enum"] = [*shipped_profiles(), *_of_ones_own]


ProfileName = Annotated[str, Field(title="Profile", description="What kind of text it is.", json_schema_extra=_choices)]
ProfileFile = Annotated[
    str, Field(title="Profile", description="news, commerce, or the path of a profile's .toml file.")
]
MISSING, EVERYTHING = "only what is missing", "everything again"  # documents that a run takes
Choice = Literal["only what is missing", "everything again"]
Out = Annotated[
    str, Field(title="Output folder", description="Holds the tables, the answers' store and the learner's state.")
]
DrawAnew = Annotated[
    bool,
    Field(
        title="Draw anew",
        description="Draw models by the newest weights, even if the same text was run for this date.",
    ),
]


def titled(title: str) -> FieldInfo:
    """Name a flow's parameter in its form; Prefect would show its name in the code."""
    field: FieldInfo = Field(json_schema_extra={"title": title})
    return field


class Parameters(BaseModel):
    """Parameters that refuse names they do not know, and take what was left empty for not named."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _empty_is_not_named(cls, given: Any) -> Any:
        """Leave out known fields that are null or blank, and such items of lists."""
        if not isinstance(given, Mapping):
            return given
        named = {name: value for name, value in given.items() if name not in cls.model_fields or not _is_empty(value)}
        return {
            name: [item for item in value if not _is_empty(item)] if isinstance(value, list) else value
            for name, value in named.items()
        }

    # What Prefect notes of a run is text. A name that is no UTF-8 is known to the run that it was given to.
    @field_serializer("sources", when_used="json", check_fields=False)
    def _texts(self, names: list[str]) -> list[str]:
        return [shown(name) for name in names]

    @field_serializer("text_id", "profile", when_used="json", check_fields=False)
    def _text(self, name: str) -> str:
        return shown(name)


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


class RunParameters(Parameters):
    """What to read, where to write, and how."""

    # only_new, true or false, is an older name of documents: it is not in the form, and taken all the same.
    model_config = ConfigDict(json_schema_extra={"patternProperties": {"^only_new$": {"type": "boolean"}}})

    sources: list[str] = Field(
        default=["datasets/samples"],
        title="Sources",
        description="Files, folders, globs, or http(s) addresses of feeds and articles; "
        "{run_date} stands for the run's date.",
    )
    text_id: str = Field(default="", title="Name", description="What the text on stdin (source -) is called.")
    out: Out = "out"
    run_date: Day = Field(
        default=None,
        title="First date",
        description="The date the run is for, or the first of several. Left empty: the scheduled date or, started by "
        "hand, today.",
    )
    last_run_date: Day = Field(
        default=None,
        title="Last date",
        description="The last of several dates: each is a night of its own. Left empty: there is only one.",
    )
    documents: Choice = Field(
        default="only what is missing",
        title="Documents",
        description="Only what is missing: leave out what stands in the tables unchanged, under this or another date.",
    )
    profile: ProfileFile = "news"
    learn: bool = Field(default=True, title="Learn", description="Update the weights after the run.")
    reassign: DrawAnew = False
    fail_on_missing: bool = Field(
        default=False,
        title="Fail if a source is missing",
        description="End the run before it asks any model if a source is not there or an address gives nothing. "
        "Otherwise it goes on without that source, and says so.",
    )

    @model_validator(mode="before")
    @classmethod
    def _older_name(cls, given: Any) -> Any:
        """Take only_new for documents, unless that is named, too."""
        if not isinstance(given, Mapping) or not isinstance(given.get("only_new"), bool | None):
            return given
        named = {name: value for name, value in given.items() if name != "only_new"}
        if given.get("only_new") is not None and _is_empty(named.get("documents")):
            named["documents"] = MISSING if given["only_new"] else EVERYTHING
        return named

    @property
    def is_all(self) -> bool:
        """Whether documents are taken that stand in the tables already."""
        return self.documents == EVERYTHING


class AdhocParameters(Parameters):
    """One document pasted here, or sources that the worker can read; both go into the same run."""

    text: str = Field(
        default="",
        title="Text",
        description="Paste a document: prose, or lines of sentences.",
    )
    doc_id: str = Field(
        default="",
        title="Name of the text",
        description="Its doc_id in the tables: letters, digits, dots, dashes. Left empty: from its content.",
        pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,99})?$",
    )
    sources: list[str] = Field(
        default=[],
        title="Sources",
        description="Files, folders or globs where the flow runs; {run_date} stands for the date. Delete an item that "
        "you leave empty.",
    )
    profile: ProfileName = "news"
    run_date: Day = Field(
        default=None,
        title="Date",
        description="The date the documents are filed under. Left empty: today.",
    )
    out: Out = "out"
    reassign: DrawAnew = False

    @model_validator(mode="after")
    def _something_to_read(self) -> Self:
        if not self.text.strip() and not self.sources:
            raise ValueError("nothing to read: paste a text, or name sources")
        if self.doc_id and not self.text.strip():
            raise ValueError(f"a text is named {self.doc_id!r}, but none was pasted")
        return self


class LearnParameters(Parameters):
    """Whose weights to update, from which tables."""

    out: Out = "out"
    profile: ProfileFile = "news"


class EvaluateParameters(Parameters):
    """Labelled documents, and who serves them."""

    labelled: list[str] = Field(
        default=[],
        title="Labelled documents",
        description="Files as in datasets/labels, where the flow runs. Left empty: those that come with nightdesk.",
    )
    profile: ProfileFile = "news"
    greedy: bool = Field(
        default=False,
        title="Leading models only",
        description="Have the leading model of each role serve; explore and judge nothing.",
    )
    out: str = Field(
        default="",
        title="Output folder",
        description="Work in this folder, by its weights. Left empty: in one that is removed in the end.",
    )
