"""A question of each role about six sentences, and answers to it."""

from hypothesis import strategies as st

from nightdesk.tasks.messages import Group, Role, RoleRequest
from nightdesk.tasks.roles import content_organizer, relationship_checker, topic_finder, topic_locator

TEXTS = tuple(f"Sentence {k}." for k in range(1, 7))
REQUESTS: dict[Role, RoleRequest] = {
    "topic_finder": topic_finder.make_request(TEXTS, "en"),
    "topic_locator": topic_locator.make_request(TEXTS, "en", ["Bridge", "Bank"], [(1, 3), (4,)]),
    "relationship_checker": relationship_checker.make_request([f"T{k}" for k in range(6)], [TEXTS] * 6, "en"),
    "content_organizer": content_organizer.make_request(TEXTS, "en", ["facts", "opinions"]),
}
LABELS = {
    "topic_finder": ["Bridge", "Bank"],
    "topic_locator": ["1", "2"],
    "relationship_checker": ["", ""],
    "content_organizer": ["facts", "opinions"],
}
PLACED = st.lists(st.sampled_from([None, 0, 1]), min_size=6, max_size=6)


def groups_of(role: Role, placed: list[int | None]) -> tuple[Group, ...]:
    """Put number k under the label that placed[k - 1] points at, or under none."""
    numbers = {k: tuple(n for n, at in enumerate(placed, 1) if at == k) for k in (0, 1)}
    return tuple(Group(LABELS[role][k], ns) for k, ns in numbers.items() if ns)
