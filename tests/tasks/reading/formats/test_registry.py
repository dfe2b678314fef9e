"""The forms that are said to be read: each suffix has its reader, and the samples that ship are read by them."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nightdesk.tasks.config.shipped_data import folder
from nightdesk.tasks.reading.documents import Document
from nightdesk.tasks.reading.formats.registry import FORMATS
from nightdesk.tasks.reading.sources import check_sources
from tests.tasks.made import DAY
from tests.tasks.reading.written import one, rss, write

ONE = {
    ".txt": "Shut again.",
    ".json": '[[1, "Shut again."]]',
    ".md": "# Shut again.",
    ".html": "<p>Shut again.</p>",
    ".vtt": "WEBVTT\n\n00:01.000 --> 00:02.000\nShut again.",
    ".jsonl": '{"text": "Shut again."}',
    ".xml": rss("<description>Shut again.</description>"),
}
ALIKE = {".markdown": ".md", ".htm": ".html", ".srt": ".vtt", ".ndjson": ".jsonl", ".rss": ".xml", ".atom": ".xml"}


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_suffix_that_is_said_to_be_read_is_read(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix.upper()}"
    if suffix == ".parquet":
        pq.write_table(pa.table({"text": ["Shut again."]}), path)
    else:
        write(path, ONE[ALIKE.get(suffix, suffix)])
    assert one(path).texts == ("Shut again.",)


def test_our_own_samples_are_read_as_their_labels_say() -> None:
    data = folder("contracts").parent
    labels = {p.stem: json.loads(p.read_text(encoding="utf-8"))["document"] for p in (data / "labels").glob("*.json")}
    documents = {d.doc_id: d for d in check_sources([str(data / "samples")], DAY).documents()}
    assert documents.keys() == labels.keys()
    for doc_id, d in documents.items():
        assert isinstance(d, Document)
        assert list(zip(d.ids, d.texts, strict=True)) == [(str(i), s) for i, s in labels[doc_id]]
