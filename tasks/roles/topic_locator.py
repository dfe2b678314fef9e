"""The topic locator: which sentences of a chunk belong to which of its topics? One call places all topics."""

from collections.abc import Sequence

from nightdesk.tasks.messages import Answer, RoleRequest
from nightdesk.tasks.roles.agreement import share_equal

VERSION = 2
PROMPT = """\
The numbered topics below were found in the numbered sentences; some sentences that are typical of each are named. Put
every sentence under the one topic it belongs to, greetings and asides under the topic that they stand in. Answer one
group per topic: as label the topic's number, as numbers its sentences. For the topic with the most sentences write
"rest" as its numbers: all that the others do not name."""


def make_request(
    texts: Sequence[str], language: str, titles: Sequence[str], anchors: Sequence[tuple[int, ...]]
) -> RoleRequest:
    """Ask where in a chunk's sentences each topic is; anchors are the sentences that the finder named for it."""
    return RoleRequest("topic_locator", language, tuple(texts), tuple(titles), tuple(anchors))


def check(request: RoleRequest, answer: Answer) -> list[str]:
    """Return what is wrong with an answer's labels, a line each."""
    known = {str(k) for k in range(1, len(request.labels) + 1)}
    return [f"{g.label!r} is not the number of a topic that was shown" for g in answer.groups if g.label not in known]


def agreement(request: RoleRequest, answer: Answer, reference: Answer) -> float:
    """Share of the sentences that two answers put under the same topic."""
    return share_equal(answer, reference, len(request.items))
