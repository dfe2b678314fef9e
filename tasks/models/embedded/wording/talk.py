"""What holds of live talk alone: small talk is one topic, and one title for a whole stream says nothing."""

from collections.abc import Sequence

from nightdesk.tasks.models.embedded.openings import is_talk
from nightdesk.tasks.roles.topic_finder import is_small_talk

MOST = 0.7  # of the sentences that are shown of a stream, under one title: of long topics not all are
LONG = 40  # sentences: a host who talks for longer has come to a second thing, or to a second side of the first


def wants_topics(sentences: Sequence[str]) -> bool:
    """Whether sentences are so much talk that one topic for all of them says nothing."""
    return len(sentences) >= LONG and is_talk(sentences)


def stories_of_talk(stories: Sequence[Sequence[int]], topics: Sequence[Sequence[str]]) -> list[list[int]]:
    """Make all small talk one story that holds nothing else; leave topics apart that would be a whole stream.

    stories: indices of topics. topics: the title and the sentences of each.
    """
    small = [k for k, topic in enumerate(topics) if is_small_talk(topic[0])]
    apart = [[k for k in story if k not in small] for story in stories] if small else [list(s) for s in stories]
    most = MOST * sum(len(topic) - 1 for topic in topics)
    sweeping = [s for s in apart if len(s) > 1 and sum(len(topics[k]) - 1 for k in s) > most]
    for story in sweeping:
        if wants_topics([sentence for k in story for sentence in topics[k][1:]]):
            apart.remove(story)
            apart += [[k] for k in story]
    return [story for story in [*apart, small] if story]
