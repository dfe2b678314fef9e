"""Everything that can go wrong, as one tree.

NightdeskError
├── InputError              what the user gave cannot be used: file, place, remedy (exit code 2)
│   └── DocumentError       one document of several cannot be read; the others go on
├── ModelError              a call got no usable answer
│   ├── TransientError      the same call may succeed later (retry)
│   │   └── RateLimited     ... after retry_after seconds
│   └── TerminalError       the same call will fail again (ask another model)
├── BudgetExceeded          the run's dollars are spent
└── PublishError            the run's tables cannot be put in place
    └── AuditFailed         a table expectation failed; the batch is withheld

Every class keeps its arguments in `args`, so that it pickles between processes.
"""


class NightdeskError(Exception):
    """Base of all errors that nightdesk raises on purpose."""


class InputError(NightdeskError):
    """Bad input or usage; the message is one line that names the file, the place and the way out."""


class DocumentError(InputError):
    """One document cannot be read."""


class ModelError(NightdeskError):
    """A call to a model got no usable answer."""


class TransientError(ModelError):
    """The same call may succeed later."""


class RateLimited(TransientError):
    """The provider asks to wait; retry_after is in seconds."""

    def __init__(self, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message, retry_after)
        self.retry_after = retry_after

    def __str__(self) -> str:
        return str(self.args[0])


class TerminalError(ModelError):
    """The same call will fail again."""


class BudgetExceeded(NightdeskError):
    """The run's dollars are spent."""


class PublishError(NightdeskError):
    """The run's tables cannot be put in place."""


class AuditFailed(PublishError):
    """A table expectation failed, so the batch is withheld."""
