"""What this flow run is a part of, told without asking Prefect's server where its own record says it.

prefect.runtime asks the server for what a run by hand has not. Where that is gone, it asks for a minute, blocks the
event loop meanwhile, and then raises: at the end of a run whose tables stand.
"""

from contextlib import suppress
from uuid import UUID

from prefect import runtime
from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext


def own_deployment() -> UUID | None:
    """Return the id of the deployment that this run, or the run above it, is of; None if it was begun by hand."""
    run = _own()
    if run is not None and run.deployment_id is not None:
        return run.deployment_id
    with suppress(Exception):  # whatever it is, what is wanted is only told to the server
        if run is None or run.parent_task_run_id is not None:
            return UUID(found) if (found := runtime.deployment.id) is not None else None
    return None


def root_run() -> UUID:
    """Return the id of the run that all others here are below of; its own if that cannot be told."""
    run = _own()
    with suppress(Exception):
        if run is None or run.parent_task_run_id is not None:
            return UUID(str(runtime.flow_run.root_flow_run_id or runtime.flow_run.id))
    return UUID(str(runtime.flow_run.id))


def _own() -> FlowRun | None:
    context = FlowRunContext.get()
    return context.flow_run if context is not None else None
