"""What a worker is told of a model."""

import json
import pickle
from typing import Any

import pytest

from nightdesk.tasks.config.model_spec import ModelSpec
from nightdesk.tasks.models.address import address

REMOTE: dict[str, Any] = {
    "name": "mine", "model": "qwen3", "family": "qwen", "provider": "openai", "base_url": "http://127.0.0.1:9/v1",
    "prices": {"input": 0.0, "output": 0.0}, "api_key_env": "MINE",
}  # fmt: skip


def test_a_key_never_travels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINE", "a-key-that-nobody-may-see")
    at = address(ModelSpec.model_validate(REMOTE))
    assert at.key_env == "MINE"
    assert b"nobody-may-see" not in pickle.dumps(at)
    assert pickle.loads(pickle.dumps(at)) == at


def test_options_are_sent_along_beside_what_the_profile_sets() -> None:
    given = {**REMOTE, "temperature": 0.0, "options": {"top_k": 1, "reasoning_effort": "low"}}
    at = address(ModelSpec.model_validate(given))
    assert (at.kind, json.loads(at.settings)) == ("qwen3", {"temperature": 0.0, "top_k": 1, "reasoning_effort": "low"})
    turned = address(ModelSpec.model_validate({**given, "options": dict(reversed(given["options"].items()))}))
    assert turned == at  # the order in a profile makes no other model of it


def test_a_form_that_a_run_found_out_comes_before_the_profiles() -> None:
    spec = ModelSpec.model_validate({**REMOTE, "form": "json_object"})
    assert (address(spec).form, address(spec, form="text").form) == ("json_object", "text")


def test_an_embedded_model_is_told_by_kind_and_penalty() -> None:
    spec = ModelSpec(name="fine", family="f", provider="embedded", kind="static", penalty=3.0)
    at = address(spec)
    assert (at.provider, at.kind, at.penalty, at.base_url, at.key_env) == ("embedded", "static", 3.0, "", "")
