"""The two slow parts, real and once per session (a Dask cluster, and the process that audits), and folders for them."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from nightdesk.tasks.calling.dask_cluster import Cluster
from nightdesk.tasks.tables.audit import Auditor
from tests.tasks.house import House


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """Start two workers and return the address of their scheduler."""
    started = Cluster("", 2)
    try:
        yield asyncio.run(started.address())
    finally:
        started.close()


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
