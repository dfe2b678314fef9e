"""The process that audits, which is slow to start, real and once per session; and folders for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nightdesk.tasks.tables.audit import Auditor
from tests.tasks.house import House


class _KeptAuditor(Auditor):
    """The process that audits; it stays when a run says that it has nothing more to audit."""

    def hang_up(self) -> None:
        pass

    def close(self) -> None:
        super().hang_up()
        super().close()


@pytest.fixture(scope="session")
def audits() -> Iterator[Auditor]:
    """Return the process that audits."""
    kept = _KeptAuditor()
    yield kept
    kept.close()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An OUT folder that is there and empty."""
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


@pytest.fixture
def house(cluster: str, audits: Auditor, tmp_path: Path) -> House:
    """Folders for the documents and the tables of one test, and the cluster and the audit that all share."""
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    return House(cluster, audits, tmp_path / "in", tmp_path / "out")
