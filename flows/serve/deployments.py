"""What is served on one machine: the deployments, a night that was missed, and the process that runs them."""

import asyncio
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import resource_tracker
from pathlib import Path

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy, StateType
from prefect.events import DeploymentEventTrigger
from prefect.schedules import Cron
from prefect.states import Crashed, Scheduled

from nightdesk.flows.adhoc import adhoc
from nightdesk.flows.evaluate_models import evaluate
from nightdesk.flows.follow import follow
from nightdesk.flows.nightly import learn, nightly
from nightdesk.flows.serve.alarms import make_alarms
from nightdesk.flows.serve.flow_run_process import as_main_module_of_children
from nightdesk.flows.serve.registration import Asked, KeepingRunner, Registered
from nightdesk.flows.shared.parameters import offer_profile
from nightdesk.flows.shared.reorganize_documents import PUBLISHED
from nightdesk.flows.shared.scheduled_time import nights_passed
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.reorganizing import missed_nights

POLL_S = 5.0  # how often the server is asked for runs that are due
TAGS = ["nightdesk"]
NIGHTLY, FOLLOW = "nightly-news", "follow"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What whoever serves may wish besides. fail_on_missing: that a night ends if a source is missing.

    notify: the address that alarms go to; "": none are made. worth_a_look: alarms for that verdict, too. reset: that
    nothing stays that was edited in Prefect.
    """

    fail_on_missing: bool = False
    notify: str = ""
    worth_a_look: bool = False
    reset: bool = False


class Serving:
    """Registers the deployments of one OUT with a Prefect server and runs what is due, until it is told to stop.

    The server is the one that Prefect's settings name. own: whether it is ours, so that nobody else serves with it.
    record: the file of what starts apply, so that the next one keeps what was edited since.
    """

    def __init__(
        self,
        profile: str,
        out: Path,
        sources: list[str],
        asked: Asked,
        own: bool,
        record: Path,
        wishes: Wishes,
    ) -> None:
        self._own, self._wishes = own, wishes
        self._profile, self._out, self._sources, self._asked = profile, out, sources, asked
        self._runner = KeepingRunner(NIGHTLY, asked, record, wishes.reset, POLL_S)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = False

    def run(self, ready: Callable[[Registered], None]) -> None:
        """Serve; return when stop() was called and everything has ended. ready is called when runs can begin.

        It is told what stands in Prefect.
        """
        # A Ctrl-C on this terminal goes to every process of it. Flow runs inherit that this thread does not hear it:
        # they end when they are told to, not all at once. (Starting Python's resource tracker would unblock it again.)
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        as_main_module_of_children()
        asyncio.run(self._serve(ready))

    def stop(self) -> None:
        """Cancel what runs, and end. Call it from another thread."""
        self._stopping = True  # before the loop is looked at: _serve sets that first and then looks here
        if self._loop is None:
            return
        stopping = self._stop()
        try:
            asyncio.run_coroutine_threadsafe(stopping, self._loop)
        except RuntimeError:  # the loop is closed: serving has ended by itself
            stopping.close()

    async def _stop(self) -> None:
        while not self._runner.started:  # it is still registering: it cannot be stopped before it has begun
            await asyncio.sleep(0.1)
        await self._runner.astop()

    async def _serve(self, ready: Callable[[Registered], None]) -> None:
        self._loop = asyncio.get_running_loop()
        if self._stopping:
            return
        await self._register()
        registered = self._runner.registered
        if self._wishes.notify:
            await make_alarms(self._wishes.notify, self._wishes.worth_a_look)
        if self._own:
            await self._bury(registered)
        await self._make_good(registered)
        self._loop.call_later(0, ready, registered)
        await self._runner.start()

    async def _register(self) -> None:
        """Register the deployments."""
        where = {"profile": self._profile, "out": str(self._out)}
        offer_profile(self._profile)
        await self._runner.aadd_flow(
            nightly,
            NIGHTLY,
            schedule=Cron(self._asked.cron, timezone=self._asked.zone),
            concurrency_limit=one_at_a_time(),
            parameters={"parameters": {**where, "sources": self._sources, **self._strict()}},
            tags=[*TAGS, "night"],
        )
        await self._runner.aadd_flow(adhoc, "adhoc-news", parameters={"parameters": where}, tags=[*TAGS, "adhoc"])
        await self._runner.aadd_flow(
            learn, "learn", parameters={"parameters": where}, triggers=[published_trigger()], tags=[*TAGS, "learner"]
        )
        following = {**where, "sources": self._sources, "timezone": self._asked.zone}
        await self._runner.aadd_flow(follow, FOLLOW, parameters={"parameters": following}, tags=[*TAGS, "follow"])
        measured = {"parameters": {"profile": self._profile}}
        await self._runner.aadd_flow(evaluate, "evaluate", parameters=measured, tags=[*TAGS, "quality"])
        self._runner.keep()

    def _strict(self) -> dict[str, bool]:
        return {"fail_on_missing": True} if self._wishes.fail_on_missing else {}

    async def _bury(self, registered: Registered) -> None:
        """Mark runs as crashed that were under way when an earlier serve was killed: else they would hold their place.

        Nobody else serves with our own server, and what an ended serve had started has ended with it.
        """
        under_way = FlowRunFilterStateType(any_=[StateType.PENDING, StateType.RUNNING, StateType.CANCELLING])
        ours = DeploymentFilter(id=DeploymentFilterId(any_=list(registered.ids.values())))
        async with get_client() as client:
            dead = await client.read_flow_runs(
                flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=under_way)), deployment_filter=ours
            )
            for run in dead:
                await client.set_flow_run_state(run.id, Crashed(message="It ended with what served it."), force=True)

    async def _make_good(self, registered: Registered) -> None:
        """If nights were missed, start the nightly flow for the last of them; it runs those before by itself.

        The nights are those of the schedules that are on: one that is paused brings none, and so misses none.
        """
        now = datetime.now(UTC)
        passed = await nights_passed(registered.crons, now)
        marks = missed_nights.read_marks(self._out, load_profile(self._profile).name, registered.changed)
        missed = missed_nights.missed(passed, marks)
        if missed:
            async with get_client() as client:
                await client.create_flow_run_from_deployment(
                    registered.ids[NIGHTLY], state=Scheduled(scheduled_time=missed[-1].due)
                )


def one_at_a_time() -> ConcurrencyLimitConfig:
    """Return the limit of nightly runs: one, and those that come meanwhile wait."""
    return ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE)


def published_trigger() -> DeploymentEventTrigger:
    """Return what starts `learn`: a run that has published and teaches. Its payload says whose weights, from where."""
    return DeploymentEventTrigger(
        name="learn from what was published",
        expect={PUBLISHED},
        match={"nightdesk.teaches": "true"},
        parameters={"parameters": {"profile": "{{ event.payload.profile }}", "out": "{{ event.payload.out }}"}},
    )


def serve_until(stopped: threading.Event, serving: Serving, ready: Callable[[Registered], None]) -> None:
    """Serve in a thread of its own until the event is set.

    Raises:
        Exception: whatever ended the serving before that.
    """
    failed: list[BaseException] = []

    def work() -> None:
        try:
            serving.run(ready)
        except BaseException as e:  # noqa: BLE001  (raised again where it can be told)
            failed.append(e)
        finally:
            stopped.set()

    thread = threading.Thread(target=work, name="nightdesk-serve")
    thread.start()
    stopped.wait()
    serving.stop()
    thread.join()
    if failed:
        raise failed[0]
