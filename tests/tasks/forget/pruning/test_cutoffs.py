"""From nights to dates: what a run keeps is counted in nights that were, of all profiles of the OUT."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.calling.answers.answer_store import Store
from nightdesk.tasks.calling.answers.retention_terms import WHATS
from nightdesk.tasks.config.profile import Profile, load_profile
from nightdesk.tasks.config.retention_settings import Retention
from nightdesk.tasks.forget.pruning.cutoffs import cutoffs, of_terms
from tests.tasks.forget.pruning.years import DAYS, put_all
from tests.tasks.made import DAY

TERM = st.none() | st.integers(1, 12)
TERMS = st.fixed_dictionaries(dict.fromkeys(WHATS, TERM))


def profile(**kept: int) -> Profile:
    return Profile.model_validate(load_profile("news").model_dump() | {"retention": kept})


@given(own=TERMS, other=TERMS, ages=st.sets(st.integers(0, 30)))
def test_the_newest_nights_are_kept_for_the_longest_of_all_terms(
    own: dict[str, int | None], other: dict[str, int | None], ages: set[int]
) -> None:
    nights = sorted(DAY - timedelta(age) for age in ages)
    found = of_terms(own, {"news": own, "other": other}, nights)
    for what in WHATS:
        mine, theirs = own[what], other[what]
        kept = [day for day in nights if day >= found.before.get(what, date.min)]
        if mine is None or theirs is None:
            assert kept == nights
        else:
            assert kept == nights[-max(mine, theirs) :]
    assert len(found.held) == sum(own[what] is not None and other[what] is None for what in WHATS)


@given(TERMS)
def test_nothing_is_kept_longer_than_its_date(given_terms: dict[str, int | None]) -> None:
    terms = Retention(**given_terms).terms()
    whole = given_terms["dates"]
    for what, nights in terms.items():
        assert nights == min((n for n in (given_terms[what], whole) if n is not None), default=None)


@pytest.mark.parametrize(
    ("run_date", "first_kept"),
    [
        (DAYS[3], DAYS[2]),
        (DAYS[2], DAYS[1]),  # what is later is no night of this run
        (DAYS[1], None),
        (date(2226, 3, 1), DAYS[2]),  # mistyped: no reason to remove more
    ],
)
def test_nights_are_counted_by_the_runs_own_date(out: Path, run_date: date, first_kept: date | None) -> None:
    put_all(out)
    found = cutoffs(out, profile(editions=2), run_date)
    assert found.before == ({"editions": first_kept} if first_kept else {})


def test_a_profile_that_says_nothing_keeps_what_it_shares(out: Path) -> None:
    put_all(out)
    store = Store(out, "run-9")
    store.keep_terms("other", load_profile("news").retention.terms())
    store.close()
    found = cutoffs(out, profile(answers=1), DAYS[3])
    assert found.before == {}
    (line,) = found.held
    assert line.startswith("answers: kept for ever, because other runs in this OUT, too")


def test_without_retention_nothing_is_asked(tmp_path: Path) -> None:
    assert cutoffs(tmp_path / "nowhere", load_profile("news"), DAY).before == {}
