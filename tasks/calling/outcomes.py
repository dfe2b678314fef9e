"""What came of one call, and of one question: an answer that passed the format checker, or why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from nightdesk.role_rl.arms import arm_name
from nightdesk.tasks.calling.answers.answer_keys import Record
from nightdesk.tasks.errors import ModelError, OverBudget, Refused
from nightdesk.tasks.messages import Answer, Cause

TooLongBy = Literal["", "estimate", "provider"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer that serves, and whose it is; or why there is none, in words and as data.

    too_long: a shorter question may be answered, because this one is longer than models can be asked: by our estimate,
    or because a provider said so.
    """

    answer: Answer | None
    model: str | None
    reason: str | None = None
    cause: Cause = ""
    too_long: TooLongBy = ""


@dataclass(slots=True)
class Call:
    """One use of a model: its record, its answer if that is valid, whether the record is this use's own.

    cause: why it has no answer. too_long: whether the question is longer than the model can read. rested: whether it
    was not sent, because the model rests.
    """

    record: Record
    answer: Answer | None
    own: bool
    cause: Cause = ""
    too_long: bool = False
    rested: bool = False

    @property
    def arm(self) -> str:
        """The arm that was asked."""
        return arm_name(self.record["model"], self.record["lane"])


def cause(error: ModelError | None) -> Cause:
    """Return why a call has no answer. error: None if there was one, which did not pass the format checker."""
    if isinstance(error, OverBudget):
        return "budget"
    return "text" if isinstance(error, Refused) else "models"


def cause_of(tried: Sequence[Call]) -> Cause:
    """Return why none of several calls has an answer: dollars first, as more of them might have bought one."""
    causes = {c.cause for c in tried}
    return next(c for c in ("budget", "models", "text") if c in causes)
