"""Where a model is: all that a worker needs to build it. Small, picklable, and without its key."""

import json
from dataclasses import dataclass

from nightdesk.tasks.config.model_spec import ModelSpec
from nightdesk.tasks.messages import Sent


@dataclass(frozen=True, slots=True)
class ModelAddress(Sent):
    """provider, and which of its models (kind: the provider's own name of it, or that of an embedded model).

    penalty: embedded; how finely it cuts (0: as usual). base_url: the server ("" = the provider's own). key_env: the
    environment variable of the worker that holds the key ("" = none is needed). form: how it is held to JSON, where
    that is known ("": find out). settings: what is sent along, as a JSON object;
    embedded: the folder of the model, where it has one. timeout_s: of one call. context_tokens: what is read and
    answered in one call (0: no limit); of it, reserved_output is kept for the reply, and max_output_tokens is the most.
    """

    provider: str
    kind: str
    penalty: float = 0.0
    base_url: str = ""
    key_env: str = ""
    form: str = ""
    settings: str = ""
    max_output_tokens: int = 0
    context_tokens: int = 0
    reserved_output: int = 0
    timeout_s: float = 120.0


def address(spec: ModelSpec, timeout_s: float = 120.0, form: str = "") -> ModelAddress:
    """Return what a worker needs to build a model. form: how it is held to JSON, as far as this run knows."""
    if not spec.is_remote:
        return ModelAddress(spec.provider, spec.model_id, spec.penalty, settings=spec.path)
    sampling = {"temperature": spec.temperature, "seed": spec.seed}
    settings = {k: v for k, v in sampling.items() if v is not None} | spec.options
    return ModelAddress(
        spec.provider,
        spec.model_id,
        base_url=spec.base_url,
        key_env=spec.key_env,
        form=form or spec.form,
        settings=json.dumps(settings, sort_keys=True),
        max_output_tokens=spec.max_output_tokens,
        context_tokens=spec.context.tokens,
        reserved_output=spec.reserved_output,
        timeout_s=timeout_s,
    )
