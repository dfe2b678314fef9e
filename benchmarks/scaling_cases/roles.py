"""What roles and the learner's neighbours do with text: model replies, checks, chunks, prompts, stories."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from typing import Any

import numpy as np

from benchmarks.scaling_cases.hostile import repeated
from benchmarks.scaling_cases.step import Step
from nightdesk.tasks.config.profile import Chunks
from nightdesk.tasks.errors import NightdeskError
from nightdesk.tasks.messages import Answer, Group, RoleRequest
from nightdesk.tasks.reading.documents import make_document
from nightdesk.tasks.reading.formats.metadata import as_id, as_text
from nightdesk.tasks.reading.language import detect_language
from nightdesk.tasks.reading.sentences import split_prose
from nightdesk.tasks.reorganizing import stories
from nightdesk.tasks.roles import format_checker, prompts, relationship_checker, replies, tokens, topic_finder
from nightdesk.tasks.roles.chunk_splitter import split_document
from nightdesk.tasks.roles.registry import MODULES

_DAY = date(2026, 1, 1)
_REPLIES: dict[str, tuple[str, str, str]] = {  # what stands before, what is said again and again, what stands after
    "open brackets": ("", "[", ""),
    "open objects": ("", '{"groups":', ""),
    "objects": ("", '{"groups": 1}', ""),
    "open strings": ("", '{"a', ""),
    "brackets and numbers": ("[" * 900, "1,", ""),
    "many brackets and numbers": ("[1," * 300, "1,", ""),
    "lists that do not end": ("", "[1,", ""),
    "thoughts": ("", "</think>", '{"groups": []}'),
    "half a thought": ("", "</ ", ""),
    "commas": ('{"groups": [', ", ", "]}"),
    "blanks": ("", " ", '{"groups": [{"label": "a", "numbers": "1"}]}'),
    "Python": ("{'groups': [", "{'label': 'a', 'numbers': '1'},", "]}"),
    "signs": ("{'a': ", "-", "1}"),
    "groups": ('{"groups": [', '{"label": "a", "numbers": "1-9"},', '{"label": "a", "numbers": "1"}]}'),
    "wrong groups": ('{"groups": [', '{"label": 1.5},', "1]}"),
    "numbers": ('{"groups": [{"label": "a", "numbers": "', "1,", '1"}]}'),
    "ranges": ('{"groups": [{"label": "a", "numbers": "', "1-9999 to ", '1"}]}'),
    "blanks in numbers": ('{"groups": [{"label": "a", "numbers": "1', " ", 'x"}]}'),
    "a label": ('{"groups": [{"label": "', "\\u202e", '", "numbers": "1"}]}'),
    "digits": ('{"groups": ', "9", "}"),
}


def steps() -> Iterator[Step]:
    """Yield the steps of the roles."""
    for name, (before, unit, after) in _REPLIES.items():
        yield Step(f"reply: {name}", _reply(before, unit, after), _parsed)
    yield Step("splitter: sentences", lambda n: ["a" * 30] * n, lambda texts: split_document("d", texts, Chunks()))
    yield Step("splitter: long sentences", lambda n: ["a" * 30_000] * n, lambda t: split_document("d", t, Chunks()))
    for role in MODULES:
        yield Step(f"{role}: many groups", _answers(role, 1), _checked)
        yield Step(f"{role}: long labels", _answers(role, 0), _checked)
        # No more than a million letters, which is far more than a chunk has: beyond, the memory is asked for anew.
        step = f"{role}: prompt", _request(role), lambda request: tokens.prompt_tokens(prompts.render(request))
        yield Step(*step, most=2_000_000)
    yield Step("finder: a title", lambda n: repeated("a\u202e ", n), topic_finder.clean_title)
    yield Step("checker: topics to calls", _vectors(8), relationship_checker.candidate_calls, 4_096, 16_384)
    yield Step("checker: stitching", _placed, relationship_checker.stitch, 500)
    yield Step("stories: of topics", _topics, _related, 64, 1_024)
    yield Step(
        "documents: sentences", lambda n: [(str(k), "a") for k in range(n)], lambda s: make_document("d", "s", s)
    )
    yield Step("language: blank lines", lambda n: [""] * n, detect_language)
    yield Step("sentences: a wrapped text", lambda n: repeated("a" * 70 + "\n", n), split_prose)
    yield Step("metadata: a title", lambda n: repeated("a\u3000", n), as_text)
    yield Step("metadata: an id", lambda n: repeated("\u00e9", n), as_id)


def _reply(before: str, unit: str, after: str) -> Callable[[int], str]:
    return lambda n: before + repeated(unit, n) + after


def _parsed(text: str) -> None:
    with suppress(NightdeskError):
        replies.parse(text, 100)


def _answers(role: Any, many: int) -> Callable[[int], tuple[RoleRequest, Answer]]:
    """Return what makes a request of n items with an answer of n groups, or of one with a label of n letters."""

    def make(n: int) -> tuple[RoleRequest, Answer]:
        items = ("a",) * (n if many else 2)
        request = RoleRequest(role, "en", items, ("a", "b"), ((1,), (2,)))
        groups = [Group(f"t{k}", (k,)) for k in range(n)] if many else [Group(repeated("a ", n), (1, 2))]
        return request, Answer(tuple(groups))

    return make


def _checked(given: tuple[RoleRequest, Answer]) -> None:
    request, answer = given
    module = MODULES[request.role]
    format_checker.check(request, answer, module.check)
    module.agreement(request, answer, answer)


def _request(role: Any) -> Callable[[int], RoleRequest]:
    return lambda n: RoleRequest(role, "en", (repeated("</items>\n", n), repeated("\r\x85", n)), ("a",), ((1,),))


def _vectors(dimensions: int) -> Callable[[int], Any]:
    def make(n: int) -> Any:
        vectors = np.random.default_rng(1).normal(size=(n, dimensions)).astype(np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    return make


def _placed(n: int) -> list[dict[int, int]]:
    return [{p: p % 7 for p in range(90 * k, 90 * k + 120)} for k in range(n // 100)]


def _topics(n: int) -> tuple[list[str], list[str], Any]:
    marks = [stories.Mark(stories.pack(vector)) for vector in _vectors(64)(n)]
    return [f"t{k}" for k in range(n)], [f"d{k // 4}" for k in range(n)], marks


def _related(given: tuple[list[str], list[str], Any]) -> None:
    stories.relate(*given, stories.KnownStories(), [stories.Rule(0.065, 1.9)] * len(given[0]))
