"""Progress bars, one per stage and batch, where a person watches."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from nightdesk.flows.artifacts.progress import LISTENER
from nightdesk.tasks.safety.printable import printable


@contextmanager
def bars() -> Iterator[None]:
    """Draw what the run reports to stderr, if that is a terminal."""
    if not sys.stderr.isatty():
        yield
        return
    columns = (TextColumn("{task.description:>12}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        shown: dict[tuple[str, int], TaskID] = {}

        def listen(stage: str, batch: int, done: int, of: int) -> None:
            if (stage, batch) not in shown:
                name = stage if batch == 1 else f"{stage} {batch}"
                shown[stage, batch] = progress.add_task(escape(printable(name)), total=of)
            progress.update(shown[stage, batch], completed=done, total=of)

        token = LISTENER.set(listen)
        try:
            yield
        finally:
            LISTENER.reset(token)
