"""What the flow `follow` is asked to do: a form in the Prefect UI, as those of the other flows are."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from nightdesk.flows.shared.parameters import Out, Parameters, ProfileName
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.following import times
from nightdesk.tasks.reading.documents import shown


def _checked(check: Callable[[str], Any]) -> AfterValidator:
    """Refuse what a function of the text refuses; the text stays as it was written."""

    def see(written: str) -> str:
        if written.strip():
            check(written)
        return written.strip()

    return AfterValidator(see)


class FollowParameters(Parameters):
    """What to follow, how closely, until when, and for how many dollars."""

    sources: list[str] = Field(
        default=[],
        title="Sources",
        description="Files that grow (.txt, .vtt, .srt, .jsonl), folders in which files arrive, or http(s) addresses "
        "of feeds. Left empty: as the deployment has it.",
    )
    text_id: str = Field(default="stdin", title="Name", description="What the text on stdin (source -) is called.")
    out: Out = "out"
    profile: ProfileName = "news"
    every: Annotated[str, _checked(lambda text: times.seconds_of(text, *times.EVERY_S))] = Field(
        default="30s", title="Every", description="Time between two looks at the sources, such as 5s, 30s or 2m."
    )
    idle: Annotated[str, _checked(lambda text: times.seconds_of(text, *times.IDLE_S))] = Field(
        default="10m",
        title="Idle",
        description="Time without anything new after which an unfinished last line counts as a sentence.",
    )
    until: Annotated[str, _checked(times.time_of)] = Field(
        default="",
        title="Until",
        description="Time of day (HH:MM) at which the day is ended, and the follow with it. Left empty: each day ends "
        "at midnight and the next one is followed, until you cancel it.",
    )
    timezone: Annotated[str, _checked(times.zone_of)] = Field(
        default="",
        title="Time zone",
        description="Where it is midnight when a day ends, such as Europe/Berlin. Left empty: as the deployment has "
        "it, or that of the machine.",
    )
    dollars_per_day: float = Field(
        default=0.0,
        ge=0,
        title="Dollars a day",
        description="The most that a day may take; what is beyond is left to the nights. 0: as the profile says in its "
        "[follow].",
    )
    dollars_per_hour: float = Field(
        default=0.0,
        ge=0,
        title="Dollars an hour",
        description="The most that an hour of the clock may take; what is beyond waits. 0: as the profile says in its "
        "[follow].",
    )

    @property
    def every_s(self) -> float:
        """Seconds between two looks."""
        return times.seconds_of(self.every, *times.EVERY_S)

    @property
    def idle_s(self) -> float:
        """Seconds without a change after which nothing is held any more."""
        return times.seconds_of(self.idle, *times.IDLE_S)

    def check_sources(self) -> None:
        """Raise InputError if nothing is named, or something that no follow reads because of its name."""
        if not self.sources:
            raise InputError("no source was named; name files that grow, folders, addresses of feeds, or - for stdin")
        for source in self.sources:
            if "{run_date}" in source:
                raise InputError(
                    f"{shown(source)}: a follow goes on from date to date, so it takes no {{run_date}}; name the "
                    "folder in which files arrive"
                )
