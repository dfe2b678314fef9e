"""Nights with models that read little: what fits them is said beforehand, what does not is said afterwards."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.flows.conftest import Desk
from tests.servers.playing import Playing
from tests.tables import assert_ledger_is_complete, assert_whole, rows
from tests.texts import evening, write_evening

pytestmark = pytest.mark.long

DAY = "2026-03-01"
EVERY = "{ topic_finder = 1.0, topic_locator = 1.0, relationship_checker = 1.0, content_organizer = 1.0 }"
WORLD = f"""
[[models]]
name = "narrow"
family = "arctic"
accuracy = {EVERY}
context = 6000
"""
PROFILE = """
name = "small"
[categories]
facts = "what happened"
opinions = "what somebody thinks of it"
assumptions = "what may be"
future_plans = "what is to come"
[[models]]
name = "narrow"
family = "arctic"
provider = "openai"
base_url = "{url}"
context_tokens = {context}
prices = {{ input = 0.0, output = 0.0 }}
"""
EMBEDDED = """
[[models]]
name = "static"
family = "wordllama"
provider = "embedded"
judges = false
prior = { accuracy = 0.3 }
"""


@pytest.fixture
def profile(stand_in: Callable[..., Playing], tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a profile for the server."""
    server = stand_in(WORLD)

    def write(context: int, more: str = "") -> Path:
        path = tmp_path / "small.toml"
        path.write_text(PROFILE.format(url=server.openai_url, context=context) + more, encoding="utf-8")
        return path

    return write


def test_a_night_of_a_model_with_a_small_context_loses_nothing_and_is_good(
    desk: Desk, profile: Callable[..., Path], source: Path, tmp_path: Path
) -> None:
    write_evening(source, "a", 61, 40)
    out, texts = tmp_path / "out", [s for _, s in evening(61, 40)]
    command = ("run", source, "--date", DAY, "--json", "--profile", profile(6000))
    told = {q["role"]: q for q in desk.run(*command, "--dry-run").json["questions"]}
    assert all(0 < q["largest_tokens"] <= q["budget_tokens"] == 4500 for q in told.values())
    assert {(q["set_by"], q["left_out"]) for q in told.values()} == {("narrow", "")}
    assert told["relationship_checker"]["in_parts"] > 1

    result = desk.run(*command, "--no-learn", "--out", out).json
    assert_whole(out, DAY, {"a": texts})
    assert_ledger_is_complete(out)
    assert (result["unplaced"], result["verdict"].split(":")[0]) == (0, "Good")
    asked = [c for c in rows(out, "calls") if not c["from_cache"]]
    assert all(c["error"] is None and c["input_tokens"] <= 4500 for c in asked)
    assert len([c for c in asked if c["role"] == "relationship_checker"]) > 1
    assert rows(out, "documents")[0]["reason"] is None


def test_a_model_that_is_left_out_for_its_context_makes_the_night_worth_a_look(
    desk: Desk, profile: Callable[..., Path], source: Path, tmp_path: Path
) -> None:
    write_evening(source, "a", 62, 10)
    out, texts = tmp_path / "out", [s for _, s in evening(62, 10)]
    done = desk.run(
        "run", source, "--date", DAY, "--json", "--no-learn", "--out", out, "--profile", profile(2000, EMBEDDED)
    )
    assert_whole(out, DAY, {"a": texts})
    assert (done.json["unplaced"], done.json["verdict"].split(":")[0]) == (0, "Worth a look")
    assert done.err.count("narrow is left out of topic_finder") == 1
    assert "did not fit the context of narrow (2,000 tokens, profile)" in done.err
    found = [c for c in rows(out, "calls") if c["role"] == "topic_finder" and c["purpose"] == "serve"]
    assert {(c["model"], *c["eligible"], c["propensity"]) for c in found} == {("static", "static", 1.0)}


def test_a_check_says_what_a_model_reads_and_how_that_is_known(desk: Desk, profile: Callable[..., Path]) -> None:
    def contexts(path: Path) -> dict[str, tuple[int | None, str]]:
        checked = desk.run("models", "--check", "--json", "--profile", path).json["models"]
        return {m["model"]: (m["context_tokens"], m["context_from"]) for m in checked}

    assert contexts(profile(6000, EMBEDDED)) == {"narrow": (6000, "profile"), "static": (None, "no limit")}
    assert contexts(profile(0))["narrow"] == (16_384, "assumed")
