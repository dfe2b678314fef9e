"""Everything that can go wrong, as one tree.

NightdeskError
├── InputError              what the user gave cannot be used: file, place, remedy (exit code 2)
│   └── DocumentError       one document of several cannot be read; the others go on
├── PoolLost                Dask's scheduler is gone for longer than a run waits
│   └── NoWorker            ... or is there and has no worker that can be used (an InputError, too)
├── ModelError              a call got no usable answer
│   ├── TransientError      the same call may succeed later (retry)
│   │   ├── Unanswered      ... but it was sent and no answer came, so the provider may charge for it
│   │   │   └── WorkerLost      ... as its worker or Dask's scheduler was lost, which is no news about the model
│   │   ├── RateLimited     ... after retry_after seconds
│   │   └── Resting         ... but the model rests for longer than the call may wait
│   ├── OverBudget          the call was not sent, since the run's dollars do not reach for it
│   └── TerminalError       the same call will fail again (ask another model)
│       ├── TooLong             ... as the question is longer than the model can read (ask about less at a time)
│       ├── Unusable            ... and so will every call to this model (key refused, no such model, no credit)
│       └── BadReply            the model replied, and it cannot be used: not JSON, cut off (paid for all the same)
│           └── Refused             ... as the model declined to answer
├── BudgetExceeded          the run's dollars are spent
├── BadRun                  the run is over and was bad: too much was lost; what it published stands
└── PublishError            the run's tables cannot be put in place
    └── AuditFailed         a table expectation failed; the batch is withheld

Every class keeps its arguments in `args`, so that it pickles between processes.
"""

from typing import Any

from nightdesk.tasks.messages import Usage


class NightdeskError(Exception):
    """Base of all errors that nightdesk raises on purpose."""


class InputError(NightdeskError):
    """Bad input or usage; the message is one line that names the file, the place and the way out."""


class DocumentError(InputError):
    """One document cannot be read."""


class PoolLost(NightdeskError):
    """Dask's scheduler is gone for longer than a run waits."""


class NoWorker(PoolLost, InputError):
    """Dask's scheduler has no worker that can be used, for longer than a run waits."""


class ModelError(NightdeskError):
    """A call to a model got no usable answer."""


class TransientError(ModelError):
    """The same call may succeed later."""


class Unanswered(TransientError):
    """The call was sent, and no answer came in time or in full: the provider may charge for it."""


class WorkerLost(Unanswered):
    """The worker that had the call, or Dask's scheduler, was lost or is stuck: no news about the model."""


class RateLimited(TransientError):
    """The provider asks to wait; retry_after is in seconds."""

    def __init__(self, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message, retry_after)
        self.retry_after = retry_after

    def __str__(self) -> str:
        return str(self.args[0])


class Resting(TransientError):
    """The model is left alone for a while, longer than the call may wait; the call was not sent."""


class OverBudget(ModelError):
    """The call was not sent: it could have taken the run over its dollars."""


class TerminalError(ModelError):
    """The same call will fail again."""


class TooLong(TerminalError):
    """The question is longer than the model can read; a shorter one may be answered."""


class Unusable(TerminalError):
    """Every call to this model will fail until its entry in the profile, or its key, is mended."""


class BadReply(TerminalError):
    """The model replied and that is no answer; text is what it said, usage what it counted."""

    def __init__(self, message: str, text: str = "", usage: Usage | None = None) -> None:
        super().__init__(message, text, usage)
        self.text = text
        self.usage = usage or Usage()

    def __str__(self) -> str:
        return str(self.args[0])


class Refused(BadReply):
    """The model declined to answer; asking it again would not change that."""


class BudgetExceeded(NightdeskError):
    """The run's dollars are spent."""


class BadRun(NightdeskError):
    """The run is over, and its verdict is bad; result holds its figures. What it published stands."""

    def __init__(self, verdict: str, result: dict[str, Any] | None = None) -> None:
        super().__init__(verdict, result)
        self.result = result or {}

    def __str__(self) -> str:
        return str(self.args[0])


class PublishError(NightdeskError):
    """The run's tables cannot be put in place."""


class AuditFailed(PublishError):
    """A table expectation failed, so the batch is withheld."""
