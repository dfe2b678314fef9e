"""Nights whose verdict is looked at: the world of their model, the profile of the desk that asks it, how they ended."""

from tests.flows.conftest import Desk

DAY = "2026-03-01"
WORLD = """
[[models]]
name = "north"
family = "arctic"
accuracy = { topic_finder = 1.0, topic_locator = 1.0, relationship_checker = 1.0, content_organizer = 1.0 }
prices = { input = 5.0, cached = 0.5, output = 25.0 }
"""
PROFILE = """
name = "one"
[categories]
facts = "what happened"
opinions = "what somebody thinks of it"
assumptions = "what may be"
future_plans = "what is to come"
[chunks]
sentences = 60
overlap = 6
[document_batches]
sentences = 80
[limits]
max_cost_usd = {dollars}
attempts = 1
patience_s = 1
deadline_s = 1
[[models]]
name = "north"
family = "arctic"
provider = "openai"
base_url = "{url}/v1"
api_key_env = ""
prices = {{ input = 5.0, output = 25.0 }}
"""


def state_of(desk: Desk, run_id: str) -> dict[str, str]:
    """Return the state of a flow run."""
    state: dict[str, str] = desk.get(f"/flow_runs/{run_id}")["state"]
    return state
