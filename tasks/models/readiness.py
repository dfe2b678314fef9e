"""The probe of a Dask worker: that it can import all of this, and what calls look like there."""

from dataclasses import fields

from nightdesk.tasks.messages import Answer, RoleRequest
from nightdesk.tasks.models.address import ModelAddress
from nightdesk.tasks.models.spool import SpoolTicket
from nightdesk.tasks.models.worker import CallResult


def call_form() -> tuple[str, ...]:
    """Return what is sent to workers and comes back, by name. Both sides must agree, or one has another version."""
    kinds = (RoleRequest, Answer, ModelAddress, SpoolTicket, CallResult)
    return tuple(f"{kind.__name__}.{f.name}" for kind in kinds for f in fields(kind))
