"""Whatever becomes of a document, it is read or refused in one line, and of what is read nothing is lost."""

import itertools
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reading.documents import Document
from nightdesk.tasks.reading.encodings import decode
from nightdesk.tasks.reading.isolation import processes
from nightdesk.tasks.reading.sources import check_sources
from tests.tasks.made import DAY
from tests.tasks.reading.mutations import ENDS_ITS_PROCESS, mutants, samples

EACH = 150
SAMPLES = samples()


def letters(text: str) -> str:
    """Return a text without blanks, and without what is not kept: marks of order, separators."""
    return "".join(c for c in text if not c.isspace() and c not in "\ufeff\x1c\x1d\x1e\x1f")


def texts_of_lines(raw: bytes) -> Iterator[str]:
    """Yield the texts of lines that are right."""
    for line in raw.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        with suppress(ValueError, RecursionError):
            data = json.loads(line.decode())
            if isinstance(data, dict) and isinstance(data.get("text"), str) and data["text"].strip():
                yield re.sub("[\ud800-\udfff]", "\ufffd", data["text"])


def try_one(path: Path, raw: bytes) -> tuple[int, int]:
    """Read a document; return how many were read, and how many refused. Raises AssertionError if something is wrong."""
    path.write_bytes(raw)
    try:
        found = list(check_sources([str(path)], DAY).documents())
    except InputError as e:
        assert "\n" not in str(e)
        assert "its reader fails" not in str(e), str(e)
        return 0, 1
    read = [d for d in found if isinstance(d, Document)]
    for d in found:
        assert isinstance(d, Document) or "its reader fails" not in d.reason, d
        assert d.doc_id
    for d in read:
        json.dumps([d.doc_id, d.title, d.source, d.ids, d.texts], ensure_ascii=False).encode()  # a table can hold it
        assert len(d.ids) == len(d.texts)
    if path.name == "prose.txt" and not raw.startswith((b"[", b"\x1f\x8b", b"WARC", b"PK", b"%PDF")):
        (document,) = read
        assert letters("".join(document.texts)) == letters(decode(raw))
    if path.name == "rows.jsonl" and not raw.startswith((b"\xff\xfe", b"\xfe\xff", b"\x1f\x8b")):
        texts = [letters("".join(d.texts)) for d in read]
        assert all(letters(said) in texts for said in texts_of_lines(raw))
    return len(read), len(found) - len(read)


@pytest.mark.parametrize("name", SAMPLES)
def test_mutants_are_read_or_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(processes, "ISOLATED", name in ENDS_ITS_PROCESS)
    others = list(SAMPLES.values())
    for raw in itertools.islice(mutants(SAMPLES[name], others, seed=7), EACH):
        try:
            try_one(tmp_path / name, raw)
        except Exception as e:
            e.add_note(f"{name}: {raw[:3000]!r}")
            raise


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_are_read(tmp_path: Path, name: str) -> None:
    read, refused = try_one(tmp_path / name, SAMPLES[name])
    assert (read > 0, refused) == (True, 0)
