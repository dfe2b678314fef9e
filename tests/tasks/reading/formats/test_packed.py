"""Packed files: read as far as they go, and never unpacked to more than they honestly can hold."""

import gzip
import os
from pathlib import Path

from nightdesk.tasks.reading.documents import Document, Unreadable
from nightdesk.tasks.reading.sources import check_sources
from tests.tasks.made import DAY
from tests.tasks.reading.written import write


def test_a_file_that_breaks_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    raw = gzip.compress("".join(f'{{"text": "Text {k} {os.urandom(40).hex()}."}}\n' for k in range(2_000)).encode())
    path = write(tmp_path / "a.jsonl.gz", raw[: len(raw) // 2])
    *good, last = check_sources([str(path)], DAY).documents()
    assert len(good) > 500
    assert all(isinstance(d, Document) for d in good)
    assert isinstance(last, Unreadable)
    assert last.reason == f"{path}: a .gz that breaks off before its end; fetch or pack it again"


def test_what_is_packed_into_next_to_nothing_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.txt.gz", gzip.compress(b"x " * 60_000_000))
    write(tmp_path / "b.txt", "Shut again.")
    a, b = check_sources([str(tmp_path)], DAY).documents()
    assert isinstance(a, Unreadable)
    assert "100 times its size" in a.reason
    assert isinstance(b, Document)
