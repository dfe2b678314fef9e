"""Servers on the loopback that write down what they are asked, to tell whom a run asked and whom it did not."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Heard:
    """A server on the loopback that counts what it is asked and redirects there if it is told where."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []  # of each request
        self.to = ""
        heard = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                heard.asked.append(self.path)
                heard.headers.append({name.lower(): value for name, value in self.headers.items()})
                self.send_response(302 if heard.to else 200)
                if heard.to:
                    self.send_header("Location", heard.to)
                self.send_header("Content-Length", "0" if heard.to else "11")
                self.send_header("Content-Type", "text/plain")
                self.end_headers()
                self.wfile.write(b"" if heard.to else b"A sentence.")

            do_POST = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.host = f"127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        """Stop serving."""
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def one_heard() -> Iterator[Heard]:
    """Serve a host."""
    one = Heard()
    try:
        yield one
    finally:
        one.close()


@contextmanager
def two_heard() -> Iterator[tuple[Heard, Heard]]:
    """Serve two hosts."""
    two = Heard(), Heard()
    try:
        yield two
    finally:
        for one in two:
            one.close()
