"""The rows of attempts at runs that the learner reads: some columns of `calls` and `judgements`, batch by batch.

A run that is retried publishes more under the same id after something may have been learned from it, so to the learner
each attempt is a run. A part's name begins with its attempt; the rows of calls get that as their run.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from math import fsum
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nightdesk.role_rl.arms import Arm, Settings
from nightdesk.role_rl.feedback import CallReader, Evidence, Remembered, evidence_of
from nightdesk.role_rl.feedback.grades import JUDGEMENTS
from nightdesk.role_rl.feedback.reserves import RESERVED
from nightdesk.role_rl.feedback.rows import CALLS, OPTIONAL
from nightdesk.tasks.tables.broken_parts import BrokenPart
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.parts import Part, name_broken
from nightdesk.tasks.tables.places import append_part

_CHOOSING = ("teaches", "attempts")  # tell whether a row teaches
_FEW_VALUES = {
    "run_id", "profile", "role", "language", "model", "family", "lane", "purpose", "doc_id", "judge", "judge_family",
}  # fmt: skip
_CODES = pa.dictionary(pa.int32(), pa.string())
_AT_ONCE = 65_536  # rows
_BUFFER = 1 << 20  # bytes of a column that are read at once, so that a large part is not in memory as a whole
_JUDGING = ("judge", "duel")


@dataclass(slots=True)
class Dollars:
    """What a night's calls cost. The second answers of duels count to judging."""

    serving: float = 0.0
    judging: float = 0.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that was read. dollars: of all its paid calls of the profile, by date; teaches: whether a row does.

    read: how many of its parts could be read.
    """

    parts: Sequence[Part]
    dollars: dict[date, Dollars]
    teaches: bool
    read: int


class Reading:
    """Takes attempts in, one after the other, and keeps of their rows what the learner needs."""

    def __init__(self, out: Path, settings: Settings) -> None:
        self._out, self._settings = out, settings
        self._calls = CallReader(settings)
        self._judgements = [_empty("judgements", JUDGEMENTS)]
        columns = dict.fromkeys((*CALLS, *OPTIONAL, *_CHOOSING, *settings.context))
        self._columns = [c for c in columns if c in contract("calls").schema.names]
        self.attempts: dict[str, Attempt] = {}  # those that teach

    def take(self, attempt: str, parts: Sequence[Part]) -> Attempt:
        """Read the parts of `calls` of an attempt, and the judgements that were published with them.

        A part that cannot be read is named and left out.
        """
        spent: defaultdict[date, list[tuple[float, float]]] = defaultdict(list)
        read = taught = 0
        for part in parts:
            try:
                for batch in _batches(part.path, "calls", self._columns):
                    own = batch.filter(pc.equal(batch["profile"], self._settings.profile))
                    if paid := _dollars(own):
                        spent[part.day].append(paid)
                    teaching = _teaching(own, attempt)
                    self._calls.add(teaching)
                    taught += len(teaching)
                read += 1
                beside = self._out / append_part("judgements", part.day, part.place.stem)
                if beside.exists():
                    self._judgements += _batches(beside, "judgements", JUDGEMENTS)
            except (OSError, BrokenPart, pa.ArrowException) as e:
                name_broken(part, e)
        pa.default_memory_pool().release_unused()  # what decoding took, some 100 MB of a large part
        dollars = {day: Dollars(*map(fsum, zip(*paid, strict=True))) for day, paid in spent.items()}
        found = Attempt(parts, dollars, taught > 0, read)
        if taught:
            self.attempts[attempt] = found
        return found

    def evidence(self, arms: Sequence[Arm], remembered: Remembered | None = None) -> Evidence:
        """Return what the attempts taught."""
        judgements = pa.concat_tables(self._judgements)
        return evidence_of(self._calls.paid(), judgements, arms, self._settings, remembered)


def _batches(path: Path, table: str, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Yield a part's rows in pieces. Columns that it lacks are null.

    Raises:
        BrokenPart, OSError, ArrowException: it cannot be read.
    """
    file = pq.ParquetFile(
        path, buffer_size=_BUFFER, pre_buffer=False, read_dictionary=[c for c in columns if c in _FEW_VALUES]
    )
    names = file.schema_arrow.names
    if missing := [key for key in contract(table).key if key not in names]:
        raise BrokenPart(path, f"it lacks {', '.join(missing)}")
    empty = _empty(table, columns)
    for batch in file.iter_batches(_AT_ONCE, use_threads=False, columns=[c for c in columns if c in names]):
        lacking = {c: pa.nulls(len(batch), empty.schema.field(c).type) for c in columns if c not in names}
        yield pa.table([lacking[c] if c in lacking else batch[c] for c in columns], names=list(columns)).cast(
            empty.schema
        )


def _empty(table: str, columns: Sequence[str]) -> pa.Table:
    types = contract(table).schema
    return pa.schema([(c, _CODES if c in _FEW_VALUES else types.field(c).type) for c in columns]).empty_table()


def _teaching(rows: pa.Table, attempt: str) -> pa.Table:
    """Return the rows that teach. Of `usage`, only what was set aside is asked for."""
    # What was never sent (no dollars left, the model rested) says nothing of a model.
    was_sent = pc.or_(rows["from_cache"], pc.greater(rows["attempts"], 0))
    rows = rows.filter(pc.and_(pc.fill_null(rows["teaches"], True), was_sent))
    run = pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), len(rows)), pa.array([attempt]))
    usage = pc.if_else(pc.match_substring(rows["usage"], f'"{RESERVED}"'), rows["usage"], pa.scalar(None, pa.string()))
    for name, column in (("run_id", run), ("usage", usage)):
        rows = rows.set_column(rows.column_names.index(name), name, column)
    return rows


def _dollars(rows: pa.Table) -> tuple[float, float] | None:
    """Return the dollars of serving and of judging; None if nothing was paid for."""
    paid = rows.filter(pc.invert(rows["from_cache"])).select(["purpose", "cost_usd"])
    if not len(paid):
        return None
    is_judging = pc.is_in(paid["purpose"].cast(pa.string()), value_set=pa.array(_JUDGING))
    costs = (paid["cost_usd"].filter(pick).to_numpy().tolist() for pick in (pc.invert(is_judging), is_judging))
    serving, judging = map(fsum, costs)
    return serving, judging
