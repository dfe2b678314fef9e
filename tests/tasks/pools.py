"""Profiles of models with contexts of a known size."""

from typing import Any

from nightdesk.tasks.config.profile import Profile, load_profile

FREE = {"input": 0.0, "output": 0.0}


def remote(name: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "family": name,
        "provider": "openai",
        "base_url": "http://127.0.0.1:9/v1",
        "prices": FREE,
        **more,
    }


def pool(*contexts: int, embedded: bool = False) -> Profile:
    """Return a profile of models with these contexts."""
    models = [remote(f"m{k}", context_tokens=c) for k, c in enumerate(contexts)]
    if embedded:
        models.append({"name": "static", "family": "wordllama", "provider": "embedded"})
    return Profile.model_validate(load_profile("news").model_dump() | {"models": models, "learner": {}})
