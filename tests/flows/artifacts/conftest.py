"""Nights without a server: the audit and the folders that the tests of tasks have."""

from tests.tasks.conftest import audits, house

__all__ = ["audits", "house"]
