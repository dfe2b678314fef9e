"""Learning from the tables: once from each run that is over, and nothing from runs that are not to teach."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from nightdesk.role_rl import state_versions as states
from nightdesk.tasks.calling.answers.answer_store import Store
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.learning.catching_up import state_folder
from nightdesk.tasks.learning.learn import history_rows, learn_from_tables, learn_unseen, weights_rows, what_if_rows
from nightdesk.tasks.tables.places import run_of_attempt
from nightdesk.tasks.tables.publish import publish
from tests.tables import rows
from tests.tasks.house import House
from tests.tasks.made import DAY, call, calls
from tests.texts import write_evening

NEXT_DAY = date(2026, 3, 2)
RUN, LEARN = "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"


@pytest.mark.parametrize(("teaches", "learned"), [(True, 1), (None, 1), (False, 0)])
def test_what_is_kept_from_teaching_teaches_nothing(tmp_path: Path, teaches: bool | None, learned: int) -> None:
    made = calls(call("c1", run_id=RUN, profile="news", teaches=teaches, attempts=1))
    publish(tmp_path, DAY, f"{RUN}-1", {"calls": made})
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
        return version, tuple(map(run_of_attempt, newest.from_run_ids))

    still_at_work = Store(house.out, "run-1")
    assert learn_from_tables(house.out, profile, DAY, "by-hand-1").version == 0
    assert states.versions(state_folder(house.out, "news")) == []
    still_at_work.close()
    assert learned("by-hand-2") == (1, ("run-1",))
    pictures = sorted(state_folder(house.out, "news").glob("*.svg"))
    said = learn_from_tables(house.out, profile, DAY, "by-hand-3")  # nothing is new, so there is no new version
    assert (said.version, said.is_new, said.reason) == (1, False, "No new runs; nothing moved.")
    assert states.versions(state_folder(house.out, "news")) == [1]
    assert sorted(state_folder(house.out, "news").glob("*.svg")) == pictures
    assert {r["version"] for r in rows(house.out, "weights")} == {1}
    shown, warnings = weights_rows(house.out, profile, "topic_finder")
    assert warnings == []
    assert {(r["role"], r["version"]) for r in shown} == {("topic_finder", 1)}
    assert sum(r["weight"] for r in shown if r["language"] == "en") == pytest.approx(1)
    # A rerun is served by the weights of the first run, another date by the newest.
    for run_id, day, version in (("run-2", DAY, 0), ("run-3", NEXT_DAY, 1)):
        house.night(run_id, day)
        assert [d["weights_version"] for d in rows(house.out, "documents", str(day))] == [version]


def test_a_run_without_a_new_answer_is_read_once_and_makes_no_version(tmp_path: Path) -> None:
    taught(tmp_path, 1)
    again = calls(call("again", run_id=RUN, profile="news", from_cache=True, attempts=1))
    publish(tmp_path, NEXT_DAY, f"{RUN}-1", {"calls": again})
    reasons = [learn_from_tables(tmp_path, load_profile("news"), NEXT_DAY, LEARN).reason for _ in range(2)]
    assert reasons == ["1 run without a new answer; nothing moved.", "No new runs; nothing moved."]
    assert states.versions(state_folder(tmp_path, "news")) == [1]


def test_before_the_first_night_the_priors_serve(tmp_path: Path) -> None:
    shown, warnings = weights_rows(tmp_path, load_profile("news"), None)
    assert warnings == []
    assert {r["version"] for r in shown} == {0}
    best = {r["role"]: max((x for x in shown if x["role"] == r["role"]), key=lambda x: x["weight"]) for r in shown}
    assert {r["model"] for r in best.values()} == {"static"}


def taught(out: Path, nights: int, wrong: str = "lexical") -> None:
    """Publish nights in which every model answered as often, and one of them wrongly; learn from each."""
    news = load_profile("news")
    for night in range(nights):
        run_id = f"00000000-0000-0000-0000-{night:012d}"
        rows_of = [
            call(f"{night}-{model}-{k}", run_id=run_id, model=model, family=model, eligible=["static", "lexical"],
                 propensity=0.5, judge_propensity=1.0, accuracy=0.1 if model == wrong else 0.9, judges=1, attempts=1)
            for model in ("static", "lexical")
            for k in range(40)
        ]  # fmt: skip
        publish(out, date(2026, 3, 1 + night), f"{run_id}-1", {"calls": calls(*rows_of)})
        learn_from_tables(out, news, date(2026, 3, 1 + night), run_id)


def test_the_history_tells_of_every_version_newest_first(tmp_path: Path) -> None:
    taught(tmp_path, 3)
    told, warnings, _ = history_rows(tmp_path, load_profile("news"))
    assert warnings == []
    assert [r["version"] for r in told] == [3, 2, 1]
    assert [r["runs"] for r in told] == [1, 1, 1]
    assert all(r["leaders"]["topic_finder/en"] == "static" for r in told)
    assert sorted((r["created_at"] for r in told), reverse=True) == [r["created_at"] for r in told]
    assert history_rows(tmp_path, load_profile("news"), last=2) == (told[:2], [], 1)
    assert history_rows(tmp_path, load_profile("news"), last=0) == (told, [], 0)


def test_a_broken_version_is_told_of_and_the_others_are_shown(tmp_path: Path) -> None:
    taught(tmp_path, 2)
    broken = next(
        p for p in state_folder(tmp_path, "news").iterdir() if p.name.startswith("000001") and p.suffix != ".svg"
    )
    broken.write_text("{ torn")
    told, warnings, _ = history_rows(tmp_path, load_profile("news"))
    assert [r["version"] for r in told] == [2]
    assert len(warnings) == 1 and broken.name in warnings[0]


def test_what_would_be_without_a_model_is_told_for_what_was_logged_and_refused_where_none_is_left(
    tmp_path: Path,
) -> None:
    taught(tmp_path, 1)
    news = load_profile("news")
    settings = news.settings()
    without = replace(settings, excluded=settings.excluded | {"static"})
    (row,) = what_if_rows(tmp_path, news, without)
    assert (row["role"], row["language"], row["leads_now"]) == ("topic_finder", "en", "static")
    assert row["would_lead"] != "static"
    with pytest.raises(InputError):
        what_if_rows(tmp_path, news, replace(settings, excluded=frozenset(m.name for m in news.models)))


def test_a_run_that_was_learned_from_is_not_learned_from_again(tmp_path: Path) -> None:
    taught(tmp_path, 1)
    assert learn_unseen(tmp_path, load_profile("news"), DAY, LEARN) is None
    assert len(history_rows(tmp_path, load_profile("news"))[0]) == 1
