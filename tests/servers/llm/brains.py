"""What the server's models know: an embedded model's answer, spoiled to the accuracy that the world gives."""

import random
from dataclasses import replace
from functools import lru_cache

from nightdesk.tasks.messages import Answer, Group, RoleRequest
from nightdesk.tasks.models.embedded.answers import MODELS
from tests.servers.llm.players import Player
from tests.servers.llm.spoils import spoil

MARKUP = "<script>document.title = 'gotcha'</script>"


@lru_cache(maxsize=4096)
def truth(brain: str, request: RoleRequest) -> Answer:
    """Return what an embedded model answers, without its confidence: a language model tells none."""
    answer = MODELS[brain]().compute(request)
    return Answer(tuple(replace(g, confidence=()) for g in answer.groups if g.numbers))


def think(player: Player, request: RoleRequest, fault: str | None, rng: random.Random) -> Answer:
    """Return the answer of a model, as right and as valid as its numbers say."""
    answer = truth(player.brain, replace(request, failed=""))
    answer = spoil(request, answer, player.actor.accuracy.get(request.role, 1.0), rng)
    if fault == "unshown" or rng.random() >= player.actor.valid.get(request.role, 1.0):
        answer = _with_unshown(answer, len(request.items), rng)
    if fault == "html" and request.role == "topic_finder":
        answer = Answer(tuple(replace(g, label=f"{MARKUP}{g.label}") for g in answer.groups))
    return answer


def _with_unshown(answer: Answer, shown: int, rng: random.Random) -> Answer:
    groups = list(answer.groups) or [Group("", ())]
    groups[0] = replace(groups[0], numbers=(*groups[0].numbers, shown + rng.randint(1, 9)))
    return Answer(tuple(groups))
