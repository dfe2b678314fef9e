"""`nightdesk weights`, `rollback`, `what-if`: what serves next, what served before, and what would."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.learning.learn import learn_from_tables
from nightdesk.tasks.tables.publish import publish
from tests.flows.cli.typed import nightdesk
from tests.tasks.made import DAY, call, calls


def test_before_the_first_night_the_priors_are_the_weights(home: Path) -> None:
    ended = nightdesk(home, "weights", "--out", "published", "--role", "topic_locator", "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    rows = json.loads(ended.stdout)["weights"]
    assert {r["role"] for r in rows} == {"topic_locator"}
    assert sum(r["weight"] for r in rows) == pytest.approx(1)


def test_going_back_to_a_version_that_there_is_not_is_refused_in_one_line(home: Path) -> None:
    ended = nightdesk(home, "rollback", "7", "--out", "published")
    assert ended.returncode in (1, 2)
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert "7" in line


def learned(out: Path, nights: int = 2) -> None:
    """Publish nights in which static answered well and lexical did not, and learn from each."""
    for night in range(nights):
        run_id = f"00000000-0000-0000-0000-{night:012d}"
        rows = [
            call(f"{night}-{model}-{k}", run_id=run_id, model=model, family=model, eligible=["static", "lexical"],
                 propensity=0.5, judge_propensity=1.0, accuracy=accuracy, judges=1, attempts=1)
            for model, accuracy in (("static", 0.9), ("lexical", 0.1))
            for k in range(30)
        ]  # fmt: skip
        publish(out, DAY + timedelta(days=night), f"{run_id}-1", {"calls": calls(*rows)})
        learn_from_tables(out, load_profile("news"), DAY + timedelta(days=night), run_id)


def test_a_rollback_is_a_new_version_that_serves_as_the_old_one(home: Path) -> None:
    learned(home / "published")
    back = nightdesk(home, "rollback", "1", "--out", "published", "--json")
    assert json.loads(back.stdout)["new_weights_version"] == 3
    told = nightdesk(home, "weights", "--history", "--out", "published", "--json")
    versions = json.loads(told.stdout)["versions"]
    assert [v["version"] for v in versions] == [3, 2, 1]
    assert versions[0]["leaders"] == versions[2]["leaders"]
    shown = nightdesk(home, "weights", "--history", "--out", "published").stdout
    assert versions[0]["reason"].split()[0] in shown
    some = nightdesk(home, "weights", "--history", "--last", "2", "--out", "published", "--json")
    assert [v["version"] for v in json.loads(some.stdout)["versions"]] == [3, 2]
    assert "earlier versions that are not shown: 1; --last 0 shows all" in some.stderr


def test_what_if_tells_who_would_lead_and_names_a_model_that_there_is_not(home: Path) -> None:
    learned(home / "published", nights=1)
    told = nightdesk(home, "what-if", "--exclude", "static", "--out", "published", "--json")
    (row,) = json.loads(told.stdout)["what_if"]
    assert row["leads_now"] == "static" != row["would_lead"]
    wrong = nightdesk(home, "what-if", "--exclude", "statik", "--out", "published")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.startswith("nightdesk: --exclude statik: no model of profile news")
