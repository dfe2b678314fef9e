"""What the benchmarks share: where other people's text is, a Prefect server, the command line, printing a table."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"  # real text and labels to measure on; not a part of the project
RESULTS = ROOT / "benchmarks" / "results"


def nightdesk(*arguments: object, env: dict[str, str] | None = None) -> dict[str, Any]:
    """Run a command of nightdesk and return the object it prints; its messages are shown if it fails."""
    command = [sys.executable, "-m", "nightdesk.flows.cli.main", *map(str, arguments), "--json"]
    done = subprocess.run(command, env=env, text=True, capture_output=True, check=False, cwd=ROOT)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@contextlib.contextmanager
def prefect_server() -> Iterator[dict[str, str]]:
    """Start a Prefect server with a database of its own on the loopback; yield the environment that names it."""
    with tempfile.TemporaryDirectory() as home, socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
        s.close()
        url = f"http://127.0.0.1:{port}/api"
        env = {**os.environ, "PREFECT_HOME": home, "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
        env["PREFECT_SERVER_UI_API_URL"] = url  # its pages ask there, not at the port that is usual
        command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
        server = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait(f"{url}/health", server)
            yield {**env, "PREFECT_API_URL": url}
        finally:
            server.terminate()
            server.wait()


def _wait(url: str, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        if server.poll() is not None:
            sys.exit("the Prefect server ended at once")
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.2)
    sys.exit("the Prefect server did not come up")


def shipped_categories() -> str:
    """Return the section of the shipped profile that names the categories, as TOML."""
    news = (ROOT / "deployments" / "profiles" / "news.toml").read_text(encoding="utf-8")
    return news[news.index("[categories]") : news.index("[chunks]")]


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder that is removed in the end."""
    folder = Path(tempfile.mkdtemp(prefix="nightdesk-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def show(name: str, rows: Sequence[dict[str, Any]]) -> None:
    """Print rows as one table, and keep them in benchmarks/results/<name>.json."""
    columns = list(dict.fromkeys(c for row in rows for c in row))
    cells = [columns, *([_cell(row.get(c)) for c in columns] for row in rows)]
    widths = [max(len(row[k]) for row in cells) for k in range(len(columns))]
    for row in cells:
        print("  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)).rstrip())
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(list(rows), indent=1) + "\n", encoding="utf-8")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value)
