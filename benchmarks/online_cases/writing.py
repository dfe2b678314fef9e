"""A process that makes text files grow at a steady pace, and writes down when each sentence came."""

import json
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from benchmarks.growth_cases.texts import varied
from nightdesk.tasks.reading.sentences import ends, longest_in, split_sentences

_LOOK_S = 0.02  # seconds between two looks at what is due


@dataclass(frozen=True, slots=True)
class Growing:
    """A file to be written sentence by sentence, a line each; the first comes after `start_s` seconds."""

    path: Path
    sentences: Sequence[str]
    every_s: float
    start_s: float = 0.0


class Writer:
    """Writes the files in a process of its own, so that neither a follow that is killed nor a reader holds it up."""

    def __init__(self, files: Sequence[Growing], log: Path) -> None:
        self._log = log
        self._process: BaseProcess = multiprocessing.get_context("spawn").Process(
            target=_write, args=(list(files), log), daemon=True
        )

    def start(self) -> "Writer":
        """Begin."""
        self._process.start()
        return self

    @property
    def is_over(self) -> bool:
        """Whether everything is written.

        Raises:
            RuntimeError: the process failed.
        """
        if self._process.exitcode:
            raise RuntimeError(f"the writer ended with exit code {self._process.exitcode}")
        return self._process.exitcode == 0

    def stop(self) -> None:
        """Write no further."""
        self._process.terminate()
        self._process.join()

    def arrivals(self) -> dict[str, list[float]]:
        """Return, by a file's name without its suffix, when its sentences came, in s since the epoch."""
        came: dict[str, list[float]] = {}
        for line in self._log.read_text("utf-8").splitlines() if self._log.exists() else ():
            name, at = json.loads(line)
            came.setdefault(name, []).append(at)
        return came


def lines_of(seed: int) -> Iterator[str]:
    """Yield varied sentences that are read as one sentence each where they stand in a line of their own."""
    for text in varied(seed):
        line = " ".join(text.split())
        if ends(line) and split_sentences(line, "en", longest_in(line), True) == [line]:
            yield line


def append(path: Path, sentences: Sequence[str]) -> None:
    """Write sentences to the end of a file at once."""
    with path.open("a", encoding="utf-8") as file:
        file.write("".join(f"{sentence}\n" for sentence in sentences))


def _write(files: list[Growing], log: Path) -> None:
    begin = time.time()
    with ExitStack() as stack, log.open("a", encoding="utf-8", buffering=1) as noted:
        opened = [stack.enter_context(file.path.open("a", encoding="utf-8", buffering=1)) for file in files]
        written = [0] * len(files)
        while any(n < len(file.sentences) for n, file in zip(written, files, strict=True)):
            now = time.time() - begin
            for k, file in enumerate(files):
                while written[k] < len(file.sentences) and file.start_s + written[k] * file.every_s <= now:
                    opened[k].write(f"{file.sentences[written[k]]}\n")
                    noted.write(json.dumps([file.path.stem, time.time()]) + "\n")
                    written[k] += 1
            time.sleep(_LOOK_S)
