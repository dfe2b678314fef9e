"""Pruning: what goes is what was said to go, what is kept is what was promised, also after a kill in the middle."""

import shutil
import tempfile
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.tasks.calling.answers.answer_store import Store
from nightdesk.tasks.calling.answers.turns import at_work
from nightdesk.tasks.config.profile import load_profile
from nightdesk.tasks.edition.pages import edition_path
from nightdesk.tasks.errors import PublishError
from nightdesk.tasks.forget.document import forget_document
from nightdesk.tasks.forget.pruning.outgoing import look
from nightdesk.tasks.forget.pruning.prune import prune
from nightdesk.tasks.forget.pruning.seen_by_learner import SeenByLearner
from nightdesk.tasks.learning.learn import learn_from_tables, logged
from nightdesk.tasks.tables import publish
from nightdesk.tasks.tables.index.known_documents import KnownDocuments
from nightdesk.tasks.tables.places import append_part
from tests.flows.cli.typed import listing
from tests.tables import rows
from tests.tasks.forget.pruning.years import DAYS, put, put_all, standing
from tests.tasks.made import DAY, call, calls, document, tables, work

OF_CALLS = ("calls", "judgements", "quarantine")
OF_DOCUMENTS = ("documents", "topics", "passages", "weights")
ALL = ("answers", "calls", "editions", "dates")
END = DAYS[-1] + timedelta(1)


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an OUT of four dates; tests change copies of it."""
    return put_all(tmp_path_factory.mktemp("nights") / "out")


@pytest.fixture
def full(nights: Path, tmp_path: Path) -> Path:
    return copied(nights, tmp_path / "out")


def copied(nights: Path, to: Path) -> Path:
    shutil.copytree(nights, to)
    return to


@settings(max_examples=20, deadline=None)
@given(before=st.dictionaries(st.sampled_from(ALL), st.sampled_from([*DAYS, END]), min_size=1))
def test_what_is_kept_is_what_was_promised(nights: Path, before: dict[str, date]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        out = copied(nights, Path(folder, "out"))
        foretold = look(out, before, SeenByLearner(out))
        gone = prune(out, before)
        assert gone.rows == foretold.rows

        def promised(*whats: str) -> set[date]:
            return {day for day in DAYS if all(day >= before.get(what, DAY) for what in whats)}

        found = standing(out)
        assert found["answers"] == promised("answers")
        assert found["editions"] == promised("editions", "dates")
        assert all(found[table] == promised("calls", "dates") for table in OF_CALLS)
        assert all(found[table] == promised("dates") for table in OF_DOCUMENTS)
        index = (out / "editions" / "index.html").read_text()
        assert {day for day in DAYS if f"{day}/index.html" in index} == found["editions"]
        assert prune(out, before).line == ""


def test_a_look_changes_not_one_byte(full: Path) -> None:
    before = listing(full)
    found = look(full, dict.fromkeys(ALL, DAYS[2]), SeenByLearner(full))
    assert [row["number"] for row in found.rows] == [2, 0, 2, 14]
    assert sum(row["bytes"] for row in found.rows) > 10_000
    assert listing(full) == before


@pytest.mark.parametrize("moment", range(0, 16, 3))
def test_a_kill_in_the_middle_leaves_something_that_the_next_prune_finishes(
    full: Path, moment: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink, count = Path.unlink, 0

    def killed(path: Path, missing_ok: bool = False) -> None:
        nonlocal count
        if path.is_relative_to(full) and path.suffix in (".parquet", ".html"):
            count += 1
            if count > moment:
                raise KeyboardInterrupt
        unlink(path, missing_ok=missing_ok)

    before = dict.fromkeys(ALL, DAYS[2])
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", killed)
        with pytest.raises(KeyboardInterrupt):
            prune(full, before)
    with KnownDocuments(full) as known:  # whatever went already
        assert {d.doc_id for d in known.of_ids([f"one-{day}" for day in DAYS])} == {f"one-{day}" for day in DAYS}
    prune(full, before)
    found = standing(full)
    assert all(found[what] == set(DAYS[2:]) for what in (*OF_CALLS, *OF_DOCUMENTS, "editions", "answers"))
    assert not list((full / "_staging").glob("prune-*"))


def test_a_date_that_is_run_again_after_a_killed_prune_is_whole(full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unlink = Path.unlink

    def killed(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == ".parquet":
            raise KeyboardInterrupt
        unlink(path, missing_ok=missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", killed)
        with pytest.raises(KeyboardInterrupt):
            prune(full, {"dates": DAYS[1]})
    publish.publish(full, DAY, "run_again.a-1", tables(work(document("anew", 3))))
    prune(full, {"answers": DAYS[1]})
    for table in ("documents", "topics", "passages"):
        assert {row["doc_id"] for row in rows(full, table, DAY.isoformat())} == {"anew"}


def test_documents_of_pruned_dates_are_not_new(full: Path) -> None:
    asked = {(row["doc_id"], row["content_hash"]) for row in rows(full, "documents")}
    assert len(asked) == 8
    prune(full, dict.fromkeys(ALL, END))
    assert rows(full, "documents") == []
    with KnownDocuments(full) as known:
        assert known.published(asked, END) == asked


def test_a_document_of_a_pruned_date_can_be_forgotten(full: Path) -> None:
    prune(full, dict.fromkeys(ALL, END))
    forget_document(full, f"one-{DAY}")
    with KnownDocuments(full) as known:
        assert not known.of_ids([f"one-{DAY}"])
        assert known.of_ids([f"two-{DAY}"])


def test_calls_that_nothing_was_learned_from_stay_and_are_named(full: Path) -> None:
    new = DAYS[-1] + timedelta(1)
    put(full, new, learns=False)
    gone = prune(full, dict.fromkeys(ALL, new + timedelta(1)))
    found = standing(full)
    assert found["calls"] == found["judgements"] == {new}
    assert found["documents"] == found["quarantine"] == set()
    (line,) = gone.kept
    assert f"run_date={new}" in line
    assert "no version of the weights of news has learned from it" in line


@pytest.mark.parametrize("changes", [{"teaches": False}, {"attempts": 0}, {"from_cache": True, "attempts": 0}])
def test_calls_that_teach_nothing_go(full: Path, changes: dict[str, object]) -> None:
    made = calls(call("mute", run_id="adhoc", **changes))
    publish.publish(full, DAY, "adhoc.a-1", {"calls": made})
    prune(full, {"calls": END})
    assert rows(full, "calls") == []


def test_calls_that_were_paid_and_not_published_stay(full: Path) -> None:
    store = Store(full, "killed")
    store.put("key-paid", [], call("paid") | {"started_at": 0.0, "reply": None})
    store.claim(append_part("calls", DAY, "killed.a-1").as_posix())
    store.close()
    prune(full, dict.fromkeys(ALL, END))
    store = Store(full, "next")
    assert store.adopt() == 1
    assert [r["call_id"] for r in store.claim("tables/next.parquet")] == ["paid"]
    store.close()


def test_a_call_whose_part_stands_is_not_published_again_when_the_part_is_pruned(full: Path) -> None:
    name = append_part("calls", DAY, "killed.a-1")
    store = Store(full, "killed")
    store.put("key-paid", [], call("paid") | {"started_at": 0.0, "reply": None})
    store.claim(name.as_posix())
    publish.publish(full, DAY, "killed.a-1", {"calls": calls(call("paid", teaches=False))})
    store.close()  # it was killed before it could note that its part stands
    prune(full, {"calls": END})
    assert not (full / name).exists()
    store = Store(full, "next")
    assert store.adopt() == 0
    store.close()


def test_a_date_on_which_a_run_is_at_work_stays(full: Path) -> None:
    with at_work(full, DAYS[1]), at_work(full, DAYS[1]):
        gone = prune(full, dict.fromkeys(ALL, END))
    assert [line.partition(":")[0] for line in gone.kept] == [str(DAYS[1])]
    found = standing(full)
    assert found["documents"] == found["calls"] == found["editions"] == {DAYS[1]}
    assert f"{DAYS[1]}/index.html" in (full / "editions" / "index.html").read_text()
    prune(full, dict.fromkeys(ALL, END))
    assert not standing(full)["documents"]


def test_a_date_whose_documents_cannot_be_read_stays(full: Path) -> None:
    (part,) = (full / "tables" / "documents" / f"run_date={DAY}").glob("*.parquet")
    part.write_bytes(b"PAR1 broken")
    gone = prune(full, {"dates": END})
    assert standing(full)["passages"] == {DAY}
    assert str(part) in gone.kept[0]


@pytest.mark.parametrize(
    "place", ["tables/passages", "editions", f"editions/{DAY}", f"tables/documents/run_date={DAY}"]
)
def test_links_are_refused(full: Path, tmp_path: Path, place: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    (full / place).rename(elsewhere)
    (full / place).symlink_to(elsewhere)
    before = listing(elsewhere)
    with pytest.raises(PublishError, match="this link leads out of"):
        prune(full, dict.fromkeys(ALL, END))
    assert listing(elsewhere) == before


def test_what_somebody_else_put_there_stays(full: Path) -> None:
    mine = full / "tables" / "passages" / f"run_date={DAY}" / "notes.txt"
    mine.write_text("mine")
    (full / "editions" / "old").mkdir()
    prune(full, dict.fromkeys(ALL, END))
    assert mine.read_text() == "mine"
    assert (full / "editions" / "old").is_dir()
    assert not edition_path(full, DAY).exists()


def test_an_index_of_editions_that_cannot_be_written_is_said_in_a_line_and_nothing_goes(full: Path) -> None:
    page = full / "editions" / "index.html"
    page.unlink()
    page.mkdir()
    before = standing(full)
    with pytest.raises(PublishError, match="editions"):
        prune(full, dict.fromkeys(ALL, END))
    assert standing(full) == before


def test_calls_of_an_earlier_version_stay_until_what_was_learned_from_them_is_summed_up(tmp_path: Path) -> None:
    old = Path(__file__).parents[3] / "fixtures" / "out-0.1.0"
    out = Path(shutil.copytree(old, tmp_path / "out"))
    before = {"calls": date(2026, 11, 22)}
    kept = prune(out, before).kept
    assert [line.count("not summed up yet; run `nightdesk learn`") for line in kept] == [1, 1, 1]
    assert len({row["run_id"] for row in rows(out, "calls")}) == 3
    for profile in ("news", "commerce"):
        learn_from_tables(out, load_profile(profile), date(2026, 11, 22), "")
    assert prune(out, before).kept == []
    assert rows(out, "calls") == []
    assert sum(tally.answers for tally in logged(out, load_profile("news")).values()) > 0
