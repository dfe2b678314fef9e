"""Which module builds a model."""

import pytest

from nightdesk.tasks.errors import TerminalError
from nightdesk.tasks.models.address import ModelAddress
from nightdesk.tasks.models.registry import batches_of, build, version

BASELINE = ModelAddress("embedded", "baseline")


def test_a_model_is_built_once_per_process() -> None:
    assert build(BASELINE) is build(ModelAddress("embedded", "baseline"))


def test_a_provider_that_there_is_not_is_named() -> None:
    with pytest.raises(TerminalError, match="'pigeon'"):
        build(ModelAddress("pigeon", "static"))


def test_embedded_models_have_versions_and_those_of_providers_keep_theirs_to_themselves() -> None:
    assert all(version(ModelAddress("embedded", kind)) for kind in ("static", "lexical", "baseline"))
    assert [version(ModelAddress(provider, "m")) for provider in ("openai", "anthropic")] == ["", ""]


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_language_model_has_the_batches_of_its_provider(provider: str) -> None:
    batches = batches_of(build(ModelAddress(provider, "m", base_url="http://127.0.0.1:9/v1")))
    assert type(batches).__module__.rpartition(".")[2] == f"{provider}_batches"
    assert batches.most_requests >= 50_000
