"""What a followed day came to: its figures, the verdict on it, and telling Prefect of both."""

import asyncio
import logging
import time
from datetime import date
from pathlib import Path
from typing import Any

from prefect import runtime

from nightdesk.flows.artifacts.assets import sources_of, tell_rows, tell_weights
from nightdesk.flows.artifacts.follow_page import show_day
from nightdesk.flows.artifacts.last_run import tell_deployment
from nightdesk.flows.artifacts.own_run import own_deployment
from nightdesk.flows.artifacts.run_verdict import Budget, judge
from nightdesk.flows.artifacts.verdict_event import tell_verdict
from nightdesk.flows.shared.following.parameters import FollowParameters
from nightdesk.flows.shared.reorganize_documents import label_run, tell_published
from nightdesk.role_rl import state_versions
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.edition.pages import edition_path
from nightdesk.tasks.following.day_totals import day_totals
from nightdesk.tasks.following.follower import Caps, Tick
from nightdesk.tasks.learning.catching_up import state_folder
from nightdesk.tasks.reading.found_documents import Source

_FIGURES = ("documents", "unreadable", "sentences", "placed", "unplaced", "failed", "unpaid", "topics")
log = logging.getLogger("nightdesk")


def caps_of(parameters: FollowParameters, profile: Profile) -> Caps:
    """Return the most dollars that a follow may spend, in a day and in an hour of the clock.

    Each is as the follow was asked, else as the table [follow] of its profile says. Where neither names dollars for a
    day, the day may take those of a run, limits.max_cost_usd; where neither names any for an hour, there is no limit.
    """
    own = profile.follow
    day, hour = (
        parameters.dollars_per_day or own.dollars_per_day or profile.limits.max_cost_usd,
        parameters.dollars_per_hour or own.dollars_per_hour,
    )
    return Caps(day or None, hour or None)


def newest_version(out: Path, profile: str) -> int:
    """Return the version of the weights that serves now; 0 if there is none."""
    newest, _ = state_versions.latest(state_folder(out, profile))
    return newest.version if newest else 0


class DayResult:
    """Makes the result of a day. Its figures are of the whole date, however often the follow was begun anew.

    It is made when the run begins, and so knows how long that took and which weights were there before.
    """

    def __init__(self, parameters: FollowParameters, profile: Profile, run_date: date) -> None:
        self._parameters, self._profile, self._run_date = parameters, profile, run_date
        self._out, self._began = Path(parameters.out), time.perf_counter()
        self._before = newest_version(self._out, profile.name)

    async def tell(self, last: Tick, why: str, goes_on: bool) -> dict[str, Any]:
        """Return the figures of the day, and show them with a verdict. last: the look with which it ended."""
        out, profile, run_date = self._out, self._profile, self._run_date
        run_id, version = str(runtime.flow_run.id), newest_version(out, profile.name)
        totals = await asyncio.to_thread(day_totals, out, run_date, profile.name)
        totals.stages = {"follow": time.perf_counter() - self._began}
        edition = edition_path(out, run_date)
        result: dict[str, Any] = {
            "run_id": run_id,
            "run_date": run_date.isoformat(),
            "why": why,
            "goes_on": goes_on,
            **{name: getattr(totals, name) for name in _FIGURES},
            "cost_usd": round(last.dollars, 6),
            "over_budget": 0,
            "out": str(out),
            "edition": str(edition) if totals.documents and edition.exists() else None,
            "weights_version": version,
        }
        learned = (version > self._before) if totals.documents else None
        verdict = judge(totals, result, profile, learned, budget=self._budget())
        await show_day(out, run_date, result, verdict, totals.reasons)
        for concern in verdict.concerns:
            log.warning("%s", concern)
        log.info("%s: %s", run_date.isoformat(), verdict.line)
        rows = {"passages": totals.sentences, "topics": totals.topics, "documents": totals.documents}
        sources = sources_of(Source("", s) for s in self._parameters.sources)
        made = {name: n for name, n in rows.items() if n}
        tell_rows(out, run_date, profile.name, run_id, made, sources, result["edition"])
        if version > self._before:
            tell_weights(out, run_date, profile.name, run_id, version)
        await label_run(tags=verdict.tags)
        await tell_deployment(run_date, verdict)
        tell_verdict(profile.name, result, verdict)
        tell_published(profile.name, self._parameters.profile, "follow", result, teaches=False)
        return {**result, "verdict": verdict.line, "is_bad": bool(verdict.faults)}

    def stands(self) -> str:
        """Say what stands of a day that was not ended, and how to go on."""
        totals = day_totals(self._out, self._run_date, self._profile.name)
        how = "the same command goes on" if own_deployment() is None else "Retry or a new run goes on"
        return (
            f"{totals.sentences:,} sentences of {self._run_date.isoformat()} are settled and published, the others are "
            f"in the journal, and {how} from there"
        )

    def _budget(self) -> Budget:
        caps = caps_of(self._parameters, self._profile)
        limits = {"day": caps.day_usd, "hour": caps.hour_usd}
        named = " and ".join(f"${usd:.2f} a {what}" for what, usd in limits.items() if usd is not None)
        return Budget(f"the follow's dollars ({named or 'no limit'})", "[follow] dollars_per_day and dollars_per_hour")
