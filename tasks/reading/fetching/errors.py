"""Why an address is not read."""

from nightdesk.tasks.errors import DocumentError


class Failing(DocumentError):
    """An address cannot be read now, and may be later; wait_s: what its server asks to wait, in seconds."""

    def __init__(self, message: str, wait_s: float = 0.0) -> None:
        super().__init__(message, wait_s)
        self.wait_s = wait_s

    def __str__(self) -> str:
        return str(self.args[0])


class Late(DocumentError):
    """An address took longer than it may; there is no time for another attempt."""


class NotAllowed(DocumentError):
    """An address is, or leads to, where this run may not ask."""
