"""Broken parts: told from what the disk refuses, and set aside when their date is published again."""

from pathlib import Path

import pytest

from nightdesk.tasks.errors import PublishError
from nightdesk.tasks.tables import publish
from nightdesk.tasks.tables.broken_parts import BrokenPart, read_part
from tests.tasks.made import DAY, call, calls, document, parts, publish_documents, published, tables, work


@pytest.mark.parametrize("table", publish.REPLACED)
def test_a_broken_part_is_set_aside_and_the_documents_to_run_again_are_named(
    out: Path, table: str, caplog: pytest.LogCaptureFixture
) -> None:
    publish_documents(out, *(work(document(name, 3)) for name in ("a", "b", "c")))
    (part,) = parts(out, table)
    damaged = part.read_bytes()[:-60]
    part.write_bytes(damaged)
    publish_documents(out, work(document("b", 2)), part="run-2-1")
    assert "run a, c again with --date 2026-03-01" in caplog.text
    assert f"{part}: cannot be read" in caplog.text
    for name in publish.REPLACED:
        assert {row["doc_id"] for row in published(out, name)} == {"b"}
    kept = {p.name: p.read_bytes() for p in (out / "_staging" / "broken").rglob("*.parquet")}
    assert sorted(kept) == [f"{name}-run-1-1.parquet" for name in ("documents", "passages", "topics")]
    assert kept[f"{table}-run-1-1.parquet"] == damaged


def test_parts_of_other_documents_stay(out: Path) -> None:
    names = [f"doc-{k}" for k in range(4)]
    for k in (0, 2):
        publish_documents(out, *(work(document(name, 2)) for name in names[k : k + 2]), part=f"run-1-{k}")
    parts(out, "passages")[0].write_bytes(b"x")
    publish_documents(out, work(document(names[0], 2)), part="run-2-1")
    assert {d["doc_id"] for d in published(out, "documents")} == {names[0], *names[2:]}


def test_what_the_disk_refuses_is_no_broken_part(out: Path) -> None:
    publish_documents(out, work(document("a", 3)))
    (part,) = parts(out, "passages")
    with pytest.raises(FileNotFoundError):
        read_part(part.with_name("gone.parquet"))
    part.write_bytes(b"")
    with pytest.raises(BrokenPart, match=r"passages/run_date=2026-03-01/run-1-1\.parquet: cannot be read"):
        read_part(part)


def test_what_the_disk_refuses_while_publishing_is_one_line_and_nothing_is_half(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_documents(out, work(document("a", 3)))
    before = {name: published(out, name) for name in publish.REPLACED}
    (out / "tables" / "calls").write_text("in the way")
    made = tables(work(document("a", 5)), run_id="run-2") | {"calls": calls(call("c"))}
    with pytest.raises(PublishError, match=r"tables/calls.*; make it and its folder writable, then run the same"):
        publish.publish(out, DAY, "run-2-1", made)
    assert {name: published(out, name) for name in publish.REPLACED} == before
    (out / "tables" / "calls").unlink()
    publish.recover(out)  # it was decided
    assert len(published(out, "passages")) == 5
