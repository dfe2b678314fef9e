"""Nights through all stages, without a flow around them: real workers, real audit, real files."""

import asyncio
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from nightdesk.role_rl import state_versions as states
from nightdesk.tasks.calling.answers.answer_store import Store
from nightdesk.tasks.calling.dask_pool import fan_out
from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.config.profile import Profile, load_profile
from nightdesk.tasks.learning.catching_up import state_folder
from nightdesk.tasks.reading.sources import check_sources
from nightdesk.tasks.reorganizing import role_stages
from nightdesk.tasks.reorganizing.run import Run
from nightdesk.tasks.tables.audit import Auditor
from tests.tasks.made import DAY

ROLE_STAGES = (role_stages.split, role_stages.find, role_stages.locate, role_stages.relate, role_stages.organize)


@dataclass(frozen=True)
class House:
    """What the nights of one test share."""

    cluster: str
    audits: Auditor
    source: Path
    out: Path

    def night(
        self,
        run_id: str,
        day: date = DAY,
        profile: Profile | None = None,
        only_new: bool = False,
        dies_after: str = "",
        late: bool = False,
        done_runs: frozenset[str] = frozenset(),
    ) -> Run:
        """Take the source through all stages, as the flow does; or end after one of them (of the first batch)."""
        profile = profile or load_profile("news")

        async def main() -> Run:
            store = Store(self.out, run_id)
            try:
                store.adopt()
                newest, _ = states.latest(state_folder(self.out, profile.name))
                async with fan_out(self.cluster, 2, profile.limits.call_timeout_s) as pool:
                    desk = Router(profile, day, lambda version: newest if version else None, store, pool)
                    version = newest.version if newest else 0
                    reading = check_sources([str(self.source)], day)
                    run = Run(run_id, day, self.out, profile, reading, store, desk, self.audits, version)
                    run.begin(only_new, reassign=False, late=late, done_runs=done_runs)
                    while (batch := run.next_batch()) is not None:
                        for stage in ROLE_STAGES:
                            await stage(desk, batch, lambda done, of: None)
                            if stage.__name__ == dies_after:
                                return run
                        await run.check(batch)
                        if dies_after == "check":
                            return run
                        await run.publish(batch)
                        if dies_after == "publish":
                            return run
                    return run
            finally:
                store.close()

        return asyncio.run(main())
