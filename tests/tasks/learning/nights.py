"""Nights of a few calls, published as a run does: what learning keeps of them is held against their rows."""

from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nightdesk.role_rl.sufficient_stats import Key, Tally
from nightdesk.tasks import tables
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.learning.catching_up import state_folder
from nightdesk.tasks.learning.sums import MOST_VERSIONS, Sums, opened
from nightdesk.tasks.learning.weights_plot import dollars_lines, shown_versions, weights_lines
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.publish import publish
from tests.role_rl.feedback import rowwise
from tests.tasks.made import Row, call, calls

NEWS = load_profile("news")
MODELS = ("static", "lexical")


def run_of(number: int) -> str:
    return f"00000000-0000-0000-0000-{number:012d}"


def day_of(number: int) -> date:
    return date(2026, 3, 1 + number)


def publish_run(out: Path, number: int, day: date, rows: list[Row], judgements: list[Row] = []) -> None:  # noqa: B006
    """Publish calls and judgements of a run."""
    run_id = run_of(number)
    made = {"calls": calls(*({**row, "run_id": run_id} for row in rows))}
    if judgements:
        made["judgements"] = contract("judgements").build({**row, "run_id": run_id} for row in judgements)
    publish(out, day, f"{run_id}.0a1b2c3d-1", 1, made)


def usual_run(out: Path, number: int, wrong: str = "lexical", **changes: Any) -> str:
    """Publish a night in which each model answered forty times, judged, and one of them badly; return its run."""
    rows, judgements = [], []
    for model, other in (MODELS, MODELS[::-1]):
        for k in range(40):
            row = {"model": model, "family": model, "propensity": 0.5, "judge_propensity": 1.0, "cost_usd": 0.01}
            rows.append(call(f"{number}-{model}-{k}", doc_id=f"doc-{k}", **row | changes))
            graded = {"accuracy": 0.1 if model == wrong else 0.9, "weight": 1.0, "cost_usd": 0.0, "control": False}
            judgements.append({"call_id": rows[-1]["call_id"], "judge": other, "judge_family": other, **graded})
    publish_run(out, number, day_of(number), rows, judgements)
    return run_of(number)


def raw_tallies(out: Path) -> dict[Key, Tally]:
    """Return what the tables say of the arms, a run after the other, row by row."""
    every, judged = tables.scan(out, "calls"), tables.scan(out, "judgements")
    every = every.filter(pc.and_(pc.fill_null(every["teaches"], True), pc.greater(every["attempts"], 0)))
    found: dict[Key, Tally] = {}
    for run in sorted(set(every["run_id"].to_pylist())):
        own = rowwise.gather(every.filter(pc.equal(every["run_id"], run)), judged, NEWS.arms(), NEWS.settings())
        found |= {key: found.get(key, Tally()).plus(tally) for key, tally in own.tallies.items()}
    return found


def raw_nights(out: Path) -> list[tuple[float, float]]:
    """Return what the tables say of each night's dollars of serving and of judging."""
    spent: defaultdict[date, list[float]] = defaultdict(lambda: [0.0, 0.0])
    where = (pc.field("profile") == "news") & ~pc.field("from_cache")
    for row in tables.scan(out, "calls", where=where).to_pylist():
        spent[row["run_date"]][row["purpose"] in ("judge", "duel")] += row["cost_usd"]
    return [(serving, judging) for _, (serving, judging) in sorted(spent.items())]


def raw_weights(out: Path) -> pa.Table:
    return tables.scan(out, "weights", where=pc.field("profile") == "news")


def kept(out: Path) -> tuple[dict[Key, Tally], list[tuple[float, float]], Any, Any]:
    """Return what the sums say: tallies, nights, and the picture's lines of weights and of dollars."""
    with opened(out, state_folder(out, "news")) as sums:
        return sums.tallies(), sums.nights(MOST_VERSIONS)[1], *lines_of(sums)


def lines_of(sums: Sums) -> tuple[Any, Any]:
    return weights_lines(sums.weights(shown_versions(sums))), dollars_lines(*sums.nights(MOST_VERSIONS))
