"""A profile: categories, pool, rewards and budgets in one TOML file."""

import logging
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, model_validator

from nightdesk.role_rl.arms import ANY, Arm, Prior, Settings, eligible
from nightdesk.role_rl.errors import RoleRLError
from nightdesk.tasks.config.earlier_keys import taken
from nightdesk.tasks.config.fetch_settings import FetchSettings
from nightdesk.tasks.config.model_spec import ModelSpec, PriorSettings
from nightdesk.tasks.config.pricing import dollars_of
from nightdesk.tasks.config.retention_settings import Retention
from nightdesk.tasks.config.sections.stories import StorySettings
from nightdesk.tasks.config.shipped_data import folder
from nightdesk.tasks.config.toml_table import Table
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.messages import Role, Usage

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
UNPLACED = "unplaced"
log = logging.getLogger("nightdesk")

# A call of usual size, for priors: what 120 sentences of news came to.
TOKENS_PER_SENTENCE = 28
ANSWER_TOKENS_PER_SENTENCE = 2
PROMPT_TOKENS = 350
LATENCY_S = 4.0


class Chunks(Table):
    """How documents are cut: at most `sentences` and about `characters` a chunk; neighbours share `overlap`."""

    sentences: int = Field(120, ge=4, le=2000)
    overlap: int = Field(30, ge=0)
    characters: int = Field(24_000, ge=1_000)

    @model_validator(mode="after")
    def _overlap_leaves_progress(self) -> "Chunks":
        if self.overlap > self.sentences // 2:
            raise ValueError(f"overlap is {self.overlap}, more than half of {self.sentences} sentences")
        return self


class DocumentBatches(Table):
    sentences: int = Field(20_000, ge=1)


class Rewards(Table):
    """Reward of an answer = v * accuracy - k_cost * dollars - k_time * seconds."""

    v: float = Field(1.0, gt=0)
    k_cost: float = Field(10.0, ge=0)
    k_time: float = Field(0.001, ge=0)


class Limits(Table):
    """max_cost_usd: dollars a run may spend. call_timeout_s: how long one call may take, in seconds.

    attempts: how often a call is sent that fails by chance (a model that asks to wait is waited for instead).
    patience_s: how long a call waits for the model it was drawn to while that rests, before another is asked.
    deadline_s: seconds after a run's start until which it waits for a first model when all of a role's rest.
    outage_s: for how long all models of a role may do nothing but fail before the run asks them no more.
    max_unplaced: share of a run's sentences that may be unplaced because models failed; with more the run is bad.
    max_hours: how long a flow may take, the nights that it makes good included; then it ends as a cancelled one does.
    """

    max_cost_usd: float = Field(0.0, ge=0)
    call_timeout_s: float = Field(120.0, gt=0)
    attempts: int = Field(3, ge=1, le=10)
    patience_s: float = Field(120.0, ge=0)
    deadline_s: float = Field(4 * 3600.0, gt=0)
    outage_s: float = Field(180.0, ge=0)
    max_unplaced: float = Field(0.05, ge=0, le=1)
    max_hours: float = Field(12.0, gt=0)


class FollowSettings(Table):
    """dollars_per_day, dollars_per_hour: that `nightdesk follow` may spend on a date, and in an hour of the clock.

    0: for a day those of a run (limits.max_cost_usd), for an hour no limit. What is beyond waits, and is for the nights
    once the date has ended. call_timeout_s, attempts: as in limits, and in their place where they are less, because
    a stream waits for the slowest call of its round.
    """

    dollars_per_day: float = Field(0.0, ge=0)
    dollars_per_hour: float = Field(0.0, ge=0)
    call_timeout_s: float = Field(60.0, gt=0)
    attempts: int = Field(2, ge=1, le=10)


