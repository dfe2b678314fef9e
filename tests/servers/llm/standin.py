"""One reply: whose turn it is, what it says, what it took, how long it takes, and what goes wrong on the way."""

import asyncio
import hashlib
import json
import math
import random
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from nightdesk.role_rl.simulation.environments import World
from tests.servers.llm.brains import think
from tests.servers.llm.cache import BYTES, Fronts, PromptCache, tokens
from tests.servers.llm.counts import Counts, Seen
from tests.servers.llm.players import FAULTS, Player, players
from tests.servers.llm.reading import read_request, write_reply

ABSURD: dict[str, Any] = {"huge_usage": 1e30, "null_usage": None, "zero_usage": 0, "negative_usage": -7}
"""What the figures of usage are with a fault, all of them."""
STATUS = {"rate_limited": 429, "rate_limited_silently": 429, "server_error": 500, "overloaded": 529}
REFUSAL = "I cannot help with that."


@dataclass(frozen=True, slots=True)
class Ask:
    """One request as both providers' routes understand it.

    parts: (text, whether a cached front may end here), in the order in which the model reads them.
    schema: JSON is wanted. most: tokens that the reply may have; 0 = as many as fit.
    """

    model: str
    parts: Sequence[tuple[str, bool]]
    schema: bool
    most: int
    digest: str

    @property
    def text(self) -> str:
        """The prompt without its marks."""
        return "\n".join(text for text, _ in self.parts)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a reply took; input counts everything, read and written of it are what the cache gave and took."""

    input: int
    read: int
    written: int
    output: int


@dataclass(frozen=True, slots=True)
class Turn:
    """What comes back: a text, or a status that is no answer. stop: end, length or refusal."""

    text: str
    stop: str
    tokens: Tokens
    fault: str | None
    status: int = 200


@dataclass(slots=True)
class BatchSettings:
    """How batches go: seconds until one is ready, share of items that fail or expire, and what one may hold."""

    delay_s: float = 0.0
    fail: float = 0.0
    expire: float = 0.0
    most_requests: int = 50_000
    most_bytes: int = 200_000_000


@dataclass(slots=True)
class Trouble:
    """A fault that comes whenever a prompt holds some text (every prompt holds ""), or only the first few times.

    unless: a text that keeps it away, "" for none.
    """

    fault: str
    where: str = ""
    unless: str = ""
    times: int | None = None

    def __post_init__(self) -> None:
        if self.fault not in FAULTS:
            raise ValueError(f"no fault is called {self.fault!r}; there are {', '.join(FAULTS)}")

    def comes(self, text: str) -> bool:
        """Tell whether it comes with this prompt, and count that."""
        if self.where not in text or self.times == 0 or (self.unless and self.unless in text):
            return False
        self.times = None if self.times is None else self.times - 1
        return True


class StandIn:
    """What all routes share."""

    def __init__(self, world: World, seed: int = 0, haste: float = 1.0, api_key: str = "") -> None:
        self.world, self.seed, self.haste, self.api_key = world, seed, haste, api_key
        self.batch = BatchSettings()
        self.held: list[str] = []  # texts: a prompt that has one of them is answered when it is here no more
        self.waiting = 0  # replies that wait for that
        self._threads = ThreadPoolExecutor(1)  # embedded models compute: the loop goes on meanwhile
        self.set_night(1)
        self.reset()

    def set_night(self, night: int) -> None:
        """Have the models be as they are on a night."""
        self.night = night
        self.players = players(self.world, night)

    def reset(self) -> None:
        """Forget what was counted and cached, and all trouble."""
        self.troubles: list[Trouble] = []
        self.counts, self.cache = Counts(), PromptCache()
        self._times: Counter[str] = Counter()

    def came(self, ask: Ask, lane: str) -> Seen:
        """Write a request down as it comes in."""
        request = read_request(ask.text)
        seen = Seen(ask.model, request.role if request else "", lane, ask.digest, time.time())
        self.counts.log.append(seen)
        return seen

    async def turn(self, player: Player, ask: Ask, seen: Seen) -> Turn:
        """Answer after the model's delay; whatever goes wrong is drawn anew each time the same body comes."""
        self._times[ask.digest] += 1
        times = self._times[ask.digest]
        drawn = self._fault(player, random.Random(f"{self.seed}/{ask.digest}/{times}"))
        seen.fault = fault = next((t.fault for t in self.troubles if t.comes(ask.text)), drawn)
        if fault in STATUS:
            return Turn("", "end", Tokens(0, 0, 0, 0), fault, STATUS[fault])
        rng = random.Random(f"{self.seed}/{self.night}/{ask.digest}")  # asked again, it says the same
        looked = self.cache.look(ask.model, ask.parts, time.monotonic())
        thought = asyncio.get_running_loop().run_in_executor(self._threads, _say, player, ask, fault, rng)
        if seen.lane == "sync":
            await asyncio.sleep(self._delay(player, rng))
        text, stop = await thought
        await self._released(ask.text)
        self.cache.keep(looked, time.monotonic())
        turn = Turn(text, stop, _tokens(ask, looked, text), fault)
        seen.input_tokens, seen.cached_tokens = turn.tokens.input, turn.tokens.read
        seen.output_tokens = turn.tokens.output
        return turn

    async def _released(self, prompt: str) -> None:
        """Wait for as long as a prompt is held."""
        while any(text in prompt for text in self.held):
            self.waiting += 1
            await asyncio.sleep(0.05)
            self.waiting -= 1

    def _fault(self, player: Player, rng: random.Random) -> str | None:
        draw = rng.random()
        for fault in FAULTS:
            draw -= player.faults.get(fault, 0.0)
            if draw < 0:
                return fault
        return None

    def _delay(self, player: Player, rng: random.Random) -> float:
        latency = player.actor.latency_s
        return self.haste * latency.get("median", 0.0) * math.exp(latency.get("sigma", 0.0) * rng.gauss(0, 1))


def _say(player: Player, ask: Ask, fault: str | None, rng: random.Random) -> tuple[str, str]:
    """Return what a model says, and why it stops."""
    if fault == "refusal":
        return REFUSAL, "refusal"
    request = read_request(ask.text)
    if request is None:  # no question of ours: a short answer in the form that was asked for
        text = json.dumps({"groups": []}, separators=(",", ":")) if ask.schema else "Ready."
    else:
        text = write_reply(think(player, request, fault, rng), request)
    if fault == "truncated":
        text = text[: len(text) * 2 // 3]
    if fault == "prose":
        text = f"Here is what you asked for:\n```json\n{text}\n```\nLet me know if you need more."
    if ask.most and tokens(text) > ask.most:
        return text.encode()[: ask.most * BYTES].decode(errors="ignore"), "length"
    return text, "end"


def _tokens(ask: Ask, looked: Fronts, text: str) -> Tokens:
    longest = max((size for _, size in looked.fronts), default=0)
    return Tokens(tokens_of(ask), looked.known, longest - looked.known, tokens(text))


def tokens_of(ask: Ask) -> int:
    """Count the tokens of a prompt."""
    return sum(tokens(text) for text, _ in ask.parts)


def digest(body: dict[str, Any]) -> str:
    """Return what tells two bodies apart, whatever the order of their keys."""
    return hashlib.blake2b(json.dumps(body, sort_keys=True).encode(), digest_size=16).hexdigest()
