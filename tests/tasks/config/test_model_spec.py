"""What a profile may say of a model, and what follows from what it does not say."""

from pathlib import Path
from typing import Any

import pytest

from nightdesk.tasks.config.model_spec import ModelSpec
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.config.shipped_data import folder
from nightdesk.tasks.errors import InputError

NEWS = (folder("profiles") / "news.toml").read_text(encoding="utf-8")
REMOTE: dict[str, Any] = {
    "name": "local", "family": "qwen", "provider": "openai", "base_url": "http://127.0.0.1:9/v1",
    "prices": {"input": 0.0, "output": 0.0},
}  # fmt: skip
LOCAL = """
[[models]]
name = "local"
family = "qwen"
provider = "openai"
base_url = "http://127.0.0.1:8000/v1"
prices = { input = 1.0, output = 4.0 }
"""


def test_a_context_comes_from_the_profile_else_the_price_list_else_it_is_assumed() -> None:
    listed = ModelSpec.model_validate({"name": "gpt-4o-mini", "family": "openai", "provider": "openai"})
    told = ModelSpec.model_validate({**REMOTE, "context_tokens": 9000})
    assert (tuple(listed.context), tuple(told.context)) == ((128_000, "price list"), (9000, "profile"))
    assert tuple(ModelSpec.model_validate(REMOTE).context) == (16_384, "assumed")
    embedded = ModelSpec.model_validate({"name": "static", "family": "wordllama", "provider": "embedded"})
    assert tuple(embedded.context) == (0, "no limit")


def test_prices_are_looked_up_and_what_a_cache_costs_follows_from_what_reading_does() -> None:
    listed = {"name": "dear", "model": "claude-sonnet-4-5", "family": "anthropic", "provider": "anthropic"}
    dear = ModelSpec.model_validate(listed)
    assert 0 < dear.prices.cached < dear.prices.input < dear.prices.cache_write < dear.prices.output
    assert (dear.key_env, dear.model_id) == ("ANTHROPIC_API_KEY", "claude-sonnet-4-5")
    own = ModelSpec.model_validate({**listed, "prices": {"input": 2.0, "output": 8.0}})
    assert (own.prices.cached, own.prices.cache_write) == pytest.approx((0.2, 2.5))


def test_a_server_of_ones_own_needs_no_key_unless_it_says_so() -> None:
    assert ModelSpec.model_validate(REMOTE).key_env == ""
    assert ModelSpec.model_validate({**REMOTE, "api_key_env": "MINE"}).key_env == "MINE"
    assert ModelSpec.model_validate({**REMOTE, "base_url": ""}).key_env == "OPENAI_API_KEY"


@pytest.mark.parametrize(("context", "most", "reserved"), [(4000, 8192, 1000), (100_000, 8192, 8192)])
def test_a_reply_has_a_quarter_of_a_small_context_and_no_more_than_it_may_have(
    context: int, most: int, reserved: int
) -> None:
    spec = ModelSpec.model_validate({**REMOTE, "context_tokens": context, "max_output_tokens": most})
    assert spec.reserved_output == reserved


@pytest.mark.parametrize(
    ("given", "said"), [({"name": "mine"}, "say which embedded model"), ({"name": "static", "lane": "both"}, "lane")]
)
def test_an_embedded_model_that_cannot_be_is_refused(given: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ModelSpec.model_validate({"family": "f", "provider": "embedded", **given})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("prices = { input = 1.0, output = 4.0 }\n", "", "no price of 'local' at http://127.0.0.1:8000/v1 is known"),
        ("http://127.0.0.1", "http://me:secret@127.0.0.1", "base_url carries a key"),
        ("http://127.0.0.1:8000/v1", "localhost", "is no address"),
        ('provider = "openai"', 'provider = "anthropic"\ntemperature = 0.0', "takes neither temperature nor seed"),
        ('provider = "openai"', 'provider = "openai"\napi_key_env = "sk-123"', "api_key_env"),
        ('provider = "openai"', 'provider = "openai"\nform = "xml"', "form"),
    ],
)
def test_a_language_model_that_cannot_be_is_refused_without_its_secrets(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(NEWS + LOCAL.replace(old, new))
    with pytest.raises(InputError) as e:
        load_profile(str(path))
    assert said in str(e.value)
    assert "me:secret" not in str(e.value)
    assert len(str(e.value).splitlines()) == 1


@pytest.mark.parametrize(
    "base_url", ["http://me:planted@127.0.0.1:9/v1", "htp://me:planted@x", "http://x/v1?key=planted"]
)
@pytest.mark.parametrize("prices", [{"prices": {"input": 0.0, "output": 0.0}}, {}])
def test_a_key_in_an_address_is_not_repeated(base_url: str, prices: dict[str, Any], tmp_path: Path) -> None:
    given = {k: v for k, v in REMOTE.items() if k != "prices"} | {"base_url": base_url} | prices
    lines = [f"{k} = {str(v).replace(chr(39), chr(34)) if isinstance(v, dict) else repr(v)}" for k, v in given.items()]
    file = tmp_path / "mine.toml"
    file.write_text(
        "\n".join(['name = "mine"', 'categories = { facts = "x" }', "[[models]]", *lines]).replace(": ", " = ")
    )
    with pytest.raises(InputError) as e:
        load_profile(str(file))
    assert "planted" not in str(e.value)
