"""The pool of a profile: what is said of each model there, in its [[models]] table."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tasks.requests import Role


class Table(BaseModel):
    """A table of a profile: it knows its keys and never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Prices(Table):
    """Dollars per million tokens."""

    input: float = Field(0.0, ge=0)
    cached: float = Field(0.0, ge=0)
    output: float = Field(0.0, ge=0)


class ModelLimits(Table):
    """What one model may be sent; 0 = no limit of ours."""

    requests_per_minute: int = Field(0, ge=0)
    tokens_per_minute: int = Field(0, ge=0)
    concurrency: int = Field(0, ge=0)


class Prior(Table):
    """What is known of a model before it was judged: accuracy in [0, 1], worth `strength` judged answers."""

    accuracy: float = Field(0.5, ge=0, le=1)
    strength: float = Field(20.0, ge=1)


class ModelSpec(Table):
    """One model of the pool. Small and picklable: it travels to the workers, which build the model from it."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$")]
    family: Annotated[str, Field(min_length=1)]
    provider: Literal["embedded"]
    kind: Literal["static", "lexical", "baseline", ""] = ""  # which embedded model; its name if left out
    penalty: float = Field(0.0, ge=0, le=1000)  # embedded: what a new topic costs, in nats; less cuts finer; 0 = usual
    judges: bool = True
    prices: Prices = Prices()
    limits: ModelLimits = ModelLimits()
    prior: Prior = Prior()
    priors: dict[Role, Prior] = {}  # where a role's prior differs

    @model_validator(mode="after")
    def _kind_is_known(self) -> "ModelSpec":
        if not self.kind and self.name not in ("static", "lexical", "baseline"):
            raise ValueError(f"say which embedded model {self.name!r} is: kind = static, lexical or baseline")
        return self
