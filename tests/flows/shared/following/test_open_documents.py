"""Documents of a follow whose day is still open are no night's to take up, whatever they have lost by now."""

from datetime import date
from pathlib import Path

import pytest

from nightdesk.flows.shared import unfinished_documents
from nightdesk.tasks.following.journal import Journal
from nightdesk.tasks.following.stream import Arrival, Poll
from nightdesk.tasks.reading.sentences import Spoken

DAY, TONIGHT = date(2026, 3, 1), date(2026, 3, 2)


def test_documents_that_are_not_closed_are_not_taken_up_and_later_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = {DAY: frozenset({"talk@2026-03-01"}), date(2026, 2, 28): frozenset({"talk@2026-02-28", "evening"})}
    monkeypatch.setattr(unfinished_documents.unfinished, "find", lambda *_: lost)
    with Journal(tmp_path, "commerce") as journal:  # of whatever profile
        journal.take(Poll([Arrival("talk", "talk.txt", (Spoken("1", "One."),))], {"file:talk": "1"}), DAY)
        assert unfinished_documents._closed(tmp_path, "news", TONIGHT) == {date(2026, 2, 28): lost[date(2026, 2, 28)]}
        journal.mark("talk@2026-03-01", settled=1, published=1)
        journal.close_date(DAY)
    assert unfinished_documents._closed(tmp_path, "news", TONIGHT) == lost
