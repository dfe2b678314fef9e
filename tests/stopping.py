"""A `serve` whose model takes a while, so that its runs can be stopped after a batch; what they paid, what they say."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nightdesk.role_rl.feedback.reserves import RESERVED
from tests.flows.verdict_nights import PROFILE, WORLD
from tests.servers.playing import Playing, playing
from tests.serving import Served, eventually, serving
from tests.tables import Row, assert_whole, rows
from tests.texts import evening, write_evening

DOCUMENTS, PASSAGES = 3, 8
SLOW = WORLD.replace("[[models]]", "[[models]]\nlatency_s = { median = 0.4, sigma = 0.2 }")
ERROR = 40  # level of a log line


@dataclass
class Slow:
    """A `serve` with its model's server. A document is a batch."""

    served: Served
    server: Playing

    def begin(self, name: str, seed: int) -> str:
        """Start a run of its own documents for its own date; return its id in the middle of its second batch.

        The model answers no more of the documents after the first until release(), however slow this machine is.
        """
        first, *later = ([text for _, text in evening(seed + k, PASSAGES)] for k in range(DOCUMENTS))
        self.server.control("hold", texts=[next(t for t in texts if t not in first) for texts in later])
        run_id = self.submit(name, seed)
        eventually(lambda: (self.parts(run_id) and self.server.control("hold")["waiting"]) or self.is_over(run_id))
        assert not self.is_over(run_id), self.said()
        return run_id

    def release(self) -> None:
        """Have the model answer everything again."""
        self.server.control("hold", texts=[])

    def submit(self, name: str, seed: int) -> str:
        """Start a run; `name` is its date and that of its folder."""
        folder = self.served.source / name
        folder.mkdir(exist_ok=True)
        for k in range(DOCUMENTS):
            write_evening(folder, f"{name}-d{k}", seed=seed + k, passages=PASSAGES)
        return self.served.start("adhoc-news", sources=[str(folder)], run_date=name)

    def parts(self, run_id: str) -> list[Path]:
        """Return the parts of `calls` that a run has published."""
        return sorted((self.served.out / "tables" / "calls").glob(f"*/{run_id}*.parquet"))

    def is_over(self, run_id: str) -> bool:
        """Tell whether a run has ended."""
        return self.served.state(run_id)["type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")

    def kill(self) -> None:
        """Kill the process of the run that is under way."""
        (process,) = self.served.flow_processes()
        process.kill()

    def said(self) -> str:
        """Return what `serve` wrote to its terminal."""
        return self.served.log.read_text()

    def log(self, run_id: str) -> list[dict[str, Any]]:
        """Return the lines of a run's page, of its tasks too."""
        asked = {"logs": {"flow_run_id": {"any_": [run_id]}}, "sort": "TIMESTAMP_ASC"}
        return list(self.served.ask("/logs/filter", asked))

    def summary(self, run_id: str) -> str:
        """Return the newest summary on a run's page."""
        asked = {"flow_runs": {"id": {"any_": [run_id]}}, "artifacts": {"key": {"any_": ["summary"]}}}
        found = sorted(self.served.ask("/artifacts/filter", asked), key=lambda a: a["created"])
        return str(found[-1]["data"])

    def tasks(self, run_id: str) -> set[str]:
        """Return the states in which a run's tasks ended."""
        asked = {"flow_runs": {"id": {"any_": [run_id]}}}
        return {t["state_type"] for t in self.served.ask("/task_runs/filter", asked)}

    def assert_paid_once(self, name: str, seed: int, run_id: str) -> None:
        """All documents stand, and the dollars in `calls` are what the model's server charged."""
        out = self.served.out
        assert_whole(out, name, {f"{name}-d{k}": [t for _, t in evening(seed + k, PASSAGES)] for k in range(DOCUMENTS)})
        assert all(d["status"] == "published" for d in rows(out, "documents", name))
        calls = rows(out, "calls", name)
        assert {c["run_id"] for c in calls} == {run_id}
        assert len({c["call_id"] for c in calls}) == len(calls)
        # Of all runs so far, since each takes over what runs that are over have paid and not published.
        calls = rows(out, "calls")
        assert dollars(calls) - reserved(calls) == pytest.approx(self.charged())
        assert self.server.counts()["paid_again"] == 0

    def charged(self) -> float:
        """Return the dollars of the answers that the server has sent in full."""
        sent = [seen for seen in self.server.log() if seen["status"] == 200]
        return sum(5e-6 * seen["input_tokens"] + 25e-6 * seen["output_tokens"] for seen in sent)


def dollars(calls: list[Row]) -> float:
    """Return the dollars of calls."""
    return sum(c["cost_usd"] for c in calls)


def reserved(calls: list[Row]) -> float:
    """Return the dollars that were set aside for answers that never came: of calls that were held as a run stopped."""
    return sum(json.loads(c["usage"] or "{}").get(RESERVED, 0.0) for c in calls)


@contextmanager
def slow_serve(home: Path, limits: str = "") -> Iterator[Slow]:
    """Serve with a model that takes its time. limits: more lines for [limits] of the profile."""
    (home / "wires").mkdir()
    limits = f"call_timeout_s = 900\n{limits}"  # a reply may be held back for long where the machine is slow
    with playing(SLOW) as server:
        profile = home / "one.toml"
        text = PROFILE.format(dollars=50.0, url=server.url).replace("[limits]\n", f"[limits]\n{limits}\n")
        profile.write_text(text.replace("patience_s = 1", "patience_s = 60").replace("deadline_s = 1", ""))
        options = ("--profile", str(profile), "--sources", str(home / "wires"))
        with serving(home, home / "wires", *options) as served:
            slow = Slow(served, server)
            try:
                yield slow
            finally:
                slow.release()  # the model's server ends when all is answered


def retry_by_api(served: Served, run_id: str) -> None:
    """Retry a run as the UI's button does."""
    state = {"type": "SCHEDULED", "name": "AwaitingRetry", "message": "Retry from the UI"}
    served.ask(f"/flow_runs/{run_id}/set_state", {"state": state, "force": True})
    eventually(lambda: served.state(run_id)["type"] not in ("SCHEDULED", "PENDING"))


def execute(served: Served, run_id: str) -> dict[str, str]:
    """Return the environment in which a worker would start a second process of a run that is under way."""
    (allowed,) = (Path(served.env["PREFECT_HOME"]) / "nightdesk").glob("*/allowed.toml")
    return {**os.environ, **served.signed_in, "PREFECT__FLOW_RUN_ID": run_id, "NIGHTDESK_ALLOWED": str(allowed)}
