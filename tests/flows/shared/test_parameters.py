"""Forms from outside: text on stdin, captions with their times, a feed with its titles; and `evaluate`."""

import json
import subprocess
from pathlib import Path

from tests.flows.conftest import NIGHTDESK, Desk, Finished
from tests.tables import rows

DAY = "2026-03-01"
CAPTIONS = "WEBVTT\n\n00:01.000 --> 00:02.000\nThe bridge is\n\n00:02.000 --> 00:04.500\nshut. Ferries run."
FEED = """<rss version="2.0"><channel><item><guid>wire-1</guid><title>Bridge &amp; ferries</title>
<link>https://wire.example/1</link><description>&lt;p&gt;The bridge is shut.&lt;/p&gt;</description></item>
<item><guid>wire-2</guid><title>Nothing in it</title></item></channel></rss>"""


def pipe(desk: Desk, text: str, *arguments: object) -> Finished:
    """Run a command with text on its stdin."""
    done = subprocess.run(
        [*NIGHTDESK, *map(str, arguments)],
        input=text, env=desk.env, text=True, capture_output=True, timeout=200, check=False,
    )  # fmt: skip
    return Finished(done.returncode, done.stdout, done.stderr)


def test_stdin_captions_and_a_feed_are_one_night(desk: Desk, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (source / "talk.vtt").write_text(CAPTIONS)
    (source / "wire.xml").write_text(FEED)
    text = "Shut again. Nobody knows until when."
    result = pipe(desk, text, "run", "-", source, "--id", "tonight", "--out", out, "--date", DAY, "--json").json
    assert (result["documents"], result["unreadable"], result["sentences"]) == (3, 1, 5)
    passages = [(p["doc_id"], p["text"], p["start_s"]) for p in rows(out, "passages", DAY)]
    assert passages == [
        ("talk", "The bridge is shut.", 1.0),
        ("talk", "Ferries run.", 2.0),
        ("tonight", "Shut again.", None),
        ("tonight", "Nobody knows until when.", None),
        ("wire-1", "The bridge is shut.", None),
    ]
    documents = {d["doc_id"]: d for d in rows(out, "documents", DAY)}
    assert (documents["tonight"]["source"], documents["tonight"]["title"]) == ("stdin", None)
    assert (documents["wire-1"]["source"], documents["wire-1"]["title"]) == (
        "https://wire.example/1",
        "Bridge & ferries",
    )
    assert documents["wire-2"]["status"] == "unreadable"
    assert "wire.xml: entry 2: no sentence in it" in documents["wire-2"]["reason"]


def test_evaluate_measures_labelled_documents_and_leaves_nothing_behind(desk: Desk, tmp_path: Path) -> None:
    stories = {"bridge": "The harbour bridge is shut by cracks.", "vote": "The council will vote on the budget."}
    sentences = [(n, f"{text} ({k})") for n, text in stories.items() for k in range(6)]
    labelled = {
        "document": [[k, s] for k, (_, s) in enumerate(sentences, 1)],
        "passages": [[1, 6, "bridge"], [7, 12, "vote"]],
        "topics": [{"topic": "bridge", "facts": [1, 2, 3, 4, 5, 6]}, {"topic": "vote", "future_plans": [7, 8, 9]}],
    }
    (tmp_path / "two.json").write_text(json.dumps(labelled))
    before = set(tmp_path.rglob("*"))
    told = desk.run("evaluate", tmp_path / "two.json", "--greedy", "--json").json
    assert set(tmp_path.rglob("*")) == before
    (row,) = told["documents"]
    assert (row["document"], row["sentences"], row["coverage"], row["unplaced"]) == ("two", 12, 1.0, 0.0)
    assert row["stretch_f1"] == row["story_f1"] == 1.0
    assert told["mean"] == {k: v for k, v in row.items() if k not in ("document", "sentences")}
    # In a folder that is named, the leading models alone have served, and nothing was judged.
    out = tmp_path / "kept"
    desk.run("evaluate", tmp_path / "two.json", "--greedy", "--out", out, "--json").json  # noqa: B018
    assert {(c["purpose"], c["propensity"]) for c in rows(out, "calls")} == {("serve", 1.0)}
    assert rows(out, "judgements") == []
