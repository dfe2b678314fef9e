"""Models behind one protocol: each module here knows one way to answer a role."""

from typing import Protocol

from nightdesk.tasks.messages import Answer, RoleRequest


class Model(Protocol):
    """Anything that can answer a role."""

    async def answer(self, request: RoleRequest) -> Answer:
        """Answer one request.

        Raises:
            nightdesk.tasks.errors.ModelError: the model did not answer, or not in the form asked for.
        """
        ...
