"""Which module builds a model, and which holds the batches of its provider; loaded when first asked for."""

from functools import cache
from typing import Any

from nightdesk.tasks.config.proxies import keep_loopback_direct
from nightdesk.tasks.errors import TerminalError
from nightdesk.tasks.models.address import ModelAddress
from nightdesk.tasks.models.providers.batch_protocol import Batches


def kind_of(address: ModelAddress) -> Any:
    match address.provider:  # a pool without a provider need not load its library
        case "embedded":
            if address.kind == "sentence-transformers":
                from nightdesk.tasks.models.embedded.sentence_encoder import Local

                return Local
            from nightdesk.tasks.models.embedded.answers import MODELS

            return MODELS[address.kind]
        case "openai":
            from nightdesk.tasks.models.providers.openai import OpenAIModel

            return OpenAIModel
        case "anthropic":
            from nightdesk.tasks.models.providers.anthropic import AnthropicModel

            return AnthropicModel
    raise TerminalError(f"no provider is called {address.provider!r}")


@cache
def build(address: ModelAddress) -> Any:
    """Make a model, once per process.

    Raises:
        TerminalError: no such provider.
    """
    kind = kind_of(address)
    if address.provider != "embedded":
        keep_loopback_direct()  # a Dask worker elsewhere has not been told
        return kind(address)
    return kind(address.penalty, address.settings) if address.settings else kind(address.penalty)


def version(address: ModelAddress) -> str:
    """Return what tells two versions of a model apart; empty where the provider keeps that to itself."""
    if address.provider != "embedded":
        return ""
    kind = kind_of(address)
    return str(kind.version(address.settings) if address.settings else kind.VERSION)


def batches_of(model: Any) -> Batches:
    """Return the batches of a language model.

    Raises:
        TerminalError: its provider has none.
    """
    match model.address.provider:  # a pool without a provider need not load its library
        case "openai":
            from nightdesk.tasks.models.providers.openai_batches import OpenAIBatches

            return OpenAIBatches(model)
        case "anthropic":
            from nightdesk.tasks.models.providers.anthropic_batches import AnthropicBatches

            return AnthropicBatches(model)
    raise TerminalError(f"provider {model.address.provider!r} knows no batches")
