"""Parsers in processes of their own: a document that ends one costs that document, and nothing outlives its parent."""

import io
import json
import logging
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.documents import Document
from nightdesk.tasks.reading.isolation import processes
from nightdesk.tasks.reading.sources import check_sources
from tests.tasks.made import DAY
from tests.tasks.reading.written import write

# Readers that do what a text tells them, in the process that parses: there markdown's are these.
MISCHIEF = """
import os, signal, sys, time
from nightdesk.tasks.reading.formats import markdown
from nightdesk.tasks.reading.formats.content import prose

def read(text):
    word = text.split()[0]
    if word == "loop":
        while True:
            pass
    if word == "hoard":
        return bytes(1 << 40)
    if word == "die":
        os.kill(os.getpid(), signal.SIGSEGV)
    if word == "exit":
        sys.exit(0)
    if word == "leave":
        os._exit(0)
    if word == "key":
        return {}["no such"]
    if word == "print":
        print("this is no answer", flush=True)
    if word == "keys":
        return prose(str(sorted(k for k in os.environ if "KEY" in k)))
    return prose(text)

markdown.read = read
"""


@pytest.fixture
def mischief(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder; its .md files are read by MISCHIEF."""
    serves = "from nightdesk.tasks.reading.isolation.serving import serve\n"
    module = write(tmp_path / "modules" / "mischief.py", MISCHIEF + serves)
    monkeypatch.syspath_prepend(str(module.parent))
    monkeypatch.setattr(processes, "_SERVES", "mischief")
    processes.end_idle()
    yield tmp_path / "in"
    processes.end_idle()


def told(folder: Path, cpu_s: float = 1.0) -> dict[str, str]:
    """Return of each document its first sentence, or why it cannot be read."""
    found = check_sources([str(folder)], DAY, cpu_s=cpu_s).documents()
    return {d.doc_id: d.texts[0] if isinstance(d, Document) else d.reason for d in found}


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("loop", "it takes more than 1 s of CPU to read; leave it out, or raise [reading] cpu_s in the profile"),
        ("hoard", "it takes more memory than a reader may have; split it, or leave it out"),
        ("die", "its reader crashes on it (SIGSEGV); mend it, or leave it out"),
        ("exit", "its reader fails on it (SystemExit: 0); mend it, or leave it out"),
        ("leave", "its reader crashes on it (exit code 0); mend it, or leave it out"),
        ("key", "its reader fails on it (KeyError: 'no such'); mend it, or leave it out"),
    ],
)
def test_a_document_that_ends_its_parser_is_refused_and_the_others_go_on(mischief: Path, word: str, said: str) -> None:
    for name in "acd":
        write(mischief / f"{name}.md", f"Text {name}.")
    bad = write(mischief / "b.md", f"{word} x")
    assert told(mischief) == {"a": "Text a.", "b": f"{bad}: {said}", "c": "Text c.", "d": "Text d."}


def test_what_a_library_prints_is_no_answer_and_keys_are_not_handed_on(
    mischief: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    write(mischief / "a.md", "print this")
    write(mischief / "b.md", "keys")
    assert told(mischief) == {"a": "print this", "b": "[]"}


def test_a_traceback_is_logged_where_it_is_asked_for(mischief: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(mischief / "a.md", "key x")
    write(mischief / "b.md", "Text b.")
    with caplog.at_level(logging.DEBUG, "nightdesk.readers"):
        told(mischief)
    assert "Traceback" in caplog.text
    assert "in read" in caplog.text


def test_a_parser_that_is_killed_while_it_waits_is_started_again(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "Shut again.")
    reading = check_sources([str(path)], DAY)
    (parser,) = processes._idle
    os.kill(parser._process.pid, signal.SIGKILL)
    (d,) = reading.documents()
    assert isinstance(d, Document)


def test_a_parser_that_had_a_large_document_keeps_no_memory(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", json.dumps([[k, "x" * 100_000] for k in range(90)]))
    processes.end_idle()
    (d,) = check_sources([str(path)], DAY).documents()
    assert isinstance(d, Document)
    assert processes._idle == []


def test_rows_go_on_coming_from_a_file_of_many(tmp_path: Path) -> None:
    lines = [json.dumps({"text": f"Text {k}."}) for k in range(1_000)]
    path = write(tmp_path / "a.jsonl", "\n".join(lines))
    found = list(check_sources([str(path)], DAY).documents())
    assert [d.texts for d in found if isinstance(d, Document)] == [(f"Text {k}.",) for k in range(1_000)]
    assert len(processes._idle) <= 2


def test_an_answer_may_hold_no_other_thing() -> None:
    with pytest.raises(pickle.UnpicklingError):
        processes._Answers(io.BytesIO(pickle.dumps(os.getcwd))).load()
    plain = io.BytesIO()
    pickler = pickle.Pickler(plain)
    pickler.dispatch_table = {}  # Dask has exceptions pickled with their tracebacks, and is in no process that parses
    pickler.dump(DocumentError("x"))
    assert isinstance(processes._Answers(io.BytesIO(plain.getvalue())).load(), DocumentError)


def test_a_parser_ends_with_its_parent(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "Shut again.")
    command = f"""
import os, signal
from datetime import date
from nightdesk.tasks.reading.isolation import processes
from nightdesk.tasks.reading.sources import check_sources
check_sources([{str(path)!r}], date(2026, 3, 1))
print(processes._idle[0]._process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, timeout=60, check=False)
    pid = int(done.stdout)
    until = time.monotonic() + 30
    while time.monotonic() < until and Path(f"/proc/{pid}").exists():
        if Path(f"/proc/{pid}/status").read_text().split("State:")[1].split()[0] == "Z":
            break
        time.sleep(0.05)
    else:
        assert not Path(f"/proc/{pid}").exists()
