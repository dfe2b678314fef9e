"""What a language model sent back -> groups: the last JSON object in its reply that is an answer.

Models think aloud before they answer, quote the prompt's example, and write numbers in their own ways. What is plain is
read as it is meant, because asking again is paid for twice; what could mean two things is refused.
"""

import ast
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ValidationError

from nightdesk.tasks.errors import BadReply
from nightdesk.tasks.messages import Answer, Group

REST = "rest"
"""In place of numbers, in one group: all that were shown and no other group names. What is written costs most."""
EXAMPLE = "..."
"""The label of the example in the instructions; a reply that quotes it has not answered with it."""
_THOUGHT_ENDS = re.compile(r"</\s*(?:think|thinking|thought|reasoning)\s*>", re.IGNORECASE)
_LONGEST = 4_000_000  # characters of a reply; an answer about as many items as can be shown has a tenth of it
_MOST_STARTS = 2_000  # places in a reply where an answer is looked for
_MOST_READ = 20_000_000  # characters that are read from all of these places: less than a second
_COUNTING = 8  # how much faster lines are counted than JSON is read
LONGEST_LABEL = 1_000  # characters of a label that are kept; titles are cut to far less where they are filed
_LONGEST_PYTHON = 100_000  # characters that are read as Python would write them, which takes a hundred bytes each
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")
_NUMBER = re.compile(r"\d{1,9}(?:\.0+)?")
_RANGE = re.compile(rf"\s*#?({_NUMBER.pattern})\s*(?:-\s*#?({_NUMBER.pattern})\s*)?")
_DASH = re.compile(r"[\u2010-\u2015\u2212~\u301c]|\.{2,3}|\b(?:to|through|thru|bis|au?)\b|[至到]", re.IGNORECASE)
_COMMA = re.compile(r"[;、\n&]|\b(?:and|und|et|y|items?|sentences?|numbers?)\b|[和与]", re.IGNORECASE)
_BRACKETS = str.maketrans("", "", "[](){}\"'")
_MOST = 100_000  # numbers of one answer; more cannot have been shown
_SURROGATES = re.compile("[\ud800-\udfff]")


def _as_label(value: Any) -> Any:
    """Return a label as text: models leave it out (null) where none is needed, and write a topic's number bare."""
    if value is None:
        return ""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _as_numbers(value: Any) -> Any:
    """Return numbers as text: models also write a number, or a list of numbers and ranges."""
    if isinstance(value, list) and all(isinstance(v, str | int | float) and not isinstance(v, bool) for v in value):
        return ",".join(map(str, value))
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


class ReplyGroup(BaseModel):
    """One labelled group of a reply."""

    label: Annotated[str, BeforeValidator(_as_label)]
    numbers: Annotated[str, BeforeValidator(_as_numbers)]


class Reply(BaseModel):
    """What a reply must be: the prompts' SCHEMA, as a model that reads it."""

    groups: list[ReplyGroup]


def parse(text: str, shown: int = 0) -> Answer:
    """Read a reply: the last object that fits, after the last thought.

    shown: how many items were shown, for a group of the rest.

    Raises:
        BadReply: there is no JSON, it does not fit the schema, or its numbers cannot be read.
    """
    if len(text) > _LONGEST:
        raise BadReply(f"the reply has {len(text):,} characters, more than any answer", text[:_LONGEST])
    reply = _reply_in(text)
    try:
        numbers = _all_numbers([g.numbers for g in reply.groups], shown)
    except ValueError as e:
        raise BadReply(str(e), text) from None
    labels = [_SURROGATES.sub("\ufffd", g.label[:LONGEST_LABEL]) for g in reply.groups]
    return Answer(tuple(map(Group, labels, numbers)))


