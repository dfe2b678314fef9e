"""Who may read what a night leaves in OUT: its owner alone what is beside the tables, others what the umask allows."""

import json
import os
import stat
from pathlib import Path

import pytest

from nightdesk.tasks.calling.answers.answer_spool import AnswerSpool
from nightdesk.tasks.calling.answers.answer_store import Store
from nightdesk.tasks.calling.answers.tombstones import bury
from nightdesk.tasks.config.pricing import TokenPrices
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.edition.pages import write_edition
from nightdesk.tasks.learning.learn import learn_from_tables
from nightdesk.tasks.models import spool
from nightdesk.tasks.reading import pasted_text
from nightdesk.tasks.tables.export import export_to_file
from tests.tasks.house import House
from tests.tasks.made import DAY
from tests.tasks.models.test_spool import ANSWER, REQUEST
from tests.texts import write_evening

PRIVATE = ("answers.db", "state/news/sums.db", "pasted", "_staging/spool", "forgotten.json")


def modes(out: Path) -> dict[str, int]:
    """Return the mode of everything below OUT, and of OUT."""
    return {p.relative_to(out).as_posix(): stat.S_IMODE(p.lstat().st_mode) for p in (out, *out.rglob("*"))}


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077], ids=oct)
def test_text_beside_the_tables_is_the_owners_alone_and_tables_follow_the_umask(house: House, umask: int) -> None:
    out = house.out
    mode_of_out = modes(out)["."]  # it was there before
    before = os.umask(umask)
    try:
        write_evening(house.source, "evening", seed=3, passages=2)
        house.night("run-1")
        learn_from_tables(out, load_profile("news"), DAY, "run-1")
        write_edition(out, DAY)
        export_to_file(out, "passages", DAY, "csv", out / "passages.csv")
        pasted_text.keep(out, "The bridge is open.", "note")
        bury(out, "gone")
        store = Store(out, "run-2")
        try:
            record = {"call_id": "c1", "doc_id": "d"}
            ticket = AnswerSpool(out, "run-2", lambda _: "").ticket(record, TokenPrices())
            spool.write(ticket, REQUEST, spool.CallResult(ANSWER, None, 0.0, 0.0))
            assert json.loads(Path(ticket.path).read_text())
            found = modes(out)
        finally:
            store.close()
    finally:
        os.umask(before)
    kept = {name: mode for name, mode in found.items() if name.startswith(PRIVATE)}
    assert {"answers.db", "answers.db-wal", "answers.db-shm", "pasted/note.txt", "forgotten.json"} <= kept.keys()
    assert {name: oct(mode) for name, mode in kept.items() if mode not in (0o600, 0o700)} == {}
    read = {name: mode for name, mode in found.items() if name.startswith(("tables", "editions", "state", "passages"))}
    read = {name: mode for name, mode in read.items() if name not in kept}
    assert any(name.endswith(".parquet") for name in read) and any(name.endswith(".html") for name in read)
    asked = {True: 0o777 & ~umask, False: 0o666 & ~umask}
    assert {name: oct(mode) for name, mode in read.items() if mode != asked[(out / name).is_dir()]} == {}
    assert found.pop(".") == mode_of_out
    assert {name: oct(mode) for name, mode in found.items() if mode & umask} == {}