class ProviderBatches(Table):
    """Lane batch. deadline_s: seconds that a call may take there; then it goes through lane sync.

    poll_s: seconds until a batch is first asked after; later it is asked less often. most_requests, most_bytes: what
    one batch may hold (0: what the provider takes).
    """

    deadline_s: float = Field(2 * 3600.0, gt=0)
    poll_s: float = Field(5.0, gt=0)
    most_requests: int = Field(0, ge=0)
    most_bytes: int = Field(0, ge=0)


class Judging(Table):
    """judges: how many judges a sampled answer is shown to; the rates are shares of a role's decisions."""

    judges: int = Field(2, ge=1, le=5)
    min_rate: float = Field(0.02, ge=0, le=1)
    max_rate: float = Field(0.25, ge=0, le=1)


class ReadingSettings(Table):
    """cpu_s: seconds of CPU that parsing a document may take, and as many again for each million bytes of it."""

    cpu_s: float = Field(5.0, gt=0)


class Adhoc(Table):
    """teaches: whether the learner may learn from what is run ad hoc."""

    teaches: bool = True


class Learner(Table):
    """How weights are made (nightdesk.role_rl.strategies) and what a night may cost.

    pins: role -> the model that serves it. floors: role -> accuracy that its leading model must have. judge: the model
    that judges ("" = all in turn). serving_usd, judging_usd: dollars of a night; left out = no limit of the learner's.
    controls: labelled chunks of our own that every model answers in a night.
    """

    strategy: Literal["posterior", "q-learning", "fixed", "uniform"] = "posterior"
    discount: float = Field(0.98, gt=0, le=1)
    pins: dict[Role, str] = Field(default_factory=dict)
    floors: dict[Role, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)
    judge: str = ""
    serving_usd: float | None = Field(None, ge=0)
    judging_usd: float | None = Field(None, ge=0)
    controls: int = Field(0, ge=0, le=20)


class DaskSettings(Table):
    """scheduler: address of an existing scheduler ("" = a cluster of our own, of `workers` processes;
    of fewer if all models are remote, see tasks/calling/dask/own_workers.py).

    wait_s: how long a run waits for a worker that it can use, or for a lost scheduler, in seconds; then it ends.
    """

    scheduler: str = ""
    workers: int = Field(2, ge=1)
    wait_s: float = Field(300.0, gt=0)


