"""A follow's page in the Prefect UI: one artifact that says what is on now, brought up to date twice a minute at most.

In the end it is a summary with the verdict. The live page in OUT tells more, at every look.
"""

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.artifacts import acreate_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactUpdate

from nightdesk.flows.artifacts.edition_link import READ_AT
from nightdesk.flows.artifacts.markdown import code, plain, table
from nightdesk.flows.artifacts.reporting import report
from nightdesk.flows.artifacts.run_verdict import RunVerdict
from nightdesk.tasks.following.follower import Tick
from nightdesk.tasks.following.settling.settled import Settled

EVERY_S = 30.0
LIVE = Path("live", "index.html")  # below OUT
_STREAMS = 20  # that the page names, those with news last
_TROUBLES = 5  # that it tells of, the last ones
_DESCRIBED = 600  # characters of a description


class FollowPage:
    """The page of one follow and date. settled: sentences of this run so far. clock: seconds that only go forward."""

    def __init__(self, out: Path, run_date: date, clock: Callable[[], float] = time.monotonic) -> None:
        self._out, self._run_date, self._clock = out, run_date, clock
        self._on: dict[str, tuple[str, int]] = {}  # document -> its last topic, and sentences that are settled
        self._artifact: UUID | None = None
        self._due, self._told = clock(), ""
        self._troubles: deque[str] = deque(maxlen=_TROUBLES)
        self.settled = 0

    def take(self, settled: Sequence[Settled]) -> None:
        """Note what was settled: what is on now is the topic of the last sentence that has one."""
        for one in settled:
            before, _ = self._on.pop(one.doc_id, ("", 0))
            titles = (str(p["topic"]) for p in reversed(one.passages) if p["topic"])
            self._on[one.doc_id] = next(titles, before), int(one.document["sentences"])

    async def tell(self, tick: Tick) -> bool:
        """Bring the page up to date after a look, if there is news and it was not done just now; return whether."""
        self.settled += tick.settled
        self._troubles.extend(tick.troubles)
        text, line, now = self._text(tick), self.line(tick), self._clock()
        if now < self._due or text == self._told:
            return False
        self._due, self._told = now + EVERY_S, text
        if self._artifact is None:
            self._artifact = await report(acreate_markdown_artifact(text, key="live", description=plain(line)))
        else:
            await report(_update(self._artifact, text, plain(line)))
        return True

    def line(self, tick: Tick) -> str:
        """Return how a follow stands, on one line."""
        waits = f", {tick.waiting:,} chunks wait" if tick.waiting else ""
        return (
            f"{self.settled:,} sentences settled, {tick.provisional:,} provisional{waits}, {tick.lag_s:.0f} s behind, "
            f"${tick.dollars:.2f} today"
        )

    def _text(self, tick: Tick) -> str:
        lines = [f"# What is on, {self._run_date.isoformat()}", "", plain(self.line(tick), 300), ""]
        if self._on:
            last = list(self._on.items())[: -_STREAMS - 1 : -1]
            rows = [(plain(doc_id), plain(title or "no topic yet"), f"{n:,}") for doc_id, (title, n) in last]
            lines += table(("stream", "on now", "settled "), rows)
            if len(self._on) > _STREAMS:
                lines += [f"and {len(self._on) - _STREAMS:,} more", ""]
        lines += [f"- {plain(trouble, 300)}" for trouble in self._troubles]
        lines += ["", f"The live page: {live_link(self._out)}"]
        return "\n".join(lines) + "\n"


async def show_day(
    out: Path, run_date: date, result: dict[str, Any], verdict: RunVerdict, reasons: Iterable[str]
) -> None:
    """Put the summary of a day that has ended on its page. reasons: why documents could not be read."""
    lines = [f"# {verdict.word}", "", plain(verdict.headline, 300), ""]
    lines += [f"- {plain(c, 300)}" for c in verdict.concerns]
    if not_read := list(reasons)[:_STREAMS]:
        lines += ["", "## Not read", *(f"- {plain(why, 400)}" for why in not_read)]
    names = ("documents", "unreadable", "sentences", "placed", "unplaced", "failed", "unpaid", "topics")
    rows = [(name, f"{result[name]:,}") for name in names]
    rows += [("dollars", f"{result['cost_usd']:.4f}"), ("it ended because of", plain(result["why"]))]
    rows.append(("tables", code(f"{out / 'tables'}/*/run_date={run_date.isoformat()}/")))
    if result["edition"]:
        rows.append(("edition", code(result["edition"])))
    lines += ["", "## The day", *table(("", " "), rows)]
    described = plain(verdict.line, _DESCRIBED)
    await report(acreate_markdown_artifact("\n".join(lines) + "\n", key="summary", description=described))


def live_link(out: Path) -> str:
    """Return where the live page is, as Markdown: a link where something serves it over http, and its path."""
    path = code(out / LIVE)
    served = os.environ.get(READ_AT, "").rstrip("/")
    return f"[open it]({served}/{LIVE.as_posix()}) ({path})" if served else path


async def _update(artifact: UUID, text: str, description: str) -> None:
    async with get_client() as client:
        await client.update_artifact(artifact, ArtifactUpdate(data=text, description=description))
