"""What commands leave in staging when they are killed before they have decided anything."""

from datetime import timedelta
from pathlib import Path

import pytest

from nightdesk.tasks.tables import publish
from nightdesk.tasks.tables.publishing.manifest import COMMANDS, staging_of
from tests.tasks.made import DAY, document, publish_documents, tables, work

OTHER = DAY + timedelta(days=1)


def left_by(out: Path, command: str) -> Path:
    """Return what a killed command has left for a date: a part, and half a manifest."""
    left = staging_of(out, command, DAY)
    left.mkdir(parents=True)
    (left / "documents-a.parquet").write_bytes(b"PAR1")
    (left / "manifest.tmp").write_text("{")
    return left


@pytest.mark.parametrize("command", COMMANDS)
def test_the_next_change_to_a_date_removes_what_a_killed_command_left_of_it(out: Path, command: str) -> None:
    left = left_by(out, command)
    publish.publish(out, OTHER, "run-other-1", tables(work(document("other", 2))))
    assert left.exists()  # of another date, at which somebody may be at work
    publish_documents(out, work(document("a", 2)))
    assert not left.exists()


def test_a_run_removes_it_when_it_begins_unless_the_command_is_at_work(out: Path) -> None:
    left = left_by(out, "compact")
    with publish.locked(out, DAY):
        publish.recover(out)
        assert left.exists()
    publish.recover(out)
    assert not left.exists()


def test_what_somebody_else_put_there_stays(out: Path) -> None:
    target = out / "elsewhere"
    target.mkdir()
    link = staging_of(out, "prune", DAY)
    link.parent.mkdir()
    link.symlink_to(target)
    named = out / "_staging" / f"compact-2026-99-99-{'0' * 32}"
    named.mkdir()
    publish_documents(out, work(document("a", 2)))
    assert link.is_symlink()
    assert target.is_dir()
    assert named.is_dir()
