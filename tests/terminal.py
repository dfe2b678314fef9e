"""A command in a terminal of its own, as a person has it: Ctrl-C goes to every process in the foreground of it."""

import fcntl
import os
import pty
import re
import subprocess
import termios
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.processes import PATIENCE_S, start

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r(?!\n)")


@dataclass
class Terminal:
    """A command that runs in a terminal, and what stands there so far."""

    process: "subprocess.Popen[bytes]"
    master: int
    _shown: bytearray = field(default_factory=bytearray)

    def ctrl_c(self) -> None:
        """Press Ctrl-C."""
        os.write(self.master, b"\x03")

    @property
    def screen(self) -> str:
        """All that was printed, without what moves the cursor and colours."""
        return _CONTROL.sub("", self._shown.decode("utf-8", "replace")).replace("\r\n", "\n")

    @property
    def raw(self) -> bytes:
        """All that the terminal got."""
        return bytes(self._shown)

    def _read(self) -> None:
        with suppress(OSError):  # the other side is gone
            while part := os.read(self.master, 65_536):
                self._shown += part


@contextmanager
def terminal(command: Sequence[str], env: dict[str, str]) -> Iterator[Terminal]:
    """Run a command in a terminal whose session it leads; kill it if it still runs at the end."""
    master, slave = pty.openpty()
    process = start(
        command,
        env,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # its session gets this terminal
    )
    os.close(slave)
    shown = Terminal(process, master)
    reader = threading.Thread(target=shown._read, daemon=True)
    reader.start()
    try:
        yield shown
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        reader.join(PATIENCE_S)  # it ends when the last process that has the terminal open is gone
        os.close(master)
