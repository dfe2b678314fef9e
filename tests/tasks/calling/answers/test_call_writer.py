"""Calls that are over together are written together: on disk before they count, and none for another's fault."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from nightdesk.tasks.calling.answers.answer_keys import Record
from nightdesk.tasks.calling.answers.answer_store import Store
from nightdesk.tasks.errors import PublishError


def record(call_id: str) -> Record:
    return {"call_id": call_id, "answer_key": f"key-{call_id}", "doc_id": "d", "valid": True}


def on_disk(out: Path) -> set[str]:
    """Return the calls that another process would find."""
    with closing(sqlite3.connect(out / "answers.db")) as db:
        return {call_id for (call_id,) in db.execute("SELECT call_id FROM calls")}


def test_every_call_is_on_disk_when_its_writer_goes_on(out: Path) -> None:
    seen: list[bool] = []

    async def one(store: Store, call_id: str) -> None:
        await store.put_soon([], record(call_id), lambda: seen.append(call_id in on_disk(out)))
        seen.append(call_id in on_disk(out))

    async def main(store: Store) -> None:
        await asyncio.gather(*(one(store, f"c{k}") for k in range(50)))

    with closing(Store(out, "run-1")) as store:
        asyncio.run(main(store))
        assert store.get("key-c7") is not None
    assert seen == [True] * 100


def test_a_call_that_cannot_be_written_takes_no_other_along(out: Path) -> None:
    async def main(store: Store) -> list[BaseException | None]:
        store.put("key-c3", [], record("c3"))
        return await asyncio.gather(
            *(store.put_soon([], record(f"c{k}"), lambda: None) for k in range(6)), return_exceptions=True
        )

    with closing(Store(out, "run-1")) as store:
        errors = asyncio.run(main(store))
    assert [isinstance(e, PublishError) for e in errors] == [False, False, False, True, False, False]
    assert on_disk(out) == {f"c{k}" for k in range(6)}


def test_a_call_whose_run_is_cancelled_while_it_is_written_is_written(out: Path) -> None:
    told: list[str] = []

    async def main(store: Store) -> None:
        writing = asyncio.create_task(store.put_soon([], record("c1"), lambda: told.append("c1")))
        await asyncio.sleep(0)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing

    with closing(Store(out, "run-1")) as store:
        asyncio.run(main(store))
    assert on_disk(out) == {"c1"}
    assert told == ["c1"]


def test_an_answer_and_the_release_of_its_question_are_seen_at_once(out: Path) -> None:
    with closing(Store(out, "one")) as one, closing(Store(out, "two")) as two:
        assert one.claims.take("key-c1", 60.0)
        assert not two.claims.take("key-c1", 60.0)
        asyncio.run(one.put_soon([], record("c1"), lambda: None))
        assert two.claims.take("key-c1", 60.0)
