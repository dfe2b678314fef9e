"""Topics that a tail may go on with: those that were heard last, each with a few sentences that stand for it."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from nightdesk.tasks.following.provisional.tail_work import ShownTopic

HEARD = 6  # topics that a sentence may go on with
SHOWN = 3  # first sentences of a topic that stand for it, and as many of its last


@dataclass(slots=True)
class HeardTopic:
    """A topic. first: a few of its first sentences; last: of those that came after them."""

    title: str
    first: list[str] = field(default_factory=list)
    last: deque[str] = field(default_factory=lambda: deque(maxlen=SHOWN))

    def hear(self, text: str) -> None:
        """Take in a sentence of it."""
        if text not in self.first and text not in self.last:
            (self.first if len(self.first) < SHOWN else self.last).append(text)

    def shown(self, later: "HeardTopic | None" = None) -> ShownTopic:
        """Return what a model is shown of it. later: what was heard of it since."""
        texts = [*self.first, *self.last]
        if later is not None:
            texts += [*later.first, *later.last]
        return ShownTopic(self.title, (*texts[:SHOWN], *texts[SHOWN:][-SHOWN:]))


class HeardTopics:
    """The topics of a document that were heard last, by their ids; the last one stands last."""

    def __init__(self) -> None:
        self._topics: dict[str, HeardTopic] = {}

    def hear(self, rows: Iterable[tuple[str, str | None, str | None]]) -> None:
        """Take in sentences as (text, topic_id, title), in order."""
        for text, topic_id, title in rows:
            if topic_id is None:
                continue
            topic = self._topics.pop(topic_id, None) or HeardTopic(title or "")
            topic.title = title or topic.title
            topic.hear(text)
            self._topics[topic_id] = topic
        for topic_id in list(self._topics)[:-HEARD]:
            del self._topics[topic_id]

    def rename(self, names: Mapping[str, tuple[str, str]]) -> None:
        """Call topics by other ids and titles: id -> (id, title); where two are one, sentences of both stand for it."""
        renamed: dict[str, HeardTopic] = {}
        for old, topic in self._topics.items():
            topic_id, title = names.get(old, (old, topic.title))
            known = renamed.pop(topic_id, None)
            for text in (*known.first, *known.last) if known else ():
                topic.hear(text)
            topic.title = title
            renamed[topic_id] = topic
        self._topics = renamed

    def shown(self, later: "HeardTopics | None" = None) -> dict[str, ShownTopic]:
        """Return what a model is shown of them, by their ids. later: what was heard since, of these or of others."""
        since = later._topics if later is not None else {}
        found = {i: t.shown() for i, t in self._topics.items() if i not in since}
        found |= {i: self._topics.get(i, HeardTopic(t.title)).shown(t) for i, t in since.items()}
        return dict(list(found.items())[-HEARD:])
