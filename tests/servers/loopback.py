"""A server in this process that replies as a function says, for what no decent server does."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Got:
    """A request that came. headers: by small names."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)

    @property
    def prompt(self) -> str:
        """All that the messages of a request to a model say."""
        said = []
        for content in (self.json.get("system", ""), *(message["content"] for message in self.json["messages"])):
            said += [content] if isinstance(content, str) else [part["text"] for part in content]
        return "\n".join(said)

    @property
    def is_question(self) -> bool:
        """Whether a model is asked something."""
        return self.method == "POST" and self.path.endswith(("/chat/completions", "/messages"))


Write = Callable[[bytes], None]
Reply = Callable[[Got, BaseHTTPRequestHandler], None]
"""Writes a whole reply, whatever it is."""


@dataclass(frozen=True, slots=True)
class Listening:
    """A server that listens. got: what came; url: without a path."""

    url: str
    got: list[Got] = field(default_factory=list)


@contextmanager
def listening(reply: Reply) -> Iterator[Listening]:
    """Listen on a free port of the loopback until the end of the block."""
    got: list[Got] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            came = Got(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            got.append(came)
            with suppress(OSError):  # the client has left
                reply(came, self)

        do_GET = do_POST = _any

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # a client that has left

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield Listening(f"http://127.0.0.1:{server.server_address[1]}", got)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def send(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    """Send a reply in one piece. headers: with _ for -."""
    handler.send_response(status)
    named = {"content_type": "application/json", "content_length": str(len(body))} | headers
    for name, value in named.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def answer(got: Got, text: str) -> bytes:
    """Write a reply that says something, in the protocol of the question."""
    if not got.path.endswith("/messages"):
        return completion(text)
    usage = {"input_tokens": 400, "output_tokens": max(1, len(text) // 4)}
    content = [{"type": "text", "text": text}]
    return json.dumps({"type": "message", "content": content, "stop_reason": "end_turn", "usage": usage}).encode()


def completion(text: str) -> bytes:
    """Write a chat completion that says something."""
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": 400, "completion_tokens": max(1, len(text) // 4)}
    return json.dumps({"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}).encode()
