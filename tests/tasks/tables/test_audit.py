"""The audit by itself, by the real Great Expectations in a process of its own."""

import pytest

from nightdesk.tasks.errors import PublishError
from nightdesk.tasks.tables.audit import Auditor
from tests.tasks.made import call, calls, document, tables, work


def test_an_audit_that_cannot_be_made_is_told(audits: Auditor) -> None:
    with pytest.raises(PublishError, match="table passages: the audit failed"):
        audits.audit("passages", tables(work(document("a", 2)))["passages"], {}, {})
    assert audits.audit("calls", calls(call("c1")), {}, {}).checked  # and the next one is made