def _reply_in(text: str) -> Reply:
    """Return the last object that fits; raise BadReply that says what is wrong with the best that there is."""
    said = _THOUGHT_ENDS.split(text)[-1]
    wrong = ""
    misfit: ValidationError | None = None
    try:
        for found in _objects(said):
            try:
                reply = Reply.model_validate(found)
            except ValidationError as e:
                misfit = misfit or (e if isinstance(found, dict) and "groups" in found else None)
                continue
            if not any(g.label == EXAMPLE for g in reply.groups):
                return reply
            wrong = "it only quotes the example"
        wrong = wrong or _why_no_json(said)
    except RecursionError:
        wrong = "it is nested too deep"
    except ValueError as e:
        wrong = str(e)
    if misfit is not None:
        first = misfit.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise BadReply(f"the reply does not fit the schema: {place}: {first['msg']}", text)
    raise BadReply(f"the reply is not JSON: {wrong}", text)


def _objects(text: str) -> Iterator[Any]:
    """Yield what may be an answer: all of the text, else each object and list of groups in it, the last one first."""
    whole = _read(text.strip())
    if isinstance(whole, str):
        whole = _read(whole.strip())  # JSON in a JSON string
    if isinstance(whole, dict):
        yield whole
    mended = _TRAILING_COMMA.sub("", text)
    starts = [m.start() for m in re.finditer(r"[{\[]", mended)][-_MOST_STARTS:]
    left = _MOST_READ
    for start in reversed(starts):
        if left < 0:
            raise ValueError("too much of it has to be read too often")
        try:
            found, end = json.JSONDecoder().raw_decode(mended, start)
        except ValueError as e:
            # What cannot be read may be a string without an end, or a number of thousands of digits. An error counts
            # the lines before it, too.
            pos = e.pos if isinstance(e, json.JSONDecodeError) and "Unterminated" not in e.msg else len(mended)
            left -= pos - start + pos // _COUNTING
            continue
        left -= end - start
        if isinstance(found, dict) and "groups" in found:
            yield found
        elif isinstance(found, list) and found and all(isinstance(g, dict) and "numbers" in g for g in found):
            yield {"groups": found}


def _read(text: str) -> Any:
    """Return JSON, or what Python would write in its place (single quotes); None if it is neither."""
    try:
        return json.loads(text)
    except ValueError:
        pass
    if not text.startswith(("{'", "[{'")) or len(text) > _LONGEST_PYTHON:
        return None
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError):
        return None


def _why_no_json(text: str) -> str:
    try:
        json.loads(text)
    except ValueError as e:
        return str(e).splitlines()[0]
    return "it is no object with groups"


def _all_numbers(texts: Sequence[str], shown: int) -> list[tuple[int, ...]]:
    numbers: list[tuple[int, ...]] = []
    left = _MOST
    for text in texts:
        numbers.append(() if text.strip().lower() == REST else _numbers(text, left))
        left -= len(numbers[-1])
    rests = [k for k, text in enumerate(texts) if text.strip().lower() == REST]
    if len(rests) > 1:
        raise ValueError(f"{REST!r} stands for {len(rests)} groups; it can for one")
    for k in rests:
        named = {n for group in numbers for n in group}
        numbers[k] = tuple(n for n in range(1, shown + 1) if n not in named)
    return numbers


def _numbers(text: str, most: int = _MOST) -> tuple[int, ...]:
    plain = unicodedata.normalize("NFKC", text).translate(_BRACKETS)
    plain = _COMMA.sub(",", _DASH.sub("-", plain))
    numbers: list[int] = []
    for part in filter(str.strip, plain.split(",")):
        found = _RANGE.fullmatch(part)
        if found is None:
            raise ValueError(f"{part.strip()[:40]!r} is neither a number nor a range of numbers")
        a = int(float(found[1]))
        b = int(float(found[2])) if found[2] else a
        if b < a:
            raise ValueError(f"the range {part.strip()!r} runs backwards")
        if b - a + 1 + len(numbers) > most:
            raise ValueError(f"with {part.strip()!r} these are more numbers than any chunk has")
        numbers += range(a, b + 1)
    return tuple(numbers)
