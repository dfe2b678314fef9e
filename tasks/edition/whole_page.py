"""A night on one page."""

from collections.abc import Callable

from nightdesk.tasks.edition.articles import piece, whole
from nightdesk.tasks.edition.environment import environment
from nightdesk.tasks.edition.front import front_page
from nightdesk.tasks.edition.night import Edition, EditionStory
from nightdesk.tasks.edition.paragraphs import Near, unplaced_html

Since = Callable[[EditionStory], str]  # the page of the earlier night that had a story, or nothing


def night_page(night: Edition, since: Since = lambda story: "") -> str:
    """Return a night on one page, as HTML. since: returns the page of the earlier night with a story, or nothing."""
    return (
        environment()
        .get_template("night.html.j2")
        .render(
            night=night,
            front=front_page(night),
            place=lambda story: "",
            articles=[piece("article", whole(story), night.profiles, since(story)) for story in night.stories],
            unplaced=[unplaced_html(group, group.sentences, Near.NIGHT) for group in night.unplaced],
            unreadable=[piece("unreadable", *it) for it in night.unreadable],
            documents=[piece("document", it, night.has_language) for it in night.documents],
        )
    )
