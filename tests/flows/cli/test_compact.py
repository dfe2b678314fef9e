"""`nightdesk compact`: fewer parts, told by date, and a word to those who read the plain folders."""

from datetime import timedelta
from pathlib import Path

from nightdesk.tasks.tables import publish
from tests.flows.cli.typed import nightdesk
from tests.tasks.made import DAY, document, parts, published, tables, work


def test_earlier_dates_are_compacted_and_told(home: Path) -> None:
    out, last = home / "published", DAY + timedelta(days=1)
    for day in (DAY, last):
        for k in (1, 2):
            publish.publish(out, day, f"run-1-{k}", tables(work(document(f"d{k}", 3))))
    told = nightdesk(home, "compact", "--out", "published", "--before", last.isoformat())
    assert (told.returncode, told.stdout) == (0, f"{DAY}: 2 parts -> 1\n")
    assert "must wait" in told.stderr
    assert [d["doc_id"] for d in published(out, "documents")] == ["d1", "d2"]
    assert len(parts(out, "documents", last)) == 2
    again = nightdesk(home, "compact", "--out", "published", "--before", last.isoformat())
    assert again.stdout == f"no date before {last} has parts to merge\n"


def test_what_is_no_date_or_no_out_is_one_line(home: Path) -> None:
    (home / "published").mkdir(exist_ok=True)
    for options in (["--out", "nowhere"], ["--out", "published", "--before", "soon"]):
        ended = nightdesk(home, "compact", *options)
        assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (2, "", 1)
