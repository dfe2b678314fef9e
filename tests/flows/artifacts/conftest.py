"""Nights without a server: the cluster, the audit and the folders that the tests of tasks have."""

from tests.tasks.conftest import audits, cluster, house

__all__ = ["audits", "cluster", "house"]
