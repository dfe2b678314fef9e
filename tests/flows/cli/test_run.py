"""Forms from outside in one night: text on stdin, captions with their times, a feed with its titles."""

import subprocess
from pathlib import Path

from tests.flows.conftest import NIGHTDESK, Desk, Finished
from tests.tables import rows

DAY = "2026-03-01"
CAPTIONS = "WEBVTT\n\n00:01.000 --> 00:02.000\nThe bridge is\n\n00:02.000 --> 00:04.500\nshut. Ferries run."
FEED = """<rss version="2.0"><channel><item><guid>wire-1</guid><title>Bridge &amp; ferries</title>
<link>https://wire.example/1</link><description>&lt;p&gt;The bridge is shut.&lt;/p&gt;</description></item>
<item><guid>wire-2</guid></item></channel></rss>"""


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
