"""Stages as Prefect tasks: a task run for each stage and batch; a batch that the audit withholds stops no other."""

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from prefect import flow, runtime

from nightdesk.flows.artifacts.progress import LISTENER, RunProgress
from nightdesk.flows.shared.batches.pipeline import reorganize_batches
from nightdesk.flows.shared.batches.stage_tasks import BATCH_STAGES, PROGRESS, RUN, edition_stage
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.errors import AuditFailed
from nightdesk.tasks.reorganizing.run import Run, open_run
from nightdesk.tasks.tables import quarantine
from tests.flows.conftest import Desk
from tests.tables import assert_whole, rows
from tests.texts import evening, write_evening

pytestmark = pytest.mark.long

DAY = "2026-03-01"
TEXTS = {name: [s for _, s in evening(seed, 4)] for name, seed in (("a", 1), ("b", 2), ("c", 3))}


def staged(source: Path, out: Path) -> tuple[Run, str]:
    """Take the documents through all stages, a batch each; return the run and the path of its edition."""
    news = load_profile("news")
    small = news.model_copy(update={"document_batches": news.document_batches.model_copy(update={"sentences": 10})})

    @flow(name="staged")
    async def stages() -> tuple[Run, str]:
        day = date.fromisoformat(DAY)
        async with open_run(str(runtime.flow_run.id), day, [str(source)], out, small) as run:
            run.begin(only_new=True, reassign=False)
            RUN.set(run)
            PROGRESS.set(RunProgress(len(TEXTS), BATCH_STAGES))
            await reorganize_batches()
            return run, await edition_stage()

    return asyncio.run(stages())


def test_batches_go_through_all_stages_and_one_that_is_withheld_stops_no_other(
    in_process: Desk, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seed in (("a", 1), ("b", 2), ("c", 3)):
        write_evening(source, name, seed=seed, passages=4)
    really = quarantine.clear

    def clear(tables: dict[str, Any], *others: Any) -> quarantine.Cleared:
        if "b" in tables["documents"]["doc_id"].to_pylist():
            raise AuditFailed("table passages: something is not whole")
        return really(tables, *others)

    monkeypatch.setattr(quarantine, "clear", clear)
    heard: list[tuple[str, int, int, int]] = []
    listening = LISTENER.set(lambda *step: heard.append(step))
    try:
        run, edition = staged(source, tmp_path / "out")
    finally:
        LISTENER.reset(listening)
    assert_whole(run.out, DAY, {name: TEXTS[name] for name in "ac"})
    assert run.totals.withheld == ["batch 2 (b): table passages: something is not whole"]
    assert (run.totals.documents, run.batches) == (2, {})
    assert Path(edition).is_file()
    # One task run for each, by which the run's page in the Prefect UI tells where it is.
    filters = {"flow_runs": {"id": {"any_": [run.run_id]}}}
    ended = {t["name"]: t["state_type"] for t in in_process.post("/task_runs/filter", filters)}
    expected = {f"{stage}-{k}" for k in (1, 2, 3) for stage in BATCH_STAGES} - {"publish-2"}
    assert ended.keys() == {*expected, "read-1", "read-2", "read-3", "read-4", "edition"}
    assert {name for name, state in ended.items() if state != "COMPLETED"} == {"check-2"}
    # Every stage that ended has told so.
    assert {f"{stage}-{batch}" for stage, batch, done, of in heard if done == of} == expected - {"check-2"}
    assert run.totals.stages.keys() == {"read", *BATCH_STAGES, "edition"}
    assert {r["run_id"] for r in rows(run.out, "documents", DAY)} == {run.run_id}
