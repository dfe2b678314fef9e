"""The pool of a profile: what is said of each model there, in its [[models]] table."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from nightdesk.tasks.config.encoder_folder import problem
from nightdesk.tasks.config.list_prices import list_context, list_prices
from nightdesk.tasks.config.pricing import TokenPrices
from nightdesk.tasks.config.toml_table import Table
from nightdesk.tasks.messages import Role

KEYS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}  # where a provider's own key is looked for
CONCURRENCY = 32  # calls that a language model has at a time, if its limits do not say
ASSUMED_CONTEXT = 16_384  # tokens, where neither the profile nor the price list says
_SECRET = re.compile(r"(^|&)[^=&]*(key|token|secret|password|sig|auth)[^=&]*=", re.IGNORECASE)
_USER = re.compile(r"//[^/]*@")
RESERVED = 4  # a reply may always have one token in so many of the context

JsonForm = Literal["json_schema", "json_object_schema", "json_object", "text"]


class ModelLimits(Table):
    """What one model may be sent; 0 = no limit of ours (concurrency of a language model: as usual)."""

    requests_per_minute: int = Field(0, ge=0)
    tokens_per_minute: int = Field(0, ge=0)
    concurrency: int = Field(0, ge=0)


class ContextWindow(NamedTuple):
    """What a model reads and answers in one call, in tokens (0: no limit), and where that is known from."""

    tokens: int
    source: Literal["profile", "price list", "assumed", "no limit"]


class PriorSettings(Table):
    """What is known of a model before it was judged: accuracy in [0, 1], worth `strength` judged answers.

    cost_usd, latency_s: of one call; what follows from its prices, and what is usual, if left out.
    """

    accuracy: float = Field(0.5, ge=0, le=1)
    strength: float = Field(20.0, ge=1)
    cost_usd: float | None = Field(None, ge=0)
    latency_s: float | None = Field(None, ge=0)


class ModelSpec(Table):
    """One model of the pool.

    provider: embedded, or the protocol that is spoken: openai (and every compatible server), anthropic.
    model: the provider's own name of it (its name here if left out). base_url: the server ("" = the provider's own).
    api_key_env: the environment variable that holds the key ("" = the provider's usual one; none for another server).
    form: how it is held to JSON ("" = found out). options: sent along as they are (reasoning_effort, thinking, ...).
    lane: sync, batch, or both (then it is two arms).
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$")]
    family: Annotated[str, Field(min_length=1)]
    provider: Literal["embedded", "openai", "anthropic"]
    kind: Literal["static", "lexical", "baseline", "sentence-transformers", ""] = ""  # embedded; its name if left out
    path: str = ""  # of kind sentence-transformers: the folder of the model
    penalty: float = Field(0.0, ge=0, le=1000)  # embedded: what a new topic costs, in nats; less cuts finer; 0 = usual
    model: str = ""
    base_url: str = ""
    api_key_env: str = Field("", pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$")
    form: JsonForm | Literal[""] = ""
    context_tokens: int = Field(0, ge=0)  # what it reads and answers in one call; 0 = as the price list says
    max_output_tokens: int = Field(8192, ge=64)
    temperature: float | None = Field(None, ge=0, le=2)
    seed: int | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    lane: Literal["sync", "batch", "both"] = "sync"
    judges: bool = True
    prices: TokenPrices = Field(default_factory=TokenPrices)
    limits: ModelLimits = ModelLimits()
    prior: PriorSettings = PriorSettings()
    priors: dict[Role, PriorSettings] = Field(default_factory=dict)  # where a role's prior differs

    @model_validator(mode="before")
    @classmethod
    def _prices_are_known(cls, given: Any) -> Any:
        """Look up what a language model costs, if the profile does not say."""
        if not isinstance(given, Mapping) or given.get("provider") not in KEYS:
            return given
        if isinstance(prices := given.get("prices"), Mapping):
            if given["provider"] == "anthropic" and isinstance(read := prices.get("input"), int | float):
                return {**given, "prices": {"cached": 0.1 * read, "cache_write": 1.25 * read, **prices}}
            return given
        model, base_url = given.get("model") or given.get("name"), given.get("base_url") or ""
        prices = list_prices(str(given["provider"]), str(base_url), str(model))
        if prices is None:
            where = _USER.sub("//", str(base_url).partition("?")[0]) or given["provider"]
            raise ValueError(
                f"no price of {model!r} at {where} is known; say prices = {{ input = ..., output = ... }} "
                "in dollars per million tokens (0 and 0 for a server of your own)"
            )
        return {**given, "prices": prices}

    @model_validator(mode="after")
    def _it_can_be_reached(self) -> "ModelSpec":
        if self.provider == "embedded":
            if not self.kind and self.name not in ("static", "lexical", "baseline"):
                raise ValueError(f"say which embedded model {self.name!r} is: kind = static, lexical, baseline, ...")
            if self.lane != "sync":
                raise ValueError("an embedded model answers at once: lane = sync")
            if self.kind == "sentence-transformers" and (why := problem(self.path)):
                raise ValueError(why)
            return self
        url = urlsplit(self.base_url)
        if url.username or url.password or _SECRET.search(url.query):
            raise ValueError("base_url carries a key; put it into an environment variable and name that in api_key_env")
        if self.base_url and (url.scheme not in ("http", "https") or not url.hostname):
            raise ValueError(f"base_url {self.base_url!r} is no address; write http://HOST:PORT/v1")
        if self.provider == "anthropic" and (self.temperature is not None or self.seed is not None):
            raise ValueError("provider anthropic takes neither temperature nor seed; leave them out")
        return self

    @property
    def is_remote(self) -> bool:
        """Tell whether calls to it go over a network."""
        return self.provider != "embedded"

    @property
    def context(self) -> ContextWindow:
        """Return what it reads and answers in one call: as the profile says, else the price list, else assumed."""
        if not self.is_remote:
            return ContextWindow(0, "no limit")
        if self.context_tokens:
            return ContextWindow(self.context_tokens, "profile")
        if listed := list_context(self.provider, self.base_url, self.model_id):
            return ContextWindow(listed, "price list")
        return ContextWindow(ASSUMED_CONTEXT, "assumed")

    @property
    def reserved_output(self) -> int:
        """Return the tokens of its context that are kept for its reply, however long the question."""
        return min(self.max_output_tokens, self.context.tokens // RESERVED)

    @property
    def lanes(self) -> tuple[str, ...]:
        """Return the lanes over which it is reached."""
        return ("sync", "batch") if self.lane == "both" else (self.lane,)

    @property
    def model_id(self) -> str:
        """Return the name by which its provider knows it."""
        return self.model or self.kind or self.name

    @property
    def key_env(self) -> str:
        """Return the environment variable that holds its key; empty if it needs none."""
        return self.api_key_env or ("" if self.base_url else KEYS.get(self.provider, ""))

    @property
    def concurrency(self) -> int:
        """Return how many calls it may have at a time; 0 = any number."""
        return self.limits.concurrency or (CONCURRENCY if self.is_remote else 0)
