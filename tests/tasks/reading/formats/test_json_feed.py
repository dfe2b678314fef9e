"""JSON Feed: a document an item, under its id, with its headline."""

import json
from pathlib import Path
from typing import Any

import pytest

from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reading.documents import Document
from tests.tasks.reading.written import read, summary

VERSION = "https://jsonfeed.org/version/1.1"


def feed(*items: Any, **more: Any) -> dict[str, Any]:
    return {"version": VERSION, "title": "Wire", **more, "items": list(items)}


def test_items_of_a_feed_are_documents(tmp_path: Path) -> None:
    found = read(
        tmp_path / "a.json",
        feed(
            {
                "id": "1",
                "url": "https://x.example/1",
                "title": "Mill &amp; fire",
                "content_html": "<p>The mill <b>burnt</b>.</p>",
            },
            {"id": 2, "content_text": "All got out. Nobody was hurt."},
            {"url": "https://x.example/3", "summary": "Short."},
            {"id": "4", "title": "Only a headline"},
            "no item",
            {"id": "1", "content_text": "Another one."},
        ),
    )
    first = found[0]
    assert isinstance(first, Document)
    assert (first.doc_id, first.title, first.source) == ("1", "Mill & fire", "https://x.example/1")
    assert summary(found)[:4] == [
        ("1", "The mill burnt."),
        ("2", "All got out."),
        ("https://x.example/3", "Short."),
        ("4", "Only a headline"),
    ]
    assert "entry 5: not an object" in summary(found)[4][1]
    assert summary(found)[5] == ("1#2", "Another one.")


@pytest.mark.parametrize("spaces", [None, 2])
def test_a_feed_is_known_though_its_version_comes_last(tmp_path: Path, spaces: int | None) -> None:
    items = [{"id": str(k), "content_text": f"Text {k}. {'x' * 999}"} for k in range(200)]
    content = json.dumps({"items": items, "title": "Wire", "version": VERSION}, indent=spaces)
    assert len(read(tmp_path / "a.json", content)) == 200


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (feed(), "a feed without an entry"),
        ({"version": VERSION}, 'no list called "items"'),
        ('{"version": "' + VERSION + '", "items": [', "not JSON"),
    ],
)
def test_what_is_no_feed_is_refused(tmp_path: Path, content: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(tmp_path / "a.json", content)