class Profile(Table):
    """Everything that one kind of text needs (shipped: news, commerce)."""

    name: Slug
    categories: dict[str, str] = Field(min_length=1)
    chunks: Chunks = Chunks()
    document_batches: DocumentBatches = DocumentBatches()
    reading: ReadingSettings = ReadingSettings()
    stories: StorySettings = StorySettings()
    fetch: FetchSettings = FetchSettings()
    retention: Retention = Retention()
    rewards: Rewards = Rewards()
    judging: Judging = Judging()
    learner: Learner = Learner()
    limits: Limits = Limits()
    provider_batches: ProviderBatches = ProviderBatches()
    exclude: tuple[str, ...] = ()  # models of the pool that must not serve
    dask: DaskSettings = DaskSettings()
    adhoc: Adhoc = Adhoc()
    follow: FollowSettings = FollowSettings()
    models: tuple[ModelSpec, ...] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _earlier_keys_are_taken(cls, given: Any) -> Any:
        return taken(given) if isinstance(given, Mapping) else given

    @model_validator(mode="after")
    def _names_are_right(self) -> "Profile":
        if UNPLACED in self.categories:
            raise ValueError(f"categories: {UNPLACED!r} is kept for sentences that no model could file")
        names = [m.name for m in self.models]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"models: {name!r} stands twice")
        for name in self.exclude:
            if name not in names:
                raise ValueError(f"exclude: {name!r} is no model of this profile")
        try:  # the learner checks the rest in its own words
            eligible(self.arms(), self.settings())
        except RoleRLError as e:
            raise ValueError(str(e)) from None
        return self

    def arms(self) -> list[Arm]:
        """Return the pool as the learner knows it: an arm for each lane of a model."""
        return [
            Arm(
                m.name,
                m.family,
                lane=lane,
                prior=self._prior(m, m.prior, lane),
                priors={(role, ANY): self._prior(m, p, lane) for role, p in m.priors.items()},
                judges=m.judges,
                known="prior" in m.model_fields_set,
            )
            for m in self.models
            for lane in m.lanes
        ]

    def _prior(self, model: ModelSpec, prior: PriorSettings, lane: str) -> Prior:
        """Return what the learner starts from: where the profile says nothing, what a call of usual size comes to."""
        cost = self._usual_usd(model, lane) if prior.cost_usd is None else prior.cost_usd
        usually_s = LATENCY_S if model.is_remote and lane == "sync" else 0.0
        return Prior(
            accuracy=prior.accuracy,
            strength=prior.strength,
            cost_usd=cost,
            latency_s=usually_s if prior.latency_s is None else prior.latency_s,
        )

    def _usual_usd(self, model: ModelSpec, lane: str = "sync") -> float:
        """Return the dollars of a call of usual size, nothing cached."""
        tokens = self.chunks.sentences * TOKENS_PER_SENTENCE + PROMPT_TOKENS
        return dollars_of(Usage(tokens, 0, self.chunks.sentences * ANSWER_TOKENS_PER_SENTENCE), model.prices, lane)

    def settings(self) -> Settings:
        """Return what the learner needs to know of this profile."""
        names = {m.name for m in self.models}
        return Settings(
            profile=self.name,
            v=self.rewards.v,
            k_cost=self.rewards.k_cost,
            k_time=self.rewards.k_time,
            min_judge_rate=self.judging.min_rate,
            max_judge_rate=self.judging.max_rate,
            discount=self.learner.discount,
            strategy=self.learner.strategy,
            pins={str(role): name for role, name in self.learner.pins.items()},
            floors={str(role): floor for role, floor in self.learner.floors.items()},
            judge=self.learner.judge,
            judge_usd=self._usual_usd(self.model(self.learner.judge)) if self.learner.judge in names else None,
            serving_usd=self.learner.serving_usd,
            judging_usd=self.learner.judging_usd,
            batch_deadline_s=self.provider_batches.deadline_s,
            excluded=frozenset(self.exclude),
        )

    @property
    def key_variables(self) -> set[str]:
        """Return the environment variables that hold the keys of its models."""
        return {m.key_env for m in self.models if m.is_remote} - {""}

    def model(self, name: str) -> ModelSpec:
        """Return the model of the pool that has this name, or that of one of its arms."""
        name = name.removesuffix("@batch")
        return next(m for m in self.models if m.name == name)


def shipped_profiles() -> list[str]:
    """Return the names of the profiles that come with nightdesk."""
    return sorted(p.stem for p in folder("profiles").glob("*.toml"))


def load_profile(name_or_file: str) -> Profile:
    """Read a shipped profile by name, or any other from its TOML file.

    Raises:
        InputError: no such profile, not TOML, or a value that cannot be.
    """
    shipped = folder("profiles")
    path = Path(name_or_file) if name_or_file.endswith(".toml") else shipped / f"{name_or_file}.toml"
    try:
        return Profile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        known = ", ".join(shipped_profiles())
        raise InputError(f"{name_or_file}: no such profile; shipped are {known}, or name a .toml file") from None
    except (OSError, UnicodeDecodeError) as e:
        raise InputError(f"{path}: cannot be read as UTF-8 text ({e}); name a readable .toml file") from None
    except RecursionError:
        raise InputError(f"{path}: nested too deep to be a profile; see the shipped profiles in {shipped}") from None
    except tomllib.TOMLDecodeError as e:
        raise InputError(f"{path}: not TOML: {e}; mend that line") from None
    except ValidationError as e:
        first = e.errors()[0]
        place = ".".join(str(x) for x in first["loc"]) or "profile"
        raise InputError(f"{path}: {place}: {first['msg']}; see the shipped profiles in {shipped}") from None
