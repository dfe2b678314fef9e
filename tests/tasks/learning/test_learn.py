"""Runs that are not to teach: the learner passes over their calls, whoever published them."""

from pathlib import Path

import pytest

from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.learning.learn import learn_from_tables
from nightdesk.tasks.tables.publish import publish
from tests.tasks.made import DAY, call, calls

RUN, LEARN = "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"


@pytest.mark.parametrize(("teaches", "learned"), [(True, 1), (None, 1), (False, 0)])
def test_what_is_kept_from_teaching_teaches_nothing(tmp_path: Path, teaches: bool | None, learned: int) -> None:
    made = calls(call("c1", run_id=RUN, profile="news", teaches=teaches, attempts=1))
    publish(tmp_path, DAY, f"{RUN}-1", 1, {"calls": made})
    said = learn_from_tables(tmp_path, load_profile("news"), DAY, LEARN)
    assert said.reason.startswith("Learned from 1 answers" if learned else "No new runs"), said.reason
