"""`nightdesk edition` and `nightdesk export`: what was published, on stdout or where it is to go."""

import json
import os
import subprocess
from pathlib import Path

from nightdesk.tasks.tables import publish
from tests.flows.cli.typed import NIGHTDESK, nightdesk
from tests.tasks.made import DAY, document, tables, work


def test_a_reader_that_stops_reading_is_no_error(home: Path) -> None:
    publish.publish(home / "published", DAY, "run-1-1", tables(work(document("long", 20_000))))
    command = [NIGHTDESK, "export", "--table", "passages", "--out", home / "published", "--date", DAY.isoformat()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline().startswith(b"doc_id,position,")
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 0


def test_a_table_goes_to_stdout_or_into_a_file_as_the_same_bytes(home: Path) -> None:
    publish.publish(home / "published", DAY, "run-1-1", tables(work(document("a", 3))))
    command = ("export", "--table", "passages", "--out", "published", "--date", DAY.isoformat(), "--format", "jsonl")
    shown = nightdesk(home, *command)
    assert [json.loads(line)["position"] for line in shown.stdout.splitlines()] == [1, 2, 3]
    written = nightdesk(home, *command, "--output", "rows.jsonl")
    assert (written.returncode, written.stdout, written.stderr) == (0, "", "")
    assert (home / "rows.jsonl").read_text(encoding="utf-8") == shown.stdout


def test_an_edition_is_made_again_and_its_path_is_told(home: Path) -> None:
    publish.publish(home / "published", DAY, "run-1-1", tables(work(document("a", 3))))
    told = nightdesk(home, "edition", "--out", "published", "--date", DAY.isoformat(), "--json")
    page = home / json.loads(told.stdout)["edition"]
    assert "Sentence 1 of a." in page.read_text(encoding="utf-8")
