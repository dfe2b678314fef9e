"""Publishing what streams have settled: each row once in bounded parts, whatever is cut, held, forgotten or refused."""

from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.following.journal import Journal
from nightdesk.tasks.following.publishing import held
from tests.tasks.following.publishing.settling import (
    Stream,
    check,
    held_in,
    names_of,
    publish_all,
    rows,
)
from tests.tasks.made import DAY

ROUNDS = st.lists(st.dictionaries(st.integers(0, 3), st.integers(0, 40), min_size=1), min_size=1, max_size=8)


@given(ROUNDS, st.integers(1, 60), st.data())
def test_every_row_stands_once_however_streams_are_cut(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[dict[int, int]], size: int, data: st.DataObject
) -> None:
    out = tmp_path_factory.mktemp("out")
    streams = [Stream(f"talk{k}", lambda p: None if p % 11 == 0 else (p * 3) // 8 % 6) for k in range(4)]
    begun: set[int] = set()
    with patch.object(held, "OPEN_ROWS", size), Journal(out, "news") as journal:
        for counts in rounds:
            held_in(journal, *(streams[k].settle(n) for k, n in counts.items()))
            begun |= counts.keys()
            if data.draw(st.booleans()):
                publish_all(out, journal)
        publish_all(out, journal)
        check(out, [streams[k] for k in begun])
        assert all(d.published == d.settled == d.sentences for d in journal.documents(DAY))
        assert names_of(out, "passages") == names_of(out, "topics") == names_of(out, "documents")
        for part in names_of(out, "passages"):
            assert sum(r["part"] == part for r in rows(out, "passages", names=True)) < 2 * size
