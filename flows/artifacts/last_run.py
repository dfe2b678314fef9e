"""The verdict of a deployment's last run, at the end of its description, where its page in the Prefect UI shows it."""

from datetime import date

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentUpdate

from nightdesk.flows.artifacts.markdown import plain
from nightdesk.flows.artifacts.own_run import own_deployment
from nightdesk.flows.artifacts.reporting import report
from nightdesk.flows.artifacts.run_verdict import RunVerdict

_MARK = "\n\n**Last run**"
_LONGEST = 600  # characters of the verdict's line


def own_description(description: str | None) -> str:
    """Return a deployment's description without what was said of its last run."""
    return (description or "").partition(_MARK)[0]


def with_last_run(description: str, old: str | None) -> str:
    """Return a description followed by what an old one says of the last run."""
    return description + "".join((old or "").partition(_MARK)[1:])


async def tell_deployment(run_date: date, verdict: RunVerdict) -> None:
    """Have the deployment that this run is of say how it went; nothing if it is of none."""
    if (deployment := own_deployment()) is None:
        return

    async def update() -> None:
        async with get_client() as client:
            old = (await client.read_deployment(deployment)).description
            told = f"{own_description(old)}{_MARK}, for {run_date.isoformat()}: {plain(verdict.line, _LONGEST)}"
            await client.update_deployment(deployment, DeploymentUpdate(description=told))

    await report(update())
