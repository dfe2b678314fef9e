"""Lane batch: questions are collected, go up as batches at half the price, and come back when the provider has time.

What is out stands in the answers' store, so a run that was killed or cancelled resumes: the next one that asks the
same question waits for the batch in which it is, and sends nothing twice. An item that expired or failed is sent
again, alone. What is not back by the deadline goes through lane sync.
"""

import asyncio
import contextlib
import json
import logging
import time
import uuid
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass, field

from nightdesk.tasks.calling.batch_journal import Made, Outstanding, Place
from nightdesk.tasks.config.model_spec import ModelSpec
from nightdesk.tasks.config.profile import ProviderBatches
from nightdesk.tasks.errors import ModelError, PublishError, TerminalError, TransientError
from nightdesk.tasks.messages import RoleRequest
from nightdesk.tasks.models.address import address
from nightdesk.tasks.models.providers.batch_protocol import Batches, BatchItem, BatchResult
from nightdesk.tasks.models.providers.language_model import FormRefused, LanguageModel
from nightdesk.tasks.models.registry import batches_of, build
from nightdesk.tasks.models.worker import CallResult
from nightdesk.tasks.roles import prompts

log = logging.getLogger("nightdesk")

LINGER_S = 0.5  # questions go up when no further one came for so long
SLOWER, LONGEST = 1.5, 12  # each poll comes so much later than the one before, up to so many times the first
CANCEL_S = 60.0  # how long a cancelled batch may take to end with what it has
ITEM_BYTES = 200  # what an item takes beside its body, at most

Results = dict[int, "asyncio.Future[BatchResult]"]  # number of an item -> what came of it


@dataclass(slots=True)
class _Question:
    key: str
    request: RoleRequest
    result: "asyncio.Future[BatchResult]"


@dataclass(slots=True)
class _Lane:
    """One model's lane. form: how it is held to JSON. closed: why no more batches are made; empty if they are."""

    name: str
    model: LanguageModel
    batches: Batches
    form: str
    waiting: list[_Question] = field(default_factory=list)
    closed: str = ""


@dataclass(frozen=True, slots=True)
class Returned:
    """What lane batch made of a question. reply: None if lane sync has to do it.

    times: how often it went up. since: when it first did (s since the epoch), None if it never did.
    """

    reply: CallResult | None
    times: int = 0
    since: float | None = None


