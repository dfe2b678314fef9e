"""The embedded models, with hostile sentences: many of them, or one that is long."""

import sys
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.scaling_cases import hostile
from benchmarks.scaling_cases.hostile import repeated
from benchmarks.scaling_cases.step import Step
from nightdesk.tasks.messages import Role, RoleRequest
from nightdesk.tasks.models.embedded import answers, token_ids, vectors
from nightdesk.tasks.models.embedded.cues import cue_table

_NEWS = ("facts", "opinions", "assumptions", "future_plans")
_LONG = ("a ", "A, ", "…", "、", "大", "十", "number 9 ", "'a", "(", "1日", "A/", "said ", "x")
_MANY = ("a", "He said. ", "大桥今天关闭。", "number nine ", "A,A,A,A,A,A,A,A,A,A,A,A,A,A,A,A,", "“a ", "\u0301")
_ROLES: tuple[Role, ...] = ("topic_finder", "topic_locator", "relationship_checker", "content_organizer")


def steps(every: bool) -> Iterator[Step]:
    """Yield a step for each model, role and piece."""
    for kind, model in answers.MODELS.items():
        long = hostile.EVERY if every else _LONG if kind == "static" else _LONG[:2]
        many = hostile.EVERY if every else _MANY if kind == "static" else _MANY[:2]
        for role in _ROLES:
            for unit in long:
                yield Step(f"{kind} {role}, long: {unit!r}"[:60], _long(role, unit), model().compute)
            for unit in many if role != "relationship_checker" else ():  # it is shown 150 topics at most
                yield Step(f"{kind} {role}, many: {unit!r}"[:60], _many(role, unit), model().compute, 250, 4_000)


def _long(role: Role, unit: str) -> Callable[[int], RoleRequest]:
    """Return what makes a request of sentences of which each has a share of n letters."""

    def make(n: int) -> RoleRequest:
        return _request(role, tuple(f"{k} {repeated(unit, n // 8)}" for k in range(8)))

    return make


def _many(role: Role, unit: str) -> Callable[[int], RoleRequest]:
    return lambda n: _request(role, tuple(f"{unit} {k}" for k in range(n)))


def _request(role: Role, items: tuple[str, ...]) -> RoleRequest:
    match role:
        case "topic_locator":
            return RoleRequest(role, "en", items, ("a", "b"), ((1,), (len(items),)))
        case "content_organizer":
            return RoleRequest(role, "en", items, _NEWS)
    return RoleRequest(role, "en", items)


def warm() -> None:
    """Load what the models need."""
    for model in answers.MODELS.values():
        for role in _ROLES:
            for text in ("The mill has burnt.", "大桥今天关闭。", "okay guys, number nine"):
                model().compute(_request(role, tuple(f"{text} {k}" for k in range(12))))


def forget() -> None:
    """Empty what is kept of sentences that were seen: the same text comes again and again here."""
    vectors._rows.clear()
    token_ids._known.clear()
    for name, module in list(sys.modules.items()):
        if name.startswith("nightdesk.tasks.models.embedded."):
            for value in vars(module).values():
                _clear(value)
    for name in ("news", "commerce"):
        for language in ("en", "zh", "any"):
            cue_table(name, language).shown.clear()


def _clear(kept: Any) -> None:
    if hasattr(kept, "cache_parameters") and kept.cache_parameters()["maxsize"] is not None:
        kept.cache_clear()
