"""Questions of two roles, asked as a run would ask them."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nightdesk.tasks.calling.answers.answer_keys import Record
from nightdesk.tasks.calling.answers.answer_store import Store
from nightdesk.tasks.calling.call_rows import Unit
from nightdesk.tasks.calling.dask.pool import fan_out
from nightdesk.tasks.calling.outcomes import Outcome
from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.config.profile import Profile, load_profile
from nightdesk.tasks.roles import content_organizer, topic_finder
from nightdesk.tasks.tables.contracts import contract
from tests.tasks.made import CATEGORIES, DAY, Row

NEWS = load_profile("news")


def with_changes(**tables: Any) -> Profile:
    """Return the news profile with some tables of it changed."""
    return Profile.model_validate(NEWS.model_dump() | tables)


def questions(n: int, doc_id: str = "d") -> list[Unit]:
    """Ask two roles about so many chunks."""
    units = []
    for k in range(n):
        texts = [f"Officials said {j} people saw the flood in district {k}." for j in range(12)]
        requests = topic_finder.make_request(texts, "en"), content_organizer.make_request(texts, "en", CATEGORIES)
        units += [Unit(doc_id, f"{doc_id}/c{k:05d}", 0, r) for r in requests]
    return units


class Asked:
    """What came of asking: outcomes, rows as they would be published, and what was made."""

    def __init__(self, outcomes: list[Outcome], rows: list[Row], judgements: list[Row], made: int) -> None:
        self.outcomes, self.rows, self.judgements, self.made = outcomes, rows, judgements, made


def ask(
    scheduler: str,
    out: Path,
    units: Sequence[Unit],
    profile: Profile = NEWS,
    run_id: str = "run-1",
    claims: bool = True,
) -> Asked:
    """Ask as a run would; without `claims` it ends before it publishes."""
    ticks = 0

    def on_done() -> None:
        nonlocal ticks
        ticks += 1

    async def main() -> Asked:
        store = Store(out, run_id)
        try:
            store.adopt()
            async with fan_out(scheduler, 2, profile.limits.call_timeout_s) as pool:
                desk = Router(profile, DAY, lambda version: None, store, pool)
                outcomes = await desk.ask(units, on_done)
                own: list[Record] = store.claim(f"tables/{run_id}.parquet") if claims else []
                rows, judgements = desk.ledger.rows(own, run_id)
                if claims:
                    (out / "tables").mkdir(exist_ok=True)
                    (out / f"tables/{run_id}.parquet").touch()
                return Asked(outcomes, rows, judgements, desk.ledger.made)
        finally:
            store.close()

    asked = asyncio.run(main())
    assert ticks == len(units)
    contract("calls").build(asked.rows)  # they fit the table
    contract("judgements").build(asked.judgements)
    return asked


def served(rows: list[Row]) -> list[Row]:
    return [r for r in rows if r["served"]]
