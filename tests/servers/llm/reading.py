"""The inverse of the prompts module: our prompt, read back into its request, and a reply written.

The language is not in a prompt: it is told from the items, as on reading a document.
"""

import json
import re
from functools import lru_cache

from nightdesk.tasks.messages import Answer, Role, RoleRequest
from nightdesk.tasks.reading.language import detect_language
from nightdesk.tasks.roles.registry import MODULES
from nightdesk.tasks.roles.replies import REST

_PROMPT = re.compile(r"<items-(?P<code>[0-9a-f]{8})>\n(?P<items>.*)\n</items-(?P=code)>\s*(?P<question>.*)", re.DOTALL)
_ITEM = re.compile(r"^\d+\. ", re.MULTILINE)
_TOPIC = re.compile(r"^\d+\. (?P<label>.*?)(?: \(sentences (?P<anchors>[\d, ]+)\))?$", re.DOTALL)
_REPAIR = "\nYour last answer and what was wrong with it:\n"


@lru_cache(maxsize=256)
def read_request(text: str) -> RoleRequest | None:
    """Return the request that a prompt asks, or None if it is no prompt of ours."""
    prompt = _PROMPT.search(text)
    role = next((r for r, m in MODULES.items() if prompt and prompt["question"].startswith(m.PROMPT)), None)
    if prompt is None or role is None:
        return None
    items = tuple(_unfenced(i) for i in _ITEM.split(prompt["items"])[1:])
    question, _, failed = prompt["question"][len(MODULES[role].PROMPT) :].partition(_REPAIR)
    labels, anchors = _labels(role, question)
    language = detect_language(list(items))
    return RoleRequest(role, language, items, labels, anchors, failed=_unfenced("\n".join(failed.split("\n")[1:-2])))


def _labels(role: Role, question: str) -> tuple[tuple[str, ...], tuple[tuple[int, ...], ...]]:
    if role == "topic_locator":
        topics = [t for t in map(_TOPIC.match, re.split(r"\n(?=\d+\. )", question)) if t]
        anchors = tuple(tuple(map(int, (t["anchors"] or "").replace(",", " ").split())) for t in topics)
        return tuple(_unfenced(t["label"]) for t in topics), anchors
    return tuple(_unfenced(line).partition(": ")[0] for line in re.split(r"\n- ", question)[1:]), ()


def _unfenced(text: str) -> str:
    return text.removesuffix("\n").replace("\n    ", "\n")


def write_reply(answer: Answer, request: RoleRequest) -> str:
    """Write an answer as the JSON that prompts.parse reads, as shortly as the prompt asks for it."""
    numbers = [_ranges(g.numbers) for g in answer.groups]
    placed = {n for g in answer.groups for n in g.numbers}
    if request.role in ("topic_locator", "content_organizer") and len(placed) == len(request.items):
        most = max(range(len(numbers)), key=lambda k: len(answer.groups[k].numbers))
        numbers[most] = REST
    groups = [{"label": g.label, "numbers": n} for g, n in zip(answer.groups, numbers, strict=True)]
    return json.dumps({"groups": groups}, ensure_ascii=False, separators=(",", ":"))


def _ranges(numbers: tuple[int, ...]) -> str:
    runs: list[list[int]] = []
    for n in numbers:
        if runs and n == runs[-1][-1] + 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    return ",".join(str(r[0]) if len(r) == 1 else f"{r[0]}-{r[-1]}" for r in runs)
