"""Nights that were published, written straight into the tables: calls and judgements as a run leaves them."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.places import append_part, part_name

ROLES = ("topic_finder", "topic_locator", "relationship_checker", "content_organizer")
MODELS = (("static", "wordllama"), ("lexical", "tfidf"), ("small", "a"), ("large", "b"), ("other", "c"))
LANGUAGES = ("en", "zh")
FIRST = date(2026, 1, 1)
_SHARES = {"serve": 0.85, "duel": 0.05, "repair": 0.03, "judge": 0.06, "fallback": 0.01}
_OF_A_DOCUMENT = 20  # calls


def run_of_night(night: int) -> str:
    """Return the id of the run of the k-th night."""
    return f"00000000-0000-0000-0000-{night:012d}"


def date_of_night(night: int) -> date:
    """Return the date of the k-th night."""
    return FIRST + timedelta(days=night)


def write_night(out: Path, night: int, calls: int, profile: str = "news", parts: int = 1) -> date:
    """Write the k-th night's parts of `calls` and `judgements`, and return its date.

    Every twentieth serving answer is invalid, every tenth is judged; a duel and a repair belong to a serving answer.
    """
    day = date_of_night(night)
    for k in range(parts):
        dice = np.random.default_rng([night, k])
        table, judged = _calls(dice, calls // parts, night, profile)
        name = part_name(run_of_night(night), "0a1b2c3d", k)
        for about, rows in (("calls", table), ("judgements", judged)):
            path = out / append_part(about, day, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(rows, path, compression="zstd")
    return day


def _calls(dice: np.random.Generator, n: int, night: int, profile: str) -> tuple[pa.Table, pa.Table]:
    purposes = list(_SHARES)
    purpose = np.sort(dice.choice(len(purposes), n, p=list(_SHARES.values())))
    serving = int((purpose == 0).sum())
    own = np.arange(n)
    parent = np.where(purpose == 0, own, dice.integers(0, max(1, serving), n))  # the serving answer that it belongs to
    ids, decisions = _ids(dice, n), _ids(dice, n)
    role = dice.integers(0, len(ROLES), n)[parent]
    language = dice.integers(0, len(LANGUAGES), n)[parent // _OF_A_DOCUMENT * _OF_A_DOCUMENT]
    model = dice.choice(len(MODELS), n, p=[0.8, 0.05, 0.05, 0.05, 0.05])
    model = np.where(purpose == 2, model[parent], np.where(purpose == 1, (model[parent] + 1) % len(MODELS), model))
    valid = dice.random(n) > 0.05
    drawn = purpose < 2
    columns: dict[str, pa.Array] = {
        "run_id": pa.repeat(run_of_night(night), n),
        "call_id": ids,
        "parent_call_id": pc.if_else(pa.array((purpose == 2) | (purpose == 4)), ids.take(pa.array(parent)), None),
        "decision_id": decisions.take(pa.array(parent)),
        "profile": pa.repeat(profile, n),
        "doc_id": pa.array([f"reports/2026/evening-{night}-{d:06d}" for d in range(n // _OF_A_DOCUMENT + 1)]).take(
            pa.array(parent // _OF_A_DOCUMENT)
        ),
        "unit": pa.array([f"c{u:05d}" for u in range(100)]).take(pa.array(parent % 100)),
        "role": pa.array(ROLES).take(pa.array(role)),
        "language": pa.array(LANGUAGES).take(pa.array(language)),
        "model": pa.array([m for m, _ in MODELS]).take(pa.array(model)),
        "family": pa.array([f for _, f in MODELS]).take(pa.array(model)),
        "lane": pa.repeat("sync", n),
        "purpose": pa.array(purposes).take(pa.array(purpose)),
        "served": pa.array(purpose == 0),
        "weights_version": pa.repeat(pa.scalar(night, pa.int32()), n),
        "eligible": pa.array([[m for m, _ in MODELS]], pa.list_(pa.string())).take(pa.array(np.zeros(n, int))),
        "propensity": pa.array(np.where(model == 0, 0.8, 0.05), mask=~drawn),
        "judge_propensity": pa.array(np.where(purpose == 1, 1.0, 0.1), mask=~drawn),
        "answer_key": _ids(dice, n),
        "teaches": pa.array(np.ones(n, bool)),
        "from_cache": pa.array(dice.random(n) < 0.02),
        "valid": pa.array(valid),
        "accuracy": pa.nulls(n, pa.float64()),
        "judges": pa.array(np.zeros(n, np.int32)),
        "input_tokens": pa.array(dice.integers(100, 2000, n)),
        "cached_tokens": pa.array(np.zeros(n, np.int64)),
        "output_tokens": pa.array(dice.integers(10, 200, n)),
        "usage": pa.array([f'{{"prompt_tokens": {k}, "completion_tokens": 20}}' for k in range(100)]).take(
            pa.array(own % 100)
        ),
        "usage_estimated": pa.array(np.zeros(n, bool)),
        "cost_usd": pa.array(dice.random(n) / 1000),
        "latency_s": pa.array(dice.random(n)),
        "attempts": pa.array(np.ones(n, np.int32)),
        "error": pa.nulls(n, pa.string()),
        "started_at": pa.array(np.full(n, _us(night)) + own, pa.timestamp("us", tz="UTC")),
    }
    schema = contract("calls").schema
    table = pa.table([columns[name] for name in schema.names], schema=schema)
    heard = np.flatnonzero(valid & ((purpose == 1) | ((purpose == 0) & (dice.random(n) < 0.1))))
    return table, _judgements(dice, table, heard, model)


def _judgements(
    dice: np.random.Generator, calls: pa.Table, heard: NDArray[np.int64], model: NDArray[np.int64]
) -> pa.Table:
    judge = (model[heard] + 1 + dice.integers(0, len(MODELS) - 1, len(heard))) % len(MODELS)
    columns = {
        "call_id": calls["call_id"].take(pa.array(heard)),
        "judge": pa.array([m for m, _ in MODELS]).take(pa.array(judge)),
        "judge_family": pa.array([f for _, f in MODELS]).take(pa.array(judge)),
        "accuracy": pa.array(dice.random(len(heard))),
        "weight": pa.array(np.ones(len(heard))),
        "cost_usd": pa.array(dice.random(len(heard)) / 1000),
        "control": pa.array(np.zeros(len(heard), bool)),
        "run_id": calls["run_id"].take(pa.array(heard)),
    }
    schema = contract("judgements").schema
    return pa.table([columns[name] for name in schema.names], schema=schema)


def _ids(dice: np.random.Generator, n: int) -> pa.Array:
    """Return ids of 32 hexadecimal digits, as calls have them."""
    text = dice.bytes(16 * n).hex().encode()
    offsets = np.arange(0, 32 * n + 1, 32, dtype=np.int32)
    return pa.StringArray.from_buffers(n, pa.py_buffer(offsets), pa.py_buffer(text))


def _us(night: int) -> int:
    return int((datetime(2026, 1, 1, 2, tzinfo=UTC) + timedelta(days=night)).timestamp() * 1e6)
