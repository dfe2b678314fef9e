"""Every form that is read, with hostile text in every place of it that a stranger writes."""

import gzip
import io
import json
import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from benchmarks.scaling_cases import hostile, marked_up, running
from benchmarks.scaling_cases.step import Step
from nightdesk.tasks.errors import NightdeskError
from nightdesk.tasks.reading.isolation import processes
from nightdesk.tasks.reading.sources import check_sources
from tests.tasks.made import DAY
from tests.tasks.reading.mutations import samples

Writes = Callable[[str, int], str]  # (a hostile piece, how many characters of it) -> a document


def steps(folder: Path, every: bool) -> Iterator[Step]:
    """Yield a step for each place and each hostile piece that concerns it."""
    processes.ISOLATED = False
    logging.disable(logging.WARNING)
    for place, (name, units, written) in {**running.PLACES, **marked_up.PLACES}.items():
        for unit in hostile.EVERY if every else units:
            yield Step(f"{place}: {unit!r}"[:60], _maker(folder / name, written, unit), read)


def _maker(path: Path, written: Writes, unit: str) -> Callable[[int], Path]:
    def make(n: int) -> Path:
        path.write_bytes(_as_bytes(path.name, written(unit, n)))
        return path

    return make


def _as_bytes(name: str, text: str) -> bytes:
    raw = text.encode("utf-8", "replace")
    if name.endswith(".gz"):
        return gzip.compress(raw)
    if name.endswith(".parquet"):
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(json.loads(text)), table)
        return table.getvalue()
    return raw


def read(path: Path) -> int:
    """Read a file as a run does: checked, then read; return how many sentences. What is refused has none."""
    with suppress(NightdeskError):
        return sum(len(getattr(d, "texts", ())) for d in check_sources([str(path)], DAY).documents())
    return 0


def warm() -> None:
    """Load what the readers need."""
    with tempfile.TemporaryDirectory() as folder:
        for name, raw in samples().items():
            path = Path(folder) / name
            path.write_bytes(raw)
            read(path)
