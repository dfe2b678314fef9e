"""What an error of a provider means: where servers put it, and how long they ask to wait."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from nightdesk.tasks.models.providers.provider_errors import Complaint, complaint_in, retry_after


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"error": {"message": "no", "code": "c"}}, Complaint("no", "c")),
        ({"error": {"message": "no", "type": "t"}}, Complaint("no", "t")),
        ({"error": "no"}, Complaint("no")), ({"detail": "no"}, Complaint("no")), ({"message": "no"}, Complaint("no")),
        ({"detail": [{"loc": ["body", "x"], "msg": "no"}]}, Complaint("no (body.x)")), ("no", Complaint("no")),
        ({}, None), (None, None), ([], None), ({"error": None}, None),
    ],
)  # fmt: skip
def test_a_complaint_is_found_wherever_it_stands(body: Any, complaint: Complaint | None) -> None:
    assert complaint_in(body) == complaint


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"retry-after": "3"}, 3),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "-4"}, 0),
        ({"retry-after": "soon"}, 0),
        ({"retry-after": "nan"}, 0),
        ({"retry-after": "999999"}, 3600),
    ],
)
def test_how_long_a_provider_asks_to_wait(headers: dict[str, str], seconds: float) -> None:
    assert retry_after(headers) == seconds


def test_a_provider_may_name_the_time_of_day() -> None:
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 27 < retry_after({"retry-after": when}) <= 30
