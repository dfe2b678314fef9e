"""A run that is cancelled while calls are under way: what still comes is stored, and nothing more is sent.

The server is ours alone, so that the test says when an answer comes.
"""

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from nightdesk.tasks.calling import retries
from nightdesk.tasks.calling.answers.answer_store import Store
from nightdesk.tasks.calling.dask.pool import fan_out
from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.config.profile import Profile
from tests.tasks.calling.made import NEWS, questions
from tests.tasks.made import DAY

PATIENCE_S = 120


class Held(ThreadingHTTPServer):
    """A model that answers when `answer` is set; it counts its calls."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked, self.answer, self.three, self.holds_first = 0, threading.Event(), threading.Event(), False
        self.two, self.lock = threading.Event(), threading.Lock()


class Handler(BaseHTTPRequestHandler):
    """Replies as OpenAI's chat completions do."""

    server: Held

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            self.server.asked += 1
            first = self.server.asked == 1  # by which it is found out what the server can do
        if self.server.asked == 2:
            self.server.two.set()
        if self.server.asked == 3:
            self.server.three.set()
        if not first or self.server.holds_first:
            self.server.answer.wait(PATIENCE_S)
        groups = [{"label": "Flood", "numbers": "1-12"}]
        message = {"role": "assistant", "content": json.dumps({"groups": groups})}
        body = json.dumps(
            {
                "id": "1", "object": "chat.completion", "created": 1, "model": "held",
                "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
                "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
            }
        ).encode()  # fmt: skip
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def held() -> Iterator[Held]:
    """A server of its own for each test."""
    server = Held()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.answer.set()
    server.shutdown()
    server.server_close()


def profile(held: Held) -> Profile:
    model = {
        "name": "held", "family": "held", "provider": "openai", "base_url": f"http://127.0.0.1:{held.server_port}/v1",
        "prices": {"input": 1.0, "output": 1.0}, "limits": {"concurrency": 2},
    }  # fmt: skip
    return Profile.model_validate(
        NEWS.model_dump() | {"models": [model], "judging": {"min_rate": 0.0}, "limits": {"max_cost_usd": 5.0}}
    )


@pytest.mark.parametrize("in_time", [True, False])
def test_answers_that_come_soon_after_are_stored_and_no_more_is_asked(
    cluster: str, out: Path, held: Held, monkeypatch: pytest.MonkeyPatch, in_time: bool
) -> None:
    monkeypatch.setattr(retries, "GRACE_S", PATIENCE_S if in_time else 0.0)
    units = [u for u in questions(8) if u.request.role == "topic_finder"]

    async def main() -> int:
        store = Store(out, "run-1")
        try:
            async with fan_out(cluster, 2, PATIENCE_S) as pool:
                desk = Router(profile(held), DAY, lambda version: None, store, pool)
                asking = asyncio.create_task(desk.ask(units, lambda: None))
                await asyncio.to_thread(held.three.wait, PATIENCE_S)
                asking.cancel()
                await asyncio.sleep(0)
                if in_time:
                    held.answer.set()
                with pytest.raises(asyncio.CancelledError):
                    await asking
                return held.asked
        finally:
            store.close()

    asked = asyncio.run(main())
    assert held.asked == asked == 3
    store = Store(out, "run-2")
    try:
        store.adopt()
        records = store.claim("tables/x.parquet")
    finally:
        store.close()
    given_up = [r for r in records if r["error"] == "cancelled while under way"]
    assert (len(records), len(given_up)) == (3, 0 if in_time else 2)
    for record in given_up:  # the provider may charge for it, and it is not the model's fault
        assert record["cost_usd"] > 0.001
        assert (record["usage_estimated"], record["teaches"]) == (True, False)


def test_calls_to_a_server_that_takes_long_do_not_wait_for_the_answer_to_the_first(
    cluster: str, out: Path, held: Held
) -> None:
    held.holds_first = True
    units = [u for u in questions(2) if u.request.role == "topic_finder"]

    async def main() -> bool:
        store = Store(out, "run-1")
        try:
            async with fan_out(cluster, 2, PATIENCE_S) as pool:
                desk = Router(profile(held), DAY, lambda version: None, store, pool)
                asking = asyncio.create_task(desk.ask(units, lambda: None))
                both = await asyncio.to_thread(held.two.wait, PATIENCE_S)
                held.answer.set()
                return both and all(o.answer is not None for o in await asking)
        finally:
            store.close()

    assert asyncio.run(main())
