"""`nightdesk serve` as it starts: what goes wrong is told in one line."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import tzlocal

from nightdesk.flows.cli.serve import _zone
from nightdesk.tasks.errors import InputError

NIGHTDESK = Path(sys.executable).with_name("nightdesk")


@pytest.fixture
def no_prefect() -> Iterator[str]:
    """Answer like a Prefect server that is healthy and knows nothing; yield the address of its API."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            healthy = self.path == "/api/health"
            body = json.dumps(healthy or {"detail": "no tea"}).encode()
            self.send_response(200 if healthy else 418)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/api"
    server.shutdown()


def serve(home: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Serve an empty folder; return what came of it."""
    (home / "wires").mkdir()
    env = {**os.environ, "PREFECT_HOME": str(home / "prefect"), **environment}
    command = [NIGHTDESK, "serve", "--out", home / "out", "--sources", home / "wires"]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=240, check=False)


def test_a_server_that_refuses_is_the_cause_in_one_line(no_prefect: str, tmp_path: Path) -> None:
    ended = serve(tmp_path, PREFECT_API_URL=no_prefect)
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith("nightdesk: serving failed: ")
    assert "418" in line and "no tea" in line


def test_a_setting_that_prefect_cannot_read_is_the_cause_in_one_line(tmp_path: Path) -> None:
    ended = serve(tmp_path, PREFECT_SERVER_API_PORT="many")
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    line = ended.stderr.splitlines()[-1]  # Prefect has said so too, as it was imported
    assert line.startswith("nightdesk: serving failed: ")
    assert "port" in line


@pytest.mark.parametrize("told", ["EST5EDT", ":CST6CDT,M3.2.0,M11.1.0", "local"])
def test_a_time_zone_that_is_a_rule_is_no_zone_to_reckon_nights_in(told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", told)
    with pytest.raises(InputError, match="name it with --timezone"):
        _zone("")
    assert _zone("Europe/Berlin") == "Europe/Berlin"


def test_a_machine_that_does_not_say_its_zone_is_told_to_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TZ", raising=False)
    monkeypatch.setattr(tzlocal, "get_localzone_name", lambda: None)
    with pytest.raises(InputError, match=r"no /etc/localtime.*--timezone"):
        _zone("")
