"""Start the stand-in server as a process of its own, for a test or a benchmark."""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True)
class Playing:
    """A stand-in server that runs. url: as Anthropic's SDK wants it; OpenAI's wants openai_url."""

    url: str
    pid: int

    @property
    def openai_url(self) -> str:
        """The base_url of OpenAI's SDK."""
        return f"{self.url}/v1"

    def counts(self) -> dict[str, Any]:
        """Return what it counted since the last reset (see tests.servers.llm.counts)."""
        counts: dict[str, Any] = self._ask("/control/counts")
        return counts

    def log(self) -> list[dict[str, Any]]:
        """Return every request since the last reset."""
        log: list[dict[str, Any]] = self._ask("/control/log")
        return log

    def control(self, what: str, **settings: Any) -> Any:
        """Post to /control/`what`: reset, night, trouble, hold, batches."""
        return self._ask(f"/control/{what}", json.dumps(settings).encode())

    def _ask(self, path: str, data: bytes | None = None) -> Any:
        with urllib.request.urlopen(self.url + path, data, timeout=30) as reply:
            return json.load(reply)


@contextmanager
def playing(world: str, *options: object, env: dict[str, str] | None = None) -> Iterator[Playing]:
    """Play a world (TOML text) on a free port until the end of the block. options: of the command."""
    with tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="utf-8") as file:
        file.write(world)
        file.flush()
        command = [sys.executable, "-m", "tests.servers.llm", "--models", file.name, *map(str, options)]
        # The folder it starts in is not imported from, because configure() says PYTHONSAFEPATH.
        env = {**(os.environ if env is None else env), "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            words = process.stdout.readline().split()  # the line comes when the port is open
            if not words:
                raise RuntimeError(f"the stand-in server ended at once, with exit code {process.wait()}")
            url = next(word for word in words if word.startswith("http://"))
            yield Playing(url.removesuffix("/v1"), process.pid)
        finally:
            process.terminate()
            process.wait(timeout=120)
