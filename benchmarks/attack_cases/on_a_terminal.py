"""What a terminal gets from a command: every byte of it."""

import os
import pty
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

COMMAND = (sys.executable, "-m", "nightdesk.flows.cli.main")
HOSTILE = "a\x1b]0;owned\x07\x1b[2J\nERROR: forged \u202egpj\u2066\x9b31m"  # one line of a log, if all is well
RAW = (b"\x1b]0;", b"\x07", b"\x1b[2J", b"\nERROR", "\u202e".encode(), "\u2066".encode(), "\x9b".encode())


def surroundings(home: Path, **more: str) -> dict[str, str]:
    """Return an environment in which whatever a command writes is below a folder."""
    return {**os.environ, "HOME": str(home), "PREFECT_HOME": str(home / "prefect"), "COLUMNS": "200", **more}


def terminal_bytes(home: Path, *arguments: object, **more: str) -> tuple[int, bytes]:
    """Run a command in a folder, on a terminal; return its exit code and all that the terminal got."""
    master, slave = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=home,
        env=surroundings(home, **more),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    ) as process:
        os.close(slave)
        got = bytearray()
        with suppress(OSError):  # the other side is gone
            while part := os.read(master, 65_536):
                got += part
    os.close(master)
    return process.returncode, bytes(got).replace(b"\r\n", b"\n")


def piped(home: Path, *arguments: object) -> "subprocess.CompletedProcess[bytes]":
    """Run a command in a folder, its output into pipes."""
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, cwd=home, env=surroundings(home), capture_output=True, check=False)


def raw_in(got: bytes, raw: Sequence[bytes] = RAW) -> str:
    """Return what of an attack's bytes a terminal got as they are, in words."""
    found = [repr(r)[2:-1] for r in raw if r in got]
    return f"raw: {', '.join(found)}" if found else "nothing raw"
