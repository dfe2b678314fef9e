"""A document taken through the roles by models of a stand-in server, and what came of it."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from nightdesk.tasks.calling.answers.answer_store import Store
from nightdesk.tasks.calling.dask.pool import fan_out
from nightdesk.tasks.calling.router import Router
from nightdesk.tasks.config.profile import Profile, load_profile
from nightdesk.tasks.reorganizing.document_state import Batch, Work
from nightdesk.tasks.reorganizing.role_stages import ROLE_STAGES
from nightdesk.tasks.tables.contracts import contract
from tests.servers.playing import Playing
from tests.tasks.made import DAY, Row, document
from tests.texts import evening

Told = tuple[str, int, int]  # (stage, done, of)
EVERY = "{ topic_finder = 1.0, topic_locator = 1.0, relationship_checker = 1.0, content_organizer = 1.0 }"


TEXTS = [s for _, s in evening(7, 20)][:200]


WORLD = f"""
[[models]]
name = "narrow"
family = "arctic"
accuracy = {EVERY}
context = 2500

[[models]]
name = "wide"
family = "tropic"
accuracy = {EVERY}
"""


def profile(server: Playing, **contexts: int) -> Profile:
    """Return a profile of models of the server with what it says of their contexts (0: nothing)."""
    models = [
        {"name": name, "family": name, "provider": "openai", "base_url": server.openai_url, "context_tokens": tokens}
        | {"prices": {"input": 0.0, "output": 0.0}}
        for name, tokens in contexts.items()
    ]
    return Profile.model_validate(load_profile("news").model_dump() | {"models": models, "learner": {}})


class Ran:
    """What came of taking one document through the roles."""

    def __init__(self, work: Work, rows: list[Row], left_out: dict[tuple[str, str], int]) -> None:
        self.work, self.rows, self.left_out = work, rows, left_out

    def assert_whole(self) -> None:
        """Every sentence has a topic and a category, and nothing was lost."""
        assert all(p in self.work.placed[k] and p in self.work.filed[k] for p, k in self.work.owned())
        assert not (self.work.unjoined or self.work.notes or self.work.not_located or self.work.not_organized)


def run(
    scheduler: str, out: Path, profile: Profile, texts: Sequence[str] = TEXTS, told: list[Told] | None = None
) -> Ran:
    """Take a document through the roles. told: gets what the stages say of how far they are."""

    async def main() -> Ran:
        store = Store(out, "run-1")
        try:
            async with fan_out(scheduler, 2, profile.limits.call_timeout_s) as pool:
                desk = Router(profile, DAY, lambda version: None, store, pool)
                batch = Batch(1, [Work(document("d", texts), 0)])
                for name, stage in ROLE_STAGES.items():
                    await stage(desk, batch, lambda done, of, name=name: told is None or told.append((name, done, of)))
                rows, _ = desk.ledger.rows(store.claim("tables/run-1.parquet"), "run-1")
                return Ran(batch.works[0], rows, dict(desk.plans.left_out))
        finally:
            store.close()

    ran = asyncio.run(main())
    contract("calls").build(ran.rows)
    return ran
