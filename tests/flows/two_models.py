"""Two language models behind the stand-in server, as a profile of one's own names them."""

DAY = "2026-03-01"
KEY = "sk-nightdesk-test-0123456789abcdef"
EVERY = "{ topic_finder = 1.0, topic_locator = 1.0, relationship_checker = 1.0, content_organizer = 1.0 }"
PROFILE = """
name = "{name}"
[categories]
facts = "what happened"
opinions = "what somebody thinks of it"
assumptions = "what may be"
future_plans = "what is to come"
[limits]
max_cost_usd = {dollars}
patience_s = 5
[judging]
min_rate = 0.2
[[models]]
name = "north"
family = "arctic"
provider = "anthropic"
base_url = "{url}"
api_key_env = "{key_env}"
prices = {{ input = 5.0, output = 25.0 }}
[[models]]
name = "south"
family = "tropic"
provider = "openai"
base_url = "{url}/v1"
api_key_env = "{key_env}"
prices = {{ input = 0.5, cached = 0.05, output = 2.0 }}
{more}
"""
