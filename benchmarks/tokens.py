"""Tokens and dollars of 1,000 sentences: our prompts against the published pipeline's, on the same chunks.

Both sides' replies are written from the same answers (the embedded model's), so both say the same; the tokenizer is the
one in wordllama's wheel. Ours is what the stages ask of all four roles, and judging at the profile's floor (a judge
answers the question anew). Cached: instructions and chunk are read once, then from the cache by the other roles of the
chunk, as where one model is drawn for them; what a night really hit is in the table `calls`. Batch: at half the price.
"""

import argparse
import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import wordllama
from tokenizers import Tokenizer

from benchmarks.common import ROOT, SHARED, show
from benchmarks.published import exchanges
from nightdesk.tasks.calling.call_rows import Unit
from nightdesk.tasks.calling.outcomes import Outcome
from nightdesk.tasks.config.list_prices import list_prices
from nightdesk.tasks.config.profile import Profile, load_profile
from nightdesk.tasks.messages import Answer, RoleRequest
from nightdesk.tasks.models.embedded.answers import Static
from nightdesk.tasks.models.embedded.vectors import hashed_terms
from nightdesk.tasks.reading.documents import Document
from nightdesk.tasks.reading.sources import check_sources
from nightdesk.tasks.reorganizing import role_stages
from nightdesk.tasks.reorganizing.document_state import Batch, Work
from nightdesk.tasks.roles import prompts
from tests.servers.llm.reading import write_reply

MODELS = (("openai", "gpt-6.1-terra"), ("anthropic", "claude-sonnet-5-5"))
TEXTS = {
    "news": ["gold/multi_news_10.json", "stories/dev_small.json", "stories/dev_large.json"],
    "commerce": [f"olp_mini/{name}{k:03}.json" for name in ("EN", "CN") for k in range(1, 6)],
}
SAMPLES = {"news": ["evening-en.json", "evening-zh.json"], "commerce": ["live-commerce.txt"]}
LEAST_CACHED = 1024  # tokens; a shorter front is cached by neither provider
BATCH = 0.5  # what both providers ask for batches, as a share of the price


@dataclass(slots=True)
class Tokens:
    """Tokens of one pipeline. input: all that is read; of it written to the cache and read from it, if there is one."""

    calls: float = 0
    input: float = 0
    written: float = 0
    cached: float = 0
    output: float = 0

    def add(self, sent: float, reply: float, written: float = 0, cached: float = 0, times: float = 1) -> None:
        """Count a call, or so many like it."""
        self.calls += times
        self.input += sent * times
        self.output += reply * times
        self.written += written * times
        self.cached += cached * times

    def dollars(self, prices: dict[str, float], caching: bool, batch: bool) -> float:
        """Return what they cost."""
        fresh, written, cached = self.input, 0.0, 0.0
        if caching:
            fresh, written, cached = self.input - self.written - self.cached, self.written, self.cached
        cost = fresh * prices["input"] + written * prices["cache_write"] + cached * prices["cached"]
        return (cost + self.output * prices["output"]) / 1e6 * (BATCH if batch else 1.0)


@dataclass(slots=True)
class Asking:
    """Stands where the stages' desk stands: answers by an embedded model, and keeps what was asked."""

    profile: Profile
    asked: list[tuple[RoleRequest, Answer]] = field(default_factory=list)

    async def ask(self, units: Sequence[Unit], on_done: Callable[[], None]) -> list[Outcome]:
        """Answer at once."""
        answers = [Static().compute(unit.request) for unit in units]
        self.asked += [(unit.request, answer) for unit, answer in zip(units, answers, strict=True)]
        return [Outcome(answer, "static") for answer in answers]

    async def embed(self, texts: Sequence[Sequence[str]]) -> Any:
        """Return vectors as the desk does."""
        return hashed_terms(texts)


@cache
def _tokenizer() -> Tokenizer:
    [file] = (Path(wordllama.__file__).parent / "tokenizers").glob("*.json")
    return Tokenizer.from_file(str(file))


def count(text: str) -> int:
    """Return the tokens of a text."""
    return len(_tokenizer().encode(text, add_special_tokens=False).ids)


def works(profile: Profile, paths: Iterable[Path]) -> Batch:
    """Read documents."""
    reading = check_sources([str(p) for p in paths], date(2026, 1, 1))
    return Batch(1, [Work(document, 0) for document in reading.documents() if isinstance(document, Document)])


