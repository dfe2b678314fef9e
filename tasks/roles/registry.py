"""The four roles that models serve, by name: each a module with its prompt, its request, its checks and its measure."""

from types import ModuleType

from nightdesk.tasks.messages import Role
from nightdesk.tasks.roles import content_organizer, relationship_checker, topic_finder, topic_locator

MODULES: dict[Role, ModuleType] = {
    "topic_finder": topic_finder,
    "topic_locator": topic_locator,
    "relationship_checker": relationship_checker,
    "content_organizer": content_organizer,
}
