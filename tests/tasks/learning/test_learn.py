"""Learning from the tables: once from each run that is over, and nothing from runs that are not to teach."""

from pathlib import Path

import pytest

from nightdesk.role_rl import state_versions as states
from nightdesk.tasks.calling.answer_store import Store
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.learning.learn import learn_from_tables, state_folder, weights_rows
from nightdesk.tasks.tables.publish import publish
from tests.tables import rows
from tests.tasks.house import House
from tests.tasks.made import DAY, call, calls
from tests.texts import write_evening

RUN, LEARN = "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"


@pytest.mark.parametrize(("teaches", "learned"), [(True, 1), (None, 1), (False, 0)])
def test_what_is_kept_from_teaching_teaches_nothing(tmp_path: Path, teaches: bool | None, learned: int) -> None:
    made = calls(call("c1", run_id=RUN, profile="news", teaches=teaches, attempts=1))
    publish(tmp_path, DAY, f"{RUN}-1", 1, {"calls": made})
    said = learn_from_tables(tmp_path, load_profile("news"), DAY, LEARN)
    assert said.reason.startswith("Learned from 1 answers" if learned else "No new runs"), said.reason


def test_weights_are_learned_once_from_each_run_that_is_over(house: House) -> None:
    profile = load_profile("news")
    write_evening(house.source, "d", seed=1, passages=12)
    house.night("run-1")

    def learned(run_id: str) -> tuple[int, tuple[str, ...]]:
        version = learn_from_tables(house.out, profile, DAY, run_id).version
        newest, _ = states.latest(state_folder(house.out, "news"))
        assert newest is not None
        assert newest.version == version
        return version, tuple(newest.learned_run_ids)

    still_at_work = Store(house.out, "run-1")
    assert learned("by-hand-1") == (1, ())
    still_at_work.close()
    assert learned("by-hand-2") == (2, ("run-1",))
    assert learned("by-hand-3") == (3, ("run-1",))
    assert {r["version"] for r in rows(house.out, "weights")} == {2, 3}  # the first knew of no role
    shown, warnings = weights_rows(house.out, profile, "topic_finder")
    assert warnings == []
    assert {(r["role"], r["version"]) for r in shown} == {("topic_finder", 3)}
    assert sum(r["weight"] for r in shown if r["language"] == "en") == pytest.approx(1)
    # A rerun is served by the weights of the first run, another date by the newest.
    for run_id, day, version in (("run-2", DAY, 0), ("run-3", NEXT_DAY, 3)):
        house.night(run_id, day)
        assert [d["weights_version"] for d in rows(house.out, "documents", str(day))] == [version]


def test_before_the_first_night_the_priors_serve(tmp_path: Path) -> None:
    shown, warnings = weights_rows(tmp_path, load_profile("news"), None)
    assert warnings == []
    assert {r["version"] for r in shown} == {0}
    best = {r["role"]: max((x for x in shown if x["role"] == r["role"]), key=lambda x: x["weight"]) for r in shown}
    assert {r["model"] for r in best.values()} == {"static"}