async def run(asking: Asking, batch: Batch) -> None:
    """Take documents through the roles."""
    for stage in (role_stages.split, role_stages.find, role_stages.locate, role_stages.relate, role_stages.organize):
        await stage(asking, batch, lambda done, of: None)  # type: ignore[arg-type]


def ours(asking: Asking, by_role: dict[str, Tokens]) -> Tokens:
    """Count what our stages asked, with judging at the profile's floor."""
    settings = asking.profile.settings()
    # A judged answer, and a duel's second arm and the judging of both.
    judges = asking.profile.judging.judges
    judging = settings.min_judge_rate * judges + settings.min_duel_rate * (1 + 2 * judges)
    fixed = count(prompts.INSTRUCTIONS) + count(json.dumps(prompts.SCHEMA))
    total, seen = Tokens(), set()
    for request, answer in asking.asked:
        prompt = prompts.render(request)
        front, reply = fixed + count(prompt.items), count(write_reply(_as_asked(request, answer), request))
        new = prompt.items not in seen
        seen.add(prompt.items)
        kept = front if front >= LEAST_CACHED else 0
        written, cached = (kept, 0) if new else (0, kept)
        sent = front + count(prompt.question)
        by_role.setdefault(request.role, Tokens()).add(sent, reply, written, cached)
        by_role.setdefault("judging", Tokens()).add(sent, reply, kept, 0, times=judging)
        total.add(sent, reply, written, cached)
        total.add(sent, reply, kept, 0, times=judging)
    return total


def _as_asked(request: RoleRequest, answer: Answer) -> Answer:
    """Name no more sentences of a topic than the finder is asked for: its first, its last and one between."""
    if request.role != "topic_finder":
        return answer
    few = [replace(g, numbers=(*g.numbers[:2], g.numbers[-1])) if len(g.numbers) > 3 else g for g in answer.groups]
    return Answer(tuple(few))


def published(batch: Batch, meanings: dict[str, str]) -> Tokens:
    """Count what the published pipeline would have asked and written about the same chunks."""
    total = Tokens()
    for work in batch.works:
        for k, chunk in enumerate(work.chunks):
            topics: dict[str, list[int]] = {}
            for position, topic in sorted(work.placed[k].items()):
                topics.setdefault(work.found[k][topic].title, []).append(position - chunk.start + 1)
            categories: dict[str, list[int]] = {}
            for position, filed in sorted(work.filed[k].items()):
                categories.setdefault(filed.category, []).append(position - chunk.start + 1)
            for exchange in exchanges(work.texts(chunk), topics, categories, meanings):
                total.add(count(exchange.sent), count(exchange.reply))
    return total


def main() -> None:
    """Count and print."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    data = SHARED / "data"
    rows, parts = [], []
    for name, files in TEXTS.items():
        profile = load_profile(name)
        paths = [data / f for f in files] if data.exists() else [ROOT / "datasets/samples" / f for f in SAMPLES[name]]
        batch, asking, by_role = works(profile, paths), Asking(profile), {}
        asyncio.run(run(asking, batch))
        sentences = batch.sentences
        both = {"ours": ours(asking, by_role), "published": published(batch, profile.categories)}
        theirs = both["published"]
        for who, tokens in both.items():
            for provider, model in MODELS:
                prices = list_prices(provider, "", model)
                assert prices is not None, model
                base = theirs.dollars(prices, caching=False, batch=False)
                row: dict[str, Any] = {"text": name, "prompts": who, "model": model}
                row |= {"calls": tokens.calls, "input": tokens.input, "cached": tokens.cached, "output": tokens.output}
                row = {k: v * 1000 / sentences if isinstance(v, int | float) else v for k, v in row.items()}
                row |= {"input_share": tokens.input / theirs.input, "output_share": tokens.output / theirs.output}
                for column, caching, in_batch in (
                    ("usd", False, False),
                    ("usd_cached", True, False),
                    ("usd_batch", False, True),
                    ("usd_both", True, True),
                ):
                    dollars = tokens.dollars(prices, caching, in_batch)
                    row |= {column: dollars * 1000 / sentences, f"{column}_share": dollars / base}
                rows.append(row)
        for role, tokens in by_role.items():
            part = {"calls": tokens.calls, "input": tokens.input, "output": tokens.output}
            parts.append({"text": name, "role": role, **{k: v * 1000 / sentences for k, v in part.items()}})
    show("tokens", rows)
    print()
    show("tokens_by_role", parts)


if __name__ == "__main__":
    main()
