"""Under how many dates a document stands: one, unless everything is asked for again."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.forget.pruning.prune import prune
from nightdesk.tasks.reading.documents import Document
from nightdesk.tasks.reorganizing.past_dates.standing import Skips, Standing, names_its_date, standing
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.publish import publish
from tests.tasks.made import DAY, document, tables, work

DAYS = st.integers(0, 5).map(lambda n: DAY + timedelta(days=n))
TEXTS = st.sampled_from(["It rains.", "It snows.", "The sun shines."])


def of(text: str, doc_id: str = "front", source: str = "/in/front.txt") -> Document:
    return replace(document(doc_id, [text]), source=source)


def leaves_out(known: Standing, text: str, day: date, argument: str = "/in") -> bool:
    source = argument.replace("{run_date}", day.isoformat())
    return Skips(known, day, [argument]).leaves_out(of(text, source=f"{source}/front.txt"))


@given(st.lists(st.tuples(DAYS, TEXTS), max_size=8), st.sampled_from(["/in", "/in/{run_date}"]))
def test_no_text_comes_to_stand_under_two_dates_in_whatever_order_dates_are_run(
    runs: list[tuple[date, str]], argument: str
) -> None:
    known = Standing()
    for day, text in runs:
        if not leaves_out(known, text, day, argument):
            known.add("front", of(text).content_hash, day)
        assert leaves_out(known, text, day, argument)  # a second run of the date finds nothing missing
    assert all(len(days) == 1 for days in known.texts.values())


def test_a_source_without_its_date_has_nothing_for_a_date_before_one_that_has_it() -> None:
    known = Standing()
    known.add("front", of("It rains.").content_hash, DAY)
    before, after = DAY - timedelta(days=1), DAY + timedelta(days=1)
    assert leaves_out(known, "It rains.", before)
    assert leaves_out(known, "It snows.", before)  # changed since, so it is newer than that date
    assert not leaves_out(known, "It snows.", after)
    assert not leaves_out(known, "It snows.", DAY)  # as edited: it replaces what stands
    assert leaves_out(known, "It rains.", DAY)


def test_a_source_that_names_its_date_has_another_document_of_the_same_name_under_each() -> None:
    known = Standing()
    known.add("front", of("It rains.").content_hash, DAY)
    before = DAY - timedelta(days=1)
    assert leaves_out(known, "It snows.", before, "/in")
    assert not leaves_out(known, "It snows.", before, "/in/{run_date}")
    one = of("It snows.", source=f"/in/front{before}.txt")
    assert names_its_date(one, ["/other", "/in/front{run_date}.*"], before)
    assert not names_its_date(one, ["/in", "/in/{run_date}"], before)


def test_everything_again_leaves_nothing_out_and_counts_what_stands_elsewhere() -> None:
    known = Standing()
    known.add("front", of("It rains.").content_hash, DAY)
    skips = Skips(known, DAY + timedelta(days=1), ["/in"], is_all=True)
    assert not skips.leaves_out(of("It rains."))
    assert not skips.leaves_out(of("It snows."))
    (line,) = skips.lines()
    assert line.startswith("1 document filed under 2026-03-02 stands under another date, too (2026-03-01: 1)")


def test_what_was_left_out_is_counted_by_the_date_under_which_it_stands() -> None:
    known = Standing()
    for n in range(7):
        known.add(f"d{n}", of("It rains.", f"d{n}").content_hash, DAY + timedelta(days=n))
    skips = Skips(known, DAY + timedelta(days=9), ["/in"])
    assert all(skips.leaves_out(of("It rains.", f"d{n}")) for n in range(7))
    (line,) = skips.lines()
    assert line.startswith("7 documents were left out for 2026-03-10, because they stand in the tables already (")
    assert "2026-03-07: 1" in line
    assert "and on 2 dates before" in line


@pytest.mark.parametrize(
    ("is_all", "said"),
    [
        (False, "1 document was left out for 2026-03-02, because it was published under a date that was pruned since"),
        (True, "1 document filed under 2026-03-02 was published under a date that was pruned since, too"),
    ],
)
def test_what_was_pruned_stands_nowhere_but_is_no_new_document(tmp_path: Path, is_all: bool, said: str) -> None:
    texts = {"front": "It rains.", "back": "It snows."}
    for k, (doc_id, text) in enumerate(texts.items()):
        publish(tmp_path, DAY - timedelta(days=k), "run-1-1", tables(work(document(doc_id, [text]))))
    prune(tmp_path, {"dates": DAY})
    skips = Skips(standing(tmp_path), DAY + timedelta(days=1), ["/in"], is_all)
    assert {skips.leaves_out(of(text, doc_id)) for doc_id, text in texts.items()} == {not is_all}
    about_standing, about_pruned = skips.lines()
    assert "stands" in about_standing
    assert "2026-03-01: 1" in about_standing
    assert about_pruned.startswith(f"{said} (2026-02-28: 1); ")
    skips.standing.close()


def test_it_is_read_off_the_tables_and_what_was_lost_counts_as_missing(tmp_path: Path) -> None:
    whole, broken = document("whole", ["It rains."]), document("broken", ["It snows."])
    made = tables(work(whole), work(broken))
    rows = [{**r, "failed": int(r["doc_id"] == "broken")} for r in made["documents"].to_pylist()]
    publish(tmp_path, DAY, "run-1-1", {**made, "documents": contract("documents").build(rows)})
    known = standing(tmp_path)
    assert known.covers(whole, DAY, is_dated=False) == DAY
    assert known.covers(broken, DAY, is_dated=False) is None
    assert known.covers(broken, DAY - timedelta(days=1), is_dated=True) == DAY
    assert standing(tmp_path / "none").texts == {}
