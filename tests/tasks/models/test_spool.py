"""The worker's side of the spool: what was paid for is written down whole or not at all, and never fails the call."""

import json
import stat
from pathlib import Path

import pytest

from nightdesk.tasks.errors import BadReply, ModelError, Refused, TransientError
from nightdesk.tasks.messages import Answer, Group, RoleRequest, Usage
from nightdesk.tasks.models.spool import SpoolTicket, read, write
from nightdesk.tasks.models.worker import CallResult

REQUEST = RoleRequest("topic_locator", "en", ("One.", "Two \ud800 three."), ("Bridge",), ((1, 2),))
USAGE = Usage(100, 20, 10, 5, True, '{"total":110}')
ANSWER = Answer((Group("1", (1, 2), (0.5, 1.0)), Group("2", ())), USAGE)


def ticket(folder: Path) -> SpoolTicket:
    return SpoolTicket(str(folder / "c1.json"), json.dumps({"record": {"call_id": "c1", "doc_id": "d"}}))


@pytest.mark.parametrize(
    ("answer", "error"),
    [(ANSWER, None), (None, BadReply("no JSON", "what it said", USAGE)), (None, Refused("it declined", "", USAGE))],
)
def test_what_was_paid_for_comes_back_as_it_was(
    tmp_path: Path, answer: Answer | None, error: ModelError | None
) -> None:
    reply = CallResult(answer, error, 1000.5, 0.25, "json_schema")
    write(ticket(tmp_path), REQUEST, reply)
    (path,) = tmp_path.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    back = read(path)
    assert back.call["record"]["doc_id"] == "d"
    assert back.request == REQUEST
    assert (back.reply.answer, back.reply.usage, back.reply.form) == (answer, USAGE, "json_schema")
    assert (type(back.reply.error), str(back.reply.error)) == (type(error), str(error))
    assert (back.reply.started_at, back.reply.latency_s) == (1000.5, 0.25)


def test_what_cost_nothing_is_not_written(tmp_path: Path) -> None:
    write(ticket(tmp_path), REQUEST, CallResult(None, TransientError("busy"), 0.0, 0.0))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    write(ticket(tmp_path / "elsewhere"), REQUEST, CallResult(ANSWER, None, 0.0, 0.0))
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_does_not_fail_the_call() -> None:
    write(SpoolTicket("/dev/full/c1.json", "{}"), REQUEST, CallResult(ANSWER, None, 0.0, 0.0))


def test_a_file_that_is_cut_off_is_told_apart(tmp_path: Path) -> None:
    write(ticket(tmp_path), REQUEST, CallResult(ANSWER, None, 0.0, 0.0))
    path = tmp_path / "c1.json"
    for broken in (path.read_bytes()[:-40], b"", b"[]", b'{"request": {}}'):
        path.write_bytes(broken)
        with pytest.raises(ValueError, match=r"."):
            read(path)
