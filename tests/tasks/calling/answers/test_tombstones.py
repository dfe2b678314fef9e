"""Tombstones: heeded by what was open when they were written, and by nobody who came later."""

from datetime import date
from pathlib import Path

import pytest

from nightdesk.tasks.calling.answers import tombstones
from nightdesk.tasks.calling.answers.tombstones import FILE, Tombstones
from nightdesk.tasks.errors import PublishError

ID = "people/Jane Doe"


def test_a_tombstone_is_heeded_by_those_who_were_there_before(out: Path) -> None:
    before = Tombstones(out)
    assert not before.names(ID)
    tombstones.bury(out, ID)
    after = Tombstones(out)
    assert (before.names(ID), before.names("other"), after.names(ID)) == (True, False, False)
    tombstones.bury(out, ID)  # forgotten again: what began in between has read it anew
    assert (before.names(ID), after.names(ID)) == (True, True)


def test_dates_to_clean_are_kept_until_all_is_done(out: Path) -> None:
    tombstones.bury(out, ID)
    tombstones.note_dates(out, ID, [date(2026, 3, 1)])
    tombstones.bury(out, ID)
    assert tombstones.dates_noted(out, ID) == {date(2026, 3, 1)}
    tombstones.note_dates(out, ID, ())
    assert tombstones.dates_noted(out, ID) == set()


def test_the_file_is_private_and_names_nobody(out: Path) -> None:
    tombstones.bury(out, ID)
    assert "Jane" not in (out / FILE).read_text()
    assert (out / FILE).stat().st_mode & 0o777 == 0o600


def test_a_broken_file_is_named(out: Path) -> None:
    (out / FILE).write_text("{")
    with pytest.raises(PublishError, match=r"forgotten\.json: cannot be read .*restore or remove it"):
        Tombstones(out)


def test_what_a_killed_forget_left_beside_the_file_goes_with_the_next(out: Path) -> None:
    tombstones.bury(out, ID)
    (out / f"forgotten.{'0' * 32}.tmp").write_text("{")
    (out / "forgotten.mine.tmp").write_text("{")
    tombstones.bury(out, "other")
    assert [p.name for p in out.glob("*.tmp")] == ["forgotten.mine.tmp"]
    assert tombstones.Tombstones(out).token(ID)
