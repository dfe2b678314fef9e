"""A worker that ends with calls under way writes their answers down first, because their provider charges for them."""

import asyncio
import json
import os
import pickle
import sys
from pathlib import Path
from typing import Any

from distributed import Client, Scheduler, Worker

from nightdesk.tasks.models.spool import SpoolTicket, answer_and_spool, read
from tests.processes import start, wait_until_nothing_is_left_of
from tests.servers.playing import Playing
from tests.serving import eventually
from tests.tasks.models.made import REQUEST, at

QUIET: dict[str, Any] = {"dashboard": False}
PARENT = """
import asyncio, os, pickle, sys
from nightdesk.tasks.calling.dask.pool import fan_out
from nightdesk.tasks.models.spool import answer_and_spool

async def main():
    async with fan_out("", 1, 60.0) as pool:
        address, *asked = pickle.loads(bytes.fromhex(sys.argv[1]))
        await pool.talk(answer_and_spool, address, tuple(asked))

if __name__ == "__main__":
    asyncio.run(main())
"""


def under_way(server: Playing, folder: Path) -> SpoolTicket:
    """Keep the model's reply back; return the ticket of the call."""
    server.control("hold", texts=[REQUEST.items[0]])
    return SpoolTicket(str(folder / "c1.json"), json.dumps({"record": {"call_id": "c1"}}))


def test_a_worker_that_closes_waits_for_the_answers_that_it_has_under_way(server: Playing, tmp_path: Path) -> None:
    """Dask closes a worker whose scheduler is lost."""
    ticket, address = under_way(server, tmp_path), at(server, "plain")

    async def main() -> None:
        async with (
            Scheduler(host="127.0.0.1", port=0, **QUIET) as scheduler,
            Worker(scheduler.address, nthreads=1, **QUIET) as worker,
            Client(scheduler.address, asynchronous=True, set_as_default=False) as client,
        ):
            asked = (REQUEST, ticket)
            call = client.run(answer_and_spool, address, asked, workers=[worker.address], on_error="return")
            nobody_waits = asyncio.create_task(call)
            await asyncio.to_thread(eventually, lambda: server.control("hold")["waiting"])
            closing = asyncio.create_task(worker.close(nanny=False))
            await asyncio.sleep(0.2)
            server.control("hold", texts=[])
            await closing
            await asyncio.gather(nobody_waits, return_exceptions=True)

    asyncio.run(main())
    assert read(Path(ticket.path)).reply.answer is not None
    assert server.counts()["requests"] == 1


def test_the_workers_of_a_run_that_is_killed_write_down_what_they_have_under_way_and_end(
    server: Playing, tmp_path: Path
) -> None:
    ticket, address = under_way(server, tmp_path), at(server, "plain")
    (tmp_path / "parent.py").write_text(PARENT)
    asked = pickle.dumps((address, REQUEST, ticket)).hex()
    run = start([sys.executable, str(tmp_path / "parent.py"), asked], os.environ)
    eventually(lambda: server.control("hold")["waiting"])
    run.kill()
    run.wait()
    server.control("hold", texts=[])
    wait_until_nothing_is_left_of(run.pid)
    assert read(Path(ticket.path)).reply.answer is not None
