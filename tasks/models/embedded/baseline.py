"""What an embedded model is, and the plainest one: what an answer is worth that costs no thought."""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable

from nightdesk.tasks.messages import Answer, Group, RoleRequest
from nightdesk.tasks.models.embedded.titles import title


class Embedded(ABC):
    """A model that computes its answers. penalty: what a new topic costs, in nats; less cuts finer (0: as usual)."""

    VERSION: str
    penalty = 0.0

    def __init__(self, penalty: float = 0.0) -> None:
        self.finer = penalty / self.penalty if penalty and self.penalty else 1.0

    async def answer(self, request: RoleRequest) -> Answer:
        """Answer one request (the Model protocol)."""
        return self.compute(request)

    def compute(self, request: RoleRequest) -> Answer:
        """Answer one request at once."""
        if not request.items:
            return Answer(())
        match request.role:
            case "topic_finder":
                return Answer(tuple(self._find(request)))
            case "topic_locator":
                return Answer(tuple(self._locate(request)) if request.labels else ())
            case "relationship_checker":
                return Answer(tuple(self._relate(request)))
            case "content_organizer":
                return Answer(tuple(self._organize(request)) if request.labels else ())

    @abstractmethod
    def _find(self, request: RoleRequest) -> Iterable[Group]: ...

    @abstractmethod
    def _locate(self, request: RoleRequest) -> Iterable[Group]: ...

    @abstractmethod
    def _relate(self, request: RoleRequest) -> Iterable[Group]: ...

    @abstractmethod
    def _organize(self, request: RoleRequest) -> Iterable[Group]: ...


class Baseline(Embedded):
    """A topic every 20 sentences, nothing related, everything in the usual category."""

    VERSION = "4"
    length = 20
    usual = ("facts", "product_description")

    def _find(self, request: RoleRequest) -> list[Group]:
        groups: list[Group] = []
        for first in range(0, len(request.items), self.length):
            end = min(first + self.length, len(request.items))
            label = title(request.items[first:end], request.language, [g.label for g in groups])
            groups.append(Group(label, tuple(sorted({first + 1, end}))))
        return groups

    def _locate(self, request: RoleRequest) -> list[Group]:
        """Every sentence goes to the nearest anchor; without anchors the topics get equal shares in order."""
        n = len(request.items)
        anchors = sorted((number, topic) for topic, named in enumerate(request.anchors) for number in named)
        placed: dict[int, list[int]] = defaultdict(list)
        for position in range(1, n + 1):
            nearest = [topic for _, topic in sorted((abs(number - position), topic) for number, topic in anchors)[:1]]
            placed[nearest[0] if nearest else (position - 1) * len(request.labels) // n].append(position)
        return [Group(str(topic + 1), tuple(positions)) for topic, positions in sorted(placed.items())]

    def _relate(self, request: RoleRequest) -> list[Group]:
        return []

    def _organize(self, request: RoleRequest) -> list[Group]:
        label = next((c for c in self.usual if c in request.labels), request.labels[0])
        return [Group(label, tuple(range(1, len(request.items) + 1)))]
