"""Links that somebody put into OUT: no run, forget or edition writes to where they lead, or removes anything there."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from nightdesk.tasks.calling.answers.answer_spool import take_up
from nightdesk.tasks.edition.pages import remove_edition, write_edition
from nightdesk.tasks.errors import NightdeskError, PublishError
from nightdesk.tasks.forget.document import forget_document
from nightdesk.tasks.reading import pasted_text
from nightdesk.tasks.reorganizing.opening import open_out
from nightdesk.tasks.safety.links import fresh, leads_out, refuse_links, refuse_links_in
from nightdesk.tasks.tables import parts, publish
from nightdesk.tasks.tables.places import table_folder
from tests.tasks.made import DAY, document, publish_documents, work


@pytest.fixture
def away(tmp_path: Path, out: Path) -> Path:
    """A folder that is not below OUT, with files that are called as those of OUT are; OUT has a night."""
    publish_documents(out, work(document("a", 3)))
    write_edition(out, DAY)
    away = tmp_path / "away"
    for name in ("part-0.parquet", "x.json", "index.html", "night.json", "a.txt", "deep/kept.txt"):
        (away / name).parent.mkdir(parents=True, exist_ok=True)
        (away / name).write_text(f"kept {name}")
    return away


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def instead(place: Path, away: Path) -> None:
    """Have a link stand where a folder of OUT stood."""
    if place.exists():
        place.rename(place.with_name(f"{place.name}-before"))
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(away)


ACTS: dict[str, Callable[[Path], object]] = {
    "publish": lambda out: publish_documents(out, work(document("b", 2)), part="run-2-1"),
    "forget": lambda out: forget_document(out, "a"),
    "edition": lambda out: write_edition(out, DAY),
    "run": lambda out: open_out(out, "run-3").close(),
    "remove edition": lambda out: remove_edition(out, DAY),
}


@pytest.mark.parametrize("act", list(ACTS))
@pytest.mark.parametrize(
    "place",
    ["tables", "tables/topics", str(table_folder("topics", DAY)), "_staging", "_staging/dates", "_staging/broken",
     "editions", f"editions/{DAY}", "pasted", "state", "nights", "answers.db"],
)  # fmt: skip
def test_nothing_is_written_or_removed_where_a_link_leads(out: Path, away: Path, act: str, place: str) -> None:
    instead(out / place, away / "x.json" if place.endswith(".db") else away)
    before = contents(away)
    try:
        ACTS[act](out)
    except PublishError as e:
        assert "leads out of" in str(e) or "no document" in str(e)
    except NightdeskError as e:
        assert "nothing was published" in str(e)
    assert contents(away) == before


def test_a_run_names_the_link_and_the_way_out(out: Path, away: Path) -> None:
    instead(out / "tables" / "topics", away)
    with pytest.raises(PublishError, match=r"tables/topics: this link leads out of .*remove the link"):
        open_out(out, "run-3")


@pytest.mark.parametrize(
    "final", ["../away/a.txt", "tables/topics/../../../away/a.txt", "tables/topics", "format.json"]
)
def test_a_manifest_that_was_planted_removes_nothing_but_parts(out: Path, away: Path, final: str) -> None:
    folder = out / "_staging" / "planted-1"
    folder.mkdir(parents=True)
    plan = {"run_date": DAY.isoformat(), "moves": [], "removals": [final]}
    (folder / "manifest.json").write_text(json.dumps(plan))
    before = contents(away)
    assert not publish.decided(out).leaving
    with pytest.raises(PublishError, match="no parts of tables; remove"):
        publish.recover(out)
    assert contents(away) == before
    assert (out / "tables" / "topics").is_dir()


def test_a_manifest_that_was_planted_moves_nothing(out: Path, away: Path) -> None:
    target = str(table_folder("topics", DAY) / "part-0.parquet")
    for staged, final in (
        ("x", "../away/a.txt"),
        ("x", str(away / "a.txt")),
        ("../../../away/a.txt", target),
        ("link", target),
        ("x", "tables/topics/../../../away/a.txt"),
    ):
        folder = out / "_staging" / "planted-1"
        folder.mkdir(parents=True)
        (folder / "x").write_text("planted")
        (folder / "link").symlink_to(away / "a.txt")
        (folder / "manifest.json").write_text(json.dumps({"run_date": DAY.isoformat(), "moves": [[staged, final]]}))
        before = contents(away)
        assert not publish.decided(out).arriving
        with pytest.raises(PublishError, match="no parts of tables; remove"):
            publish.recover(out)
        assert contents(away) == before
        folder.rename(out.parent / f"gone-{len(list(out.parent.iterdir()))}")
    assert parts.read(out, "documents", [DAY])["doc_id"].to_pylist() == ["a"]


def test_a_folder_of_staging_that_is_a_link_is_neither_moved_from_nor_removed(out: Path, away: Path) -> None:
    moves = [["part-0.parquet", str(table_folder("topics", DAY) / "part-0.parquet")]]
    (away / "manifest.json").write_text(json.dumps({"run_date": DAY.isoformat(), "moves": moves}))
    before = contents(away)
    (out / "_staging" / "planted-1").symlink_to(away)
    with pytest.raises(PublishError):
        publish.recover(out)
    publish.sweep_staging(out, lambda run: True)
    (out / "_staging" / "spool").mkdir(exist_ok=True)
    (out / "_staging" / "spool" / "run-9").symlink_to(away)
    take_up(out, lambda run: True, lambda *_: None)
    assert contents(away) == before


def test_drafts_replace_links_and_do_not_follow_them(out: Path, away: Path) -> None:
    before = contents(away)
    for draft in ("editions/_index.html", f"editions/{DAY}/_index.html", f"editions/{DAY}/_night.json"):
        (out / draft).symlink_to(away / "index.html")
    write_edition(out, DAY)
    assert contents(away) == before
    (out / "x").symlink_to(away / "x.json")
    fresh(out / "x").write_text("new")
    assert contents(away) == before


def test_links_within_out_and_an_out_that_is_a_link_serve_as_ever(tmp_path: Path, out: Path) -> None:
    publish_documents(out, work(document("a", 3)))
    (out / "tables").rename(out / "kept")
    (out / "tables").symlink_to("kept")
    (tmp_path / "link").symlink_to(out)
    for named in (out, tmp_path / "link"):
        refuse_links_in(named)
        refuse_links(named, named / "tables" / "topics", named / "not" / "there")
        assert not leads_out(named, named / "tables")
    publish_documents(tmp_path / "link", work(document("b", 2)), part="run-2-1")
    assert sorted(parts.read(out, "documents", [DAY])["doc_id"].to_pylist()) == ["a", "b"]


def test_pasted_text_does_not_follow_its_folder_elsewhere(out: Path, away: Path) -> None:
    (out / "pasted").symlink_to(away)
    before = contents(away)
    with pytest.raises(NightdeskError):
        pasted_text.keep(out, "New.", "a")
    with pytest.raises(NightdeskError):
        pasted_text.remove(out, "a")
    assert contents(away) == before
