"""Attacks by text in exports: on a terminal, in a spreadsheet, in what other programs read."""

import csv
import io
import json
import re
import unicodedata
from pathlib import Path

from benchmarks.attack_cases.on_a_terminal import HOSTILE, piped, raw_in, terminal_bytes
from benchmarks.attack_cases.outcome import Attack, Outcome
from tests.tasks.made import DAY, document, publish_documents, work

FORMULAS = (
    "=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\ufeff=1", "\u200b=1", "\x00=1",
    "＝1", "＋1", "－1", "＠x", '"=1', "a;=1", "a\t=1", "a\n=1", "a\r\n=1", "=cmd|' /C calc'!A0", "=HYPERLINK(\"x\")",
)  # fmt: skip
IDS = ("=cmd|' /C calc'!A0", "+x", "-x", "@x")


def cases() -> dict[str, Attack]:
    """Return the attacks by their names."""
    return {
        "exports: text with ESC and bidi as CSV, on a terminal": lambda home: _on_a_terminal(home, "csv"),
        "exports: text with ESC and bidi as JSON lines, on a terminal": lambda home: _on_a_terminal(home, "jsonl"),
        "exports: text with ESC and bidi for a spreadsheet, on a terminal": lambda home: _on_a_terminal(home, "excel"),
        "exports: CSV into a pipe stays as the tables are": _faithful,
        "exports: formulas in text and ids, in a spreadsheet that parts cells by commas": _formulas,
        "exports: formulas, in one that parts them by semicolons, tabs and lines": _formulas_elsewhere,
        "exports: control characters that Excel refuses": _illegal,
        "exports: JSON of a command with control characters": _json,
    }


def _night(home: Path) -> None:
    its = [work(document(i, [*FORMULAS, HOSTILE])) for i in (*IDS, HOSTILE)]
    publish_documents(home / "out", *its)


def _exported(home: Path, table: str, form: str) -> bytes:
    _night(home)
    return piped(home, "export", "--table", table, "--out", "out", "--date", DAY, "--format", form).stdout


def _on_a_terminal(home: Path, form: str) -> Outcome:
    _night(home)
    arguments = ("export", "--table", "passages", "--out", "out", "--date", DAY, "--format", form)
    code, got = terminal_bytes(home, *arguments)
    rows = got.count(b"\n") - (form != "jsonl")
    expected = f"exit code 0, nothing raw, {len(FORMULAS) + 1} lines a document"
    seen = f"exit code {code}, {raw_in(got)}, {rows / (len(IDS) + 1):g} lines a document"
    return Outcome(expected, seen, seen == expected)


def _faithful(home: Path) -> Outcome:
    got = _exported(home, "passages", "csv").decode()
    texts = {r["text"] for r in csv.DictReader(io.StringIO(got, newline=""))}
    missing = {*FORMULAS, HOSTILE} - texts
    return Outcome("every text as it is", f"{len(missing)} texts are changed", not missing)


def _formulas(home: Path) -> Outcome:
    cells = []
    for table in ("passages", "topics", "documents"):
        raw = _exported(home, table, "excel").decode("utf-8-sig")
        cells += [c for row in csv.reader(io.StringIO(raw, newline="")) for c in row]
    run = [c for c in cells if _is_run(c) and not re.fullmatch(r"-?[\d.]+(e-?\d+)?", c)]
    return Outcome(
        "no cell is run", f"{len(run)} of {len(cells)} cells are run", not run and len(cells) > len(FORMULAS)
    )


def _formulas_elsewhere(home: Path) -> Outcome:
    cells = re.split("[;\t\r\n]", _exported(home, "passages", "excel").decode("utf-8-sig"))
    run = [c for c in cells if _is_run(c)]
    return Outcome(
        "no cell is run", f"{len(run)} of {len(cells)} cells are run", not run and len(cells) > len(FORMULAS)
    )


def _illegal(home: Path) -> Outcome:
    raw = _exported(home, "passages", "excel")
    found = re.findall("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", raw.decode("utf-8-sig"))
    begins = raw.startswith(b"\xef\xbb\xbf")
    return Outcome(
        "a byte order mark, none", f"{'a' if begins else 'no'} byte order mark, {len(found)}", begins and not found
    )


def _json(home: Path) -> Outcome:
    _night(home)
    code, got = terminal_bytes(home, "forget", HOSTILE, "--out", "out", "--json")
    line = next((x for x in got.decode().split("\n") if x.startswith("{")), "{}")
    expected = "exit code 0, nothing raw, the id comes back"
    back = "comes back" if json.loads(line).get("doc_id") == HOSTILE else "is lost"
    seen = f"exit code {code}, {raw_in(got)}, the id {back}"
    return Outcome(expected, seen, seen == expected)


def _is_run(cell: str) -> bool:
    for c in cell:
        if not (c.isspace() or c in '"`' or unicodedata.category(c) in ("Cf", "Cc")):
            return unicodedata.normalize("NFKC", c) in "=+-@"
    return False
