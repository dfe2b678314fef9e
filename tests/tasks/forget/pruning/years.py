"""An OUT of several dates in which everything stands that pruning may remove."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

from nightdesk.tasks.calling.answers.answer_store import Store
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.edition.pages import write_edition
from nightdesk.tasks.learning.learn import learn_from_tables
from nightdesk.tasks.tables import publish
from nightdesk.tasks.tables.contracts import TABLES, contract
from nightdesk.tasks.tables.places import append_part
from tests.tasks.made import DAY, call, calls, document, tables, work

DAYS = [DAY + timedelta(n) for n in range(4)]
LEARN = "00000000-0000-0000-0000-00000000000b"


def put(out: Path, day: date, learns: bool = True, profile: str = "news") -> None:
    """Publish a date: two documents, a call, a judgement and a quarantined row of each run, and an answer."""
    run = f"run_{day:%Y%m%d}"
    name = f"{run}.a-1"
    made = tables(work(document(f"one-{day}", 4)), work(document(f"two-{day}", 3)), run_id=run)
    row = call(f"c-{day}", f"one-{day}", run_id=run, profile=profile)
    judged = {"judge": "lexical", "judge_family": "lexical", "accuracy": 1.0, "weight": 1.0, "cost_usd": 0.0}
    made |= {
        "calls": calls(row),
        "judgements": contract("judgements").build(
            [judged | {"call_id": row["call_id"], "control": False, "run_id": run}]
        ),
        "quarantine": contract("quarantine").build(
            [{"table": "passages", "row": "{}", "expectation": "e", "doc_id": f"one-{day}", "run_id": run}]
        ),
    }
    store = Store(out, run)
    store.put(row["answer_key"], [["Topic", [1], []]], {**row, "started_at": 0.0, "reply": None})
    part = append_part("calls", day, name).as_posix()
    store.claim(part)
    publish.publish(out, day, name, made)
    store.published(part)
    store.assign(profile, day.isoformat(), [f"hash-{day}"], 0, reassign=False)
    store.close()
    write_edition(out, day)
    if learns:
        learn_from_tables(out, load_profile(profile), day, LEARN)


def put_all(out: Path, days: Sequence[date] = DAYS) -> Path:
    """Publish some dates, and learn from them."""
    for day in days:
        put(out, day)
    return out


def standing(out: Path) -> dict[str, set[date]]:
    """Return the dates of which something stands: in each table, as editions, as answers."""
    found = {
        table: {
            date.fromisoformat(p.parent.name.removeprefix("run_date="))
            for p in (out / "tables" / table).glob("run_date=*/*.parquet")
        }
        for table in TABLES
    }
    found["editions"] = {date.fromisoformat(p.parent.name) for p in (out / "editions").glob("*/index.html")}
    store = Store(out, "look")
    found["answers"] = {day for day in DAYS if store.get(f"key-c-{day}") is not None}
    store.close()
    return found
