"""The answers' store after thirty nights of one size over after three, where three nights are kept.

Quick: records of calls are put into the store as a run puts them. Long: real nights of the embedded models.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

from benchmarks.common import ROOT, nightdesk
from benchmarks.growth_cases.rows import Case, Rows, at_most, told
from benchmarks.growth_cases.texts import write_varied
from nightdesk.tasks.calling.answers.answer_store import Store, store_file
from nightdesk.tasks.calling.answers.removal import prune_store
from nightdesk.tasks.tables.places import append_part

FIRST = date(2026, 1, 1)
KEPT, FEW, MANY = 3, 3, 30  # nights
CALLS = 2_000  # of a night
GOAL = 1.2
_WORDS = {
    "parent_call_id": None, "profile": "news", "teaches": True, "unit": "c00000", "role": "topic_locator",
    "language": "en", "model": "static", "family": "wordllama", "lane": "sync", "purpose": "serve", "served": False,
    "weights_version": 3, "eligible": ["static", "lexical", "baseline"], "propensity": 0.97, "judge_propensity": 0.02,
    "from_cache": False, "valid": True, "accuracy": None, "judges": 0, "input_tokens": 0, "cached_tokens": 0,
    "output_tokens": 0, "usage": None, "usage_estimated": False, "cost_usd": 0.0, "latency_s": 0.0123, "attempts": 1,
    "error": None, "reply": None, "started_at": 1767225600.0,
}  # fmt: skip


def _stored(scratch: Path, env: Mapping[str, str]) -> Rows:
    """Store and publish nights of records; prune as the end of a night does, and not at all."""
    sizes = {kept: _sizes(scratch / str(kept), kept) for kept in (KEPT, MANY)}
    few, many = sizes[KEPT][FEW - 1], sizes[KEPT][-1]
    return [
        at_most(f"answers.db after {MANY} nights over after {FEW}, {KEPT} kept", many / few, GOAL),
        told(f"the same, all {MANY} kept", sizes[MANY][-1] / sizes[MANY][FEW - 1]),
        told("bytes of answers.db a call", sizes[MANY][-1] / (MANY * CALLS)),
    ]


def _sizes(out: Path, kept: int) -> list[int]:
    out.mkdir()
    sizes = []
    for number in range(MANY):
        day = FIRST + timedelta(number)
        store = Store(out, f"night-{number}")
        for k in range(CALLS):
            key = f"{number:08x}{k * 2654435761 % 2**32:08x}" + "0" * 16  # spread like hashes
            ids = {"call_id": key[::-1], "decision_id": key, "answer_key": key, "doc_id": f"doc-{number}-{k}"}
            store.put(key, [["A title of a topic", list(range(1, 26)), []]], _WORDS | ids)
        store.assign("news", day.isoformat(), [f"{number:016x}{k:016x}" for k in range(CALLS // 5)], 3, False)
        part = append_part("calls", day, f"night-{number}.a-1").as_posix()
        store.claim(part)
        store.published(part)
        store.close()
        prune_store(out, day - timedelta(kept - 1))
        sizes.append(_size(out))
    return sizes


def _nights(scratch: Path, env: Mapping[str, str]) -> Rows:
    """Run real nights of a profile with a retention."""
    profile = scratch / "kept.toml"
    shipped = (ROOT / "deployments/profiles/news.toml").read_text(encoding="utf-8").partition("[[models]]")
    profile.write_text(f"{shipped[0]}[retention]\ndates = {KEPT}\n\n{shipped[1]}{shipped[2]}", encoding="utf-8")
    days = [FIRST + timedelta(number) for number in range(MANY)]
    for number, day in enumerate(days):
        write_varied(scratch / "in" / day.isoformat(), 1_000, 25, seed=100 + number)
    sizes = []
    for first, last in ((0, FEW - 1), (FEW, MANY - 1)):
        options = ("--out", scratch / "out", "--profile", profile, "--date", f"{days[first]}..{days[last]}")
        nightdesk("run", f"{scratch}/in/{{run_date}}", *options, env=dict(env))
        sizes.append((_size(scratch / "out"), _bytes(scratch / "out" / "tables")))
    (few, tables_few), (many, tables_many) = sizes
    return [
        at_most(f"answers.db after {MANY} real nights over after {FEW}, {KEPT} kept", many / few, GOAL),
        told("tables, the same", tables_many / tables_few),
        told("answers.db over tables", many / tables_many),
    ]


def _size(out: Path) -> int:
    return sum(path.stat().st_size for path in out.glob(f"{store_file(out).name}*"))


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.parquet"))


QUICK: dict[str, Case] = {"retention": _stored}
LONG: dict[str, Case] = {"retention-nights": _nights}
