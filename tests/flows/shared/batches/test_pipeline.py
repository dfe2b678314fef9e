"""Batches on their way: a task run for each stage, several batches at once, and the tables as if each came alone."""

import asyncio
import threading
import uuid
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from prefect import flow, runtime

from nightdesk.flows.artifacts.progress import LISTENER, RunProgress
from nightdesk.flows.shared.batches.pipeline import MOST_IN_FLIGHT, reorganize_batches
from nightdesk.flows.shared.batches.stage_tasks import BATCH_STAGES, PROGRESS, RUN, edition_stage
from nightdesk.flows.shared.stopping.termination import Stopped, Stopping, stopping
from nightdesk.tasks.config.profile import DocumentBatches, Profile, load_profile
from nightdesk.tasks.errors import AuditFailed
from nightdesk.tasks.reorganizing.role_stages import ROLE_STAGES
from nightdesk.tasks.reorganizing.run import Run, open_run
from nightdesk.tasks.tables import quarantine
from tests.flows.conftest import Desk
from tests.processes import PATIENCE_S
from tests.tables import assert_ledger_is_complete, assert_whole, but_for_run_id, rows
from tests.texts import evening, write_evening

pytestmark = pytest.mark.long

DAY = "2026-03-01"
TEXTS = {name: [s for _, s in evening(seed, 4)] for name, seed in (("a", 1), ("b", 2), ("c", 3))}


def small_batches() -> Profile:
    news = load_profile("news")
    return news.model_copy(update={"document_batches": DocumentBatches(sentences=10)})


def staged(source: Path, out: Path, watch: Callable[[Run, Stopping], None] = lambda run, stop: None) -> tuple[Run, str]:
    """Take the documents through all stages, a batch each; return the run and the path of its edition."""

    @flow(name="staged")
    async def stages() -> tuple[Run, str]:
        day = date.fromisoformat(DAY)
        async with open_run(str(runtime.flow_run.id), day, [str(source)], out, small_batches()) as run:
            run.begin(only_new=True, reassign=False)
            RUN.set(run)
            PROGRESS.set(RunProgress(len(TEXTS), BATCH_STAGES))
            watch(run, stopping())
            try:
                with stopping().session(), stopping().place():
                    await reorganize_batches()
            except Stopped as e:
                return run, str(e)
            return run, await edition_stage()

    return asyncio.run(stages())


def one_after_the_other(source: Path, out: Path) -> None:
    """Take the documents through all stages, each batch only when the one before it is published."""

    async def main() -> None:
        async with open_run(str(uuid.uuid4()), date.fromisoformat(DAY), [str(source)], out, small_batches()) as run:
            run.begin(only_new=True, reassign=False)
            while (batch := run.next_batch()) is not None:
                for of_role in ROLE_STAGES.values():
                    await of_role(run.router, batch, lambda done, of: None)
                await run.check(batch)
                await run.publish(batch)

    asyncio.run(main())


def task_runs(desk: Desk, run: Run) -> dict[str, str]:
    """Return the state of each task run, by name."""
    return {
        t["name"]: t["state_type"]
        for t in desk.post("/task_runs/filter", {"flow_runs": {"id": {"any_": [run.run_id]}}})
    }


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
    ended = task_runs(in_process, run)
    expected = {f"{stage}-{k}" for k in (1, 2, 3) for stage in BATCH_STAGES} - {"publish-2"}
    assert ended.keys() == {*expected, "read-1", "read-2", "read-3", "read-4", "edition"}
    assert {name for name, state in ended.items() if state != "COMPLETED"} == {"check-2"}
    # Every stage that ended has told so.
    assert {f"{stage}-{batch}" for stage, batch, done, of in heard if done == of} == expected - {"check-2"}
    assert run.totals.stages.keys() == {"read", *BATCH_STAGES, "edition"}
    assert {r["run_id"] for r in rows(run.out, "documents", DAY)} == {run.run_id}


def test_the_next_batch_is_found_while_one_is_checked_and_the_tables_are_as_if_it_were_not(
    in_process: Desk, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seed in (("a", 1), ("b", 2), ("c", 3)):
        write_evening(source, name, seed=seed, passages=4)
    really, found = quarantine.clear, threading.Event()
    in_flight: list[set[int]] = []
    runs: list[Run] = []

    def clear(tables: dict[str, Any], *others: Any) -> quarantine.Cleared:
        if "a" in tables["documents"]["doc_id"].to_pylist():
            assert found.wait(PATIENCE_S)
        in_flight.append(set(runs[0].batches))
        return really(tables, *others)

    def listen(stage: str, batch: int, done: int, of: int) -> None:
        if (stage, batch, done) == ("find", 2, of):
            found.set()

    monkeypatch.setattr(quarantine, "clear", clear)
    listening = LISTENER.set(listen)
    try:
        run, _ = staged(source, tmp_path / "out", lambda run, _: runs.append(run))
    finally:
        LISTENER.reset(listening)
    assert in_flight[0] == {1, 2}
    assert max(map(len, in_flight)) <= MOST_IN_FLIGHT
    monkeypatch.undo()
    one_after_the_other(source, tmp_path / "other")
    for table in ("passages", "topics", "documents"):
        mine, others = (but_for_run_id(rows(out, table, DAY)) for out in (run.out, tmp_path / "other"))
        assert mine == others
    drawn = [
        sorted((c["decision_id"], c["model"], c["purpose"], c["served"], c["judges"]) for c in rows(out, "calls", DAY))
        for out in (run.out, tmp_path / "other")
    ]
    assert drawn[0] == drawn[1]
    assert_ledger_is_complete(run.out)


def test_a_run_that_is_stopped_has_published_whole_batches_and_no_task_crashed(
    in_process: Desk, source: Path, tmp_path: Path
) -> None:
    for name, seed in (("a", 1), ("b", 2), ("c", 3)):
        write_evening(source, name, seed=seed, passages=4)
    stops: list[Stopping] = []

    def listen(stage: str, batch: int, done: int, of: int) -> None:
        if (stage, batch, done) == ("publish", 1, of):  # then batch 2 is somewhere on its way
            stops[0].tell("a test")

    listening = LISTENER.set(listen)
    try:
        run, why = staged(source, tmp_path / "out", lambda _, stop: stops.append(stop))
    finally:
        LISTENER.reset(listening)
    assert why == "cancelled by a test"
    assert_whole(run.out, DAY, {"a": TEXTS["a"]})
    assert set(task_runs(in_process, run).values()) <= {"COMPLETED", "CANCELLED", "RUNNING"}
    again, _ = staged(source, run.out)
    assert again.totals.documents == 3
    assert_whole(run.out, DAY, TEXTS)
    assert_ledger_is_complete(run.out)
