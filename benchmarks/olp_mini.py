"""Whether the files of OLP-MINI are read whole, to the letter.

python -m benchmarks.olp_mini FOLDER reads every .json and .txt below FOLDER as nightdesk does, and each again by Python
alone (json, ast), and compares ids and sentences one by one. It prints what was read and what differs; the exit code is
1 if anything does, or if no file is there.
"""

import ast
import json
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

from nightdesk.tasks.errors import InputError
from nightdesk.tasks.reading.documents import Document
from nightdesk.tasks.reading.sources import check_sources

FORMS = (".json", ".txt")


def held(path: Path) -> list[tuple[str, str]]:
    """Return the ids and sentences that a file holds; null is an empty sentence."""
    text = path.read_text(encoding="utf-8-sig")
    try:
        data: Any = json.loads(text)
    except ValueError:
        data = ast.literal_eval(text.strip())
    pairs = data["document"] if isinstance(data, dict) else data
    return [(str(i), s or "") for i, s in pairs]


def differs(path: Path) -> tuple[int, int, str]:
    """Return how many sentences a file holds, how many of them are null or blank, and how it is read otherwise."""
    try:
        expected = held(path)
    except (ValueError, SyntaxError, TypeError, KeyError) as e:
        return 0, 0, f"is no list of sentences ({type(e).__name__}: {str(e)[:100]})"
    blank = sum(not s.strip() for _, s in expected)
    try:
        found = list(check_sources([str(path)], date(2026, 1, 1)).documents())
    except InputError as e:
        return len(expected), blank, f"refused: {e}"
    if len(found) != 1 or not isinstance(found[0], Document):
        return len(expected), blank, f"{len(found)} documents"
    read = list(zip(found[0].ids, found[0].texts, strict=True))
    if len(read) != len(expected):
        return len(expected), blank, f"{len(read)} sentences are read, and {len(expected)} are there"
    for k, (a, b) in enumerate(zip(read, expected, strict=True), 1):
        if a != b:
            return len(expected), blank, f"sentence {k} is read as {a!r}, and is {b!r}"
    return len(expected), blank, ""


def main(folder: Path) -> int:
    """Print what is read and what differs; return the exit code."""
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in FORMS)
    began = time.perf_counter()
    wrong = sentences = blanks = 0
    for path in paths:
        count, blank, why = differs(path)
        sentences, blanks, wrong = sentences + count, blanks + blank, wrong + bool(why)
        if why:
            print(f"{path}: {why}")
    took = time.perf_counter() - began
    right = len(paths) - wrong
    print(f"{right} of {len(paths)} files read whole: {sentences:,} sentences, {blanks} of them blank, in {took:.1f} s")
    return 0 if paths and not wrong else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1])))