class BatchLane:
    """Lane batch of one run. It works in the flow's process, whose environment has the keys."""

    def __init__(self, limits: ProviderBatches, attempts: int, rows: Outstanding) -> None:
        self._limits, self._attempts, self._rows = limits, attempts, rows
        self._lanes: dict[str, _Lane] = {}
        self._out: dict[str, Results] = {}  # by marker
        self._tasks: set[asyncio.Task[None]] = set()

    async def answer(self, spec: ModelSpec, key: str, request: RoleRequest) -> Returned:
        """Have a model answer a question, which is known by its answer's key. Until that is stored, it stays known."""
        lane = await self._lane(spec)
        while True:
            place = self._rows.find(key)
            if place is not None and place.marker is not None:
                result = await self._resumed(lane, place, place.marker)
            elif self._may_go_up(lane, place):
                result = await self._sent(lane, key, request)
            else:
                return Returned(None, place.times, place.since) if place else Returned(None)
            again = self._again(lane, result.error)
            if not again:
                break
            log.info("%s: an item of a batch came back without an answer: %s", lane.name, result.error)
            self._rows.returned(key)
        place = self._rows.find(key)
        since, times = (place.since, place.times) if place else (time.time(), 1)
        return Returned(self._reply(lane, request, result, since), times, since)

    async def cancel(self) -> None:
        """Stop waiting. What is out stays out, and the next run resumes it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._out.clear()

    async def _lane(self, spec: ModelSpec) -> _Lane:
        if spec.name not in self._lanes:
            model: LanguageModel = await asyncio.to_thread(build, address(spec))  # seconds of importing
            fresh = _Lane(spec.name, model, batches_of(model), spec.form or model.JSON_FORMS[0])
            self._lanes.setdefault(spec.name, fresh)
        return self._lanes[spec.name]

    def _may_go_up(self, lane: _Lane, place: Place | None) -> bool:
        if place is None:
            return not lane.closed
        late = time.time() >= place.since + self._limits.deadline_s
        return not (lane.closed or late or place.times >= self._attempts)

    def _again(self, lane: _Lane, error: ModelError | None) -> bool:
        """Tell whether a question with this outcome may be asked again; take the next form if this one is refused."""
        if isinstance(error, FormRefused):
            forms = lane.model.JSON_FORMS
            lane.form = forms[min(forms.index(lane.form) + 1, len(forms) - 1)]
        return isinstance(error, TransientError | FormRefused)

    def _reply(self, lane: _Lane, request: RoleRequest, result: BatchResult, since: float) -> CallResult:
        seconds = time.time() - since
        if result.reply is None:
            return CallResult(None, result.error, since, seconds, lane.form, "batch")
        try:
            answer = lane.model.answer_in(result.reply, prompts.render(request))
        except ModelError as e:
            return CallResult(None, e, since, seconds, lane.form, "batch")
        return CallResult(answer, None, since, seconds, lane.form, "batch")

    async def _sent(self, lane: _Lane, key: str, request: RoleRequest) -> BatchResult:
        """Put a question to those that go up next, and wait for what comes of it."""
        question = _Question(key, request, asyncio.get_running_loop().create_future())
        lane.waiting.append(question)
        if len(lane.waiting) == 1:
            self._start(self._collect(lane))
        return await question.result

    async def _resumed(self, lane: _Lane, place: Place, marker: str) -> BatchResult:
        """Wait for a question that is in a batch already: of an earlier run, or of this one."""
        followed = marker in self._out
        results = self._out.setdefault(marker, {})
        result = results.setdefault(place.number, asyncio.get_running_loop().create_future())
        if not followed:
            self._start(self._follow(lane, self._rows.batch(marker), ()))
        return await result

    async def _collect(self, lane: _Lane) -> None:
        """Wait until no further question comes, then make batches of those that have."""
        seen = 0
        while seen < len(lane.waiting):
            seen = len(lane.waiting)
            await asyncio.sleep(LINGER_S)
        questions, lane.waiting = lane.waiting, []
        bodies = [lane.model.body(prompts.render(q.request), lane.form) for q in questions]
        sizes = [len(json.dumps(body)) + ITEM_BYTES for body in bodies]
        for start, end in self._split(lane, sizes):
            marker = f"nd{uuid.uuid4().hex[:16]}"
            try:
                made = self._rows.intend(marker, [q.key for q in questions[start:end]], time.time())
            except PublishError as e:  # the store refuses it: who waits must hear of it, or would wait for ever
                return _fail((q.result for q in questions[start:]), e)
            self._out[marker] = {n: q.result for n, q in enumerate(questions[start:end])}
            items = [BatchItem(f"{marker}-{n}", body) for n, body in enumerate(bodies[start:end])]
            self._start(self._follow(lane, made, items))

    def _split(self, lane: _Lane, sizes: Sequence[int]) -> list[tuple[int, int]]:
        """Cut questions into batches that the provider takes: [start, end) of each."""
        most = self._limits.most_requests or lane.batches.most_requests
        most_bytes = self._limits.most_bytes or lane.batches.most_bytes
        cuts, size = [0], 0
        for k, item in enumerate(sizes):
            if k > cuts[-1] and (k - cuts[-1] >= most or size + item > most_bytes):
                cuts.append(k)
                size = 0
            size += item
        return list(zip(cuts, [*cuts[1:], len(sizes)], strict=True))

    async def _follow(self, lane: _Lane, made: Made, items: Sequence[BatchItem]) -> None:
        """Make a batch (or find the one that was made), wait for its end, and hand out what came of its items."""
        results = self._out[made.marker]
        error: ModelError = TransientError("the batch ended without it")
        try:
            batch_id = made.batch_id or await self._made(lane, made, items)
            if batch_id is None:
                error = TransientError("its batch had never been made")
            else:
                await self._ended(lane, batch_id, made)
                await self._hand_out(lane, batch_id, made, results)
        except ModelError as e:
            error = TransientError(f"lane batch is closed: {e}")
            if not lane.closed:
                lane.closed = str(e)
                log.warning("%s: no batches any more: %s; lane sync does the rest", lane.name, e)
        except PublishError as e:
            _fail(results.values(), e)
        finally:
            del self._out[made.marker]
            for number, result in results.items():
                if not result.done():
                    result.set_result(BatchResult(f"{made.marker}-{number}", error=error))

    async def _made(self, lane: _Lane, made: Made, items: Sequence[BatchItem]) -> str | None:
        """Return the id of a batch, made now or by a process that ended before it could write the id down."""
        pause, sent = self._limits.poll_s, False
        while True:
            try:
                batch_id = await lane.batches.find(made.marker, made.made_at, made.size) if sent or not items else None
                if batch_id is None and not items:
                    self._rows.unmade(made.marker)
                    return None
                if batch_id is None:
                    sent = True  # whatever is said to it, it may have arrived
                    batch_id = await lane.batches.create(made.marker, items)
            except TransientError as e:
                if time.time() >= made.since + self._limits.deadline_s:
                    raise TerminalError(f"by the deadline no batch could be made: {e}") from None
                log.info("%s: a batch of %d could not be sent (%s); trying again", lane.name, made.size, e)
                await asyncio.sleep(max(pause, getattr(e, "retry_after", 0.0)))
                pause = min(pause * SLOWER, LONGEST * self._limits.poll_s)
            except ModelError:
                self._rows.unmade(made.marker)
                raise
            else:
                self._rows.made(made.marker, batch_id)
                log.info("%s: %d calls are out as batch %s", lane.name, made.size, batch_id)
                return batch_id

    async def _ended(self, lane: _Lane, batch_id: str, made: Made) -> None:
        """Wait until a batch has ended; at the deadline cancel it, so that it ends with what it has."""
        pause, due, cancelled = self._limits.poll_s, made.since + self._limits.deadline_s, False
        while True:
            with contextlib.suppress(TransientError):  # polling goes on
                state = await lane.batches.state(batch_id)
                if state.problem:
                    log.warning("%s: batch %s was not taken: %s", lane.name, batch_id, state.problem)
                if state.ended:
                    return
            left = due - time.time()
            if left <= 0 and cancelled:
                log.warning("%s: batch %s does not end; what it has is lost", lane.name, batch_id)
                return
            if left <= 0:
                log.warning("%s: batch %s is not back by its deadline; lane sync does the rest", lane.name, batch_id)
                with contextlib.suppress(ModelError):
                    await lane.batches.cancel(batch_id)
                cancelled, pause, due = True, self._limits.poll_s, time.time() + CANCEL_S
            await asyncio.sleep(min(pause, max(0.0, due - time.time())))
            pause = min(pause * SLOWER, LONGEST * self._limits.poll_s)

    async def _hand_out(self, lane: _Lane, batch_id: str, made: Made, results: Results) -> None:
        """Give every item that came back to whoever waits for it."""
        for attempt in range(1, self._attempts + 1):
            try:
                async for result in lane.batches.results(batch_id):
                    marker, _, number = result.custom_id.rpartition("-")
                    if marker == made.marker and number.isdigit() and int(number) in results:
                        waiting = results[int(number)]
                        if not waiting.done():
                            waiting.set_result(result)
                return
            except TransientError:
                if attempt == self._attempts:
                    raise
                await asyncio.sleep(self._limits.poll_s)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _fail(results: Iterable["asyncio.Future[BatchResult]"], error: PublishError) -> None:
    for result in results:
        if not result.done():
            result.set_exception(error)
            result.exception()  # asyncio reports an exception that nobody has looked at: who waited may be gone
