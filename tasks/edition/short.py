"""What a night says of itself beside its page, in editions/<date>/night.json, for the index over the nights."""

import json
from pathlib import Path

from pydantic import BaseModel, Field, NonNegativeInt

from nightdesk.tasks.edition.night import Edition
from nightdesk.tasks.edition.places import FRONT, Places, story_page
from nightdesk.tasks.edition.shown import shortened

NAME = "night.json"
_HEADLINES = 4  # stories of a night that the index names


class Headline(BaseModel):
    """A story as the index names it. id: its story_id; page: the file on which it stands."""

    title: str
    language: str
    id: str
    page: str = Field(FRONT, pattern=r"^(index|stories-\d{4,9})\.html$")


class Short(BaseModel):
    """A night in figures and headlines. unplaced: sentences."""

    profiles: tuple[str, ...]
    documents: NonNegativeInt
    unreadable: NonNegativeInt
    sentences: NonNegativeInt
    unplaced: NonNegativeInt
    stories: NonNegativeInt
    headlines: tuple[Headline, ...]


def told_in_short(night: Edition, places: Places | None) -> str:
    """Return night.json. places: where the stories of a night of many pages stand."""
    headlines = []
    for number, story in enumerate(night.stories[:_HEADLINES]):
        if story.is_pooled:  # small talk is no headline; it stands last
            break
        headline = {"title": shortened(story.title), "language": story.language, "id": story.story_id}
        if places is not None:
            headline["page"] = story_page(places.page(number))
        headlines.append(headline)
    told = {
        "profiles": night.profiles,
        "documents": len(night.documents),
        "unreadable": len(night.unreadable),
        "sentences": night.sentences,
        "unplaced": night.not_placed,
        "stories": len(night.stories),
        "headlines": headlines,
    }
    return json.dumps(told)


def read_short(folder: Path) -> Short | None:
    """Read what a night says of itself; None if that is gone or broken: the index then shows its date alone."""
    try:
        return Short.model_validate_json((folder / NAME).read_bytes())
    except (OSError, ValueError):
        return None
