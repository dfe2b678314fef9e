"""`nightdesk follow` as a process group that is metered, stopped, killed, and taken to the end of its day."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

from benchmarks.common import ROOT
from benchmarks.growth_cases.metering import kind_of, tree

LOOK_S = 0.5  # seconds between two looks at the processes
PATIENCE_S = 300.0
END_S = 1_800.0  # for the end of a day, which relates, sets and learns from all of it


@dataclass(frozen=True, slots=True)
class Sample:
    """What the processes of a follow have at one moment. at: s since the epoch; cpu_s: since it was started last.

    pss_mb: proportional set sizes of all; flow_mb: of the follow's own process; files: open descriptors of all.
    """

    at: float
    cpu_s: float
    pss_mb: float
    flow_mb: float
    files: int


class Follow:
    """A follow of sources into OUT. options: of the command, beside --out.

    samples: what was seen while it ran. cpu_s: of all that has ended so far, by kind of process.
    """

    def __init__(self, env: Mapping[str, str], out: Path, sources: Sequence[object], *options: object) -> None:
        self.out, self.samples, self.cpu_s = out, list[Sample](), Counter[str]()
        self._env = dict(env)
        self._arguments = list(map(str, [*sources, "--out", out, "--timezone", "UTC", *options]))
        self._log = out.with_name(f"{out.name}.log")
        self._cpu: dict[psutil.Process, float] = {}
        self._kinds: dict[psutil.Process, str] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: threading.Thread | None = None

    def start(self, *more: object) -> "Follow":
        """Begin, or go on. more: options of this time only."""
        command = [sys.executable, "-m", "nightdesk.flows.cli.entry", "follow", *self._arguments, *map(str, more)]
        self._cpu.clear()
        with self._log.open("ab") as said:
            self._process = subprocess.Popen(
                command, env=self._env, cwd=ROOT, stdin=subprocess.PIPE, stdout=said, stderr=said, process_group=0
            )
        self._watcher = threading.Thread(target=self._watch, args=(self._process,), daemon=True)
        self._watcher.start()
        return self

    def write(self, text: str) -> None:
        """Say something on its stdin."""
        stdin = self._running().stdin
        assert stdin is not None
        stdin.write(text.encode())
        stdin.flush()

    def end_stdin(self) -> None:
        """Say no more on its stdin, and wait for its end; cpu_s is known then."""
        stdin = self._running().stdin
        assert stdin is not None
        stdin.close()
        self.wait()

    def stop(self) -> None:
        """Interrupt it as Ctrl-C does, and wait for its end."""
        os.kill(self._running().pid, signal.SIGINT)
        self.wait(any_code=True)

    def kill(self) -> float:
        """Kill every process of it at once; return when, in s since the epoch.

        Workers and auditor stand in process groups of their own, so the tree is killed and not the group.
        """
        every = tree(psutil.Process(self._running().pid))
        at = time.time()
        for one in every:  # itself first, so that it cannot do anything about it
            with suppress(psutil.NoSuchProcess):
                one.kill()
        self.wait(any_code=True)
        return at

    def end_day(self) -> None:
        """Start it once more, with a day that ends within two minutes, and wait for its end."""
        until = datetime.now(UTC) + timedelta(seconds=120)  # at least 60 s, in which it must have started
        self.start("--until", until.strftime("%H:%M"))
        self.wait(patience_s=END_S)

    def wait(self, any_code: bool = False, patience_s: float = PATIENCE_S) -> None:
        """Wait for its end, at most so many seconds.

        Raises:
            RuntimeError: it failed, or does not end.
        """
        process = self._running()
        deadline = time.monotonic() + patience_s
        while True:
            pid, status, used = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > deadline:
                process.kill()
                raise RuntimeError(f"it does not end: {self.said()}")
            time.sleep(0.05)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert self._watcher is not None
        self._watcher.join()
        for one, cpu_s in self._cpu.items():
            self.cpu_s[self._kinds.get(one, "auditor")] += cpu_s
        self.cpu_s["flow"] += max(0.0, used.ru_utime + used.ru_stime - sum(self._cpu.values()))
        if process.returncode and not any_code:
            raise RuntimeError(f"exit code {process.returncode}: {self.said()}")

    def check(self) -> None:
        """Raise RuntimeError if it is not running."""
        if not Path(f"/proc/{self._running().pid}/cmdline").read_bytes():  # empty once a process is over
            ended = os.waitid(os.P_PID, self._running().pid, os.WEXITED | os.WNOWAIT)
            how = "killed by signal" if ended and ended.si_code != os.CLD_EXITED else "exit code"
            raise RuntimeError(f"it ended by itself, {how} {ended.si_status if ended else '?'}: {self.said()}")

    def said(self) -> str:
        """Return the end of what it printed."""
        return self._log.read_text("utf-8", errors="replace")[-3000:]

    def spent_s(self) -> float:
        """Return the CPU seconds that its processes have taken since it was started last, by now."""
        self._look(self._running().pid)
        return sum(list(self._cpu.values()))

    def __enter__(self) -> "Follow":
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.returncode is None:
            self.kill()

    def _running(self) -> "subprocess.Popen[bytes]":
        assert self._process is not None, "it was not started"
        return self._process

    def _watch(self, process: "subprocess.Popen[bytes]") -> None:
        while process.returncode is None:
            sample = self._look(process.pid)
            if sample.pss_mb:
                self.samples.append(sample)
            time.sleep(LOOK_S)

    def _look(self, pid: int) -> Sample:
        pss = flow = files = 0.0
        with suppress(psutil.NoSuchProcess):
            for one in tree(psutil.Process(pid)):
                with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                    times = one.cpu_times()
                    self._cpu[one] = times.user + times.system
                    if one not in self._kinds and (kind := "flow" if one.pid == pid else kind_of(one)):
                        self._kinds[one] = kind
                    mb = one.memory_full_info().pss / 2**20
                    pss += mb
                    flow += mb if one.pid == pid else 0.0
                    files += one.num_fds()
        return Sample(time.time(), sum(list(self._cpu.values())), pss, flow, int(files))
