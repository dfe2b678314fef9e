"""The two slow parts, real and once per session: a Dask cluster, and the process in which Great Expectations audits."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from nightdesk.tasks.calling.dask_cluster import Cluster
from nightdesk.tasks.tables.audit import Auditor


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
