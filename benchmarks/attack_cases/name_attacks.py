"""Attacks by names: of files, documents and links."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.attack_cases.on_a_terminal import HOSTILE, piped, raw_in, terminal_bytes
from benchmarks.attack_cases.outcome import Attack, Outcome
from nightdesk.tasks.reading.sources import check_sources
from nightdesk.tasks.tables import parts
from nightdesk.tasks.tables.places import table_folder
from tests.tasks.made import DAY, document, publish_documents, work

TEXT = "The bridge is shut. Ferries run instead."
ALIKE = ("A", "a", "\u00e9", "e\u0301", "ß", "ss", "\u212b", "\u00c5")
NOTHING_RAW = "exit code 2, nothing raw, a line"


def cases() -> dict[str, Attack]:
    """Return the attacks by their names."""
    return {
        "names: a file whose name holds ESC, a newline and bidi, in an error on a terminal": _file_in_an_error,
        "names: a document's id with ESC, in an error on a terminal": _id_in_an_error,
        "names: a night over hostile file names, feed titles and feed ids, on a terminal": _night,
        "names: links in a folder to files outside it": _links_out,
        "names: links in a folder that go round in circles": _loops,
        "names: names of files that are no UTF-8": _no_utf8,
        "names: ids that differ by case or Unicode form, of which one is forgotten": _alike,
        "names: ids of 10 kB in JSON lines, Parquet, a feed, a JSON feed": _long_ids,
        "names: an id of 10 kB, typed": _long_typed,
        "names: a folder of OUT that is a link to a folder elsewhere": _link_in_out,
        "names: a manifest in OUT that moves a file elsewhere": _manifest,
    }


def _line(ended: int, got: bytes) -> str:
    lines = got.count(b"\n")
    return f"exit code {ended}, {raw_in(got)}, {'a line' if lines == 1 else f'{lines} lines'}"


def _file_in_an_error(home: Path) -> Outcome:
    (home / f"{HOSTILE}.json").write_text("[[1, broken")
    seen = _line(*terminal_bytes(home, "run", f"{HOSTILE}.json", "--dry-run"))
    return Outcome(NOTHING_RAW, seen, seen == NOTHING_RAW)


def _id_in_an_error(home: Path) -> Outcome:
    (home / "out").mkdir()
    seen = _line(*terminal_bytes(home, "forget", HOSTILE, "--out", "out"))
    return Outcome(NOTHING_RAW, seen, seen == NOTHING_RAW)


def _night(home: Path) -> Outcome:
    (home / "in").mkdir()
    for name in (f"{HOSTILE}.txt", f"{HOSTILE}-broken.json"):
        (home / "in" / name).write_text(TEXT)
    item = f"<item><guid>same</guid><title>{_xml(HOSTILE)}</title><description>{TEXT} No. NUMBER.</description></item>"
    items = "".join(item.replace("NUMBER", str(k)) for k in range(3))
    (home / "in" / "feed.xml").write_text(f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>")
    (home / "in" / f"{HOSTILE}-link.txt").symlink_to("/etc/hostname")
    code, got = terminal_bytes(home, "run", "in", "--out", "out", NIGHTDESK_LOG="DEBUG")
    ids = sorted(parts.read(home / "out", "documents", parts.dates(home / "out", "documents"))["doc_id"].to_pylist())
    expected = "exit code 0, nothing raw, the id in the tables is as the file's name"
    same = "is as" if any(i == HOSTILE for i in ids) else "differs from"
    seen = f"exit code {code}, {raw_in(got)}, the id in the tables {same} the file's name"
    return Outcome(expected, seen, seen == expected)


def _xml(text: str) -> str:
    return "".join(c if c in "\t\n" or c >= " " else f"&amp;#{ord(c)};" for c in text)


def _links_out(home: Path) -> Outcome:
    for name in ("in/a.txt", "secret/b.txt"):
        (home / name).parent.mkdir()
        (home / name).write_text(f"{TEXT} {name}.")
    (home / "in" / "b.txt").symlink_to("../secret/b.txt")
    (home / "in" / "all").symlink_to(home / "secret")
    told = [piped(home, "run", source, "--dry-run", "--json") for source in ("in", "in/**/*.txt", "in/*/*.txt")]
    read = [json.loads(t.stdout)["documents"] if t.returncode == 0 else 0 for t in told]
    lines = sum(b"of it" in t.stderr for t in told)
    expected = "documents read: 1, 1, 0; told of 3 times"
    seen = f"documents read: {', '.join(map(str, read))}; told of {lines} times"
    return Outcome(expected, seen, seen == expected)


def _loops(home: Path) -> Outcome:
    (home / "in" / "deep").mkdir(parents=True)
    (home / "in" / "a.txt").write_text(TEXT)
    for link, target in (("p.txt", "q.txt"), ("q.txt", "p.txt"), ("deep/up", ".."), ("self.txt", "self.txt")):
        (home / "in" / link).symlink_to(target)
    read = [len(check_sources([str(home / source)], DAY).doc_ids) for source in ("in", "in/**/*.txt")]
    return Outcome("1 document is read", f"{read[0]} and {read[1]} are read", read == [1, 1])


def _no_utf8(home: Path) -> Outcome:
    names = [os.fsdecode(b"caf" + byte + b".txt") for byte in (b"\xe9", b"\xe8", b"\xff")]
    for name in names:
        (home / name).write_text(TEXT)
    (home / os.fsdecode(b"\xfe.json")).write_text("[[1, broken")
    ids = check_sources([str(home)], DAY).doc_ids
    _, got = terminal_bytes(home, "run", home / os.fsdecode(b"\xfe.json"), "--dry-run")
    by_hand = piped(home, "run", names[0], "--dry-run", "--json")
    expected = "4 ids, all UTF-8; the broken one is named in a line; one is read by its name"
    named = "named" if b"not JSON" in got and b"\xfe" not in got and b"codec" not in got else "not named"
    read = "one" if by_hand.returncode == 0 else "none"
    different = len({i.encode() for i in ids})
    seen = f"{different} ids, all UTF-8; the broken one is {named} in a line; {read} is read by its name"
    return Outcome(expected, seen, seen == expected)


def _alike(home: Path) -> Outcome:
    lines = [json.dumps({"id": i, "text": f"{TEXT} {i}"}, ensure_ascii=False) for i in ALIKE]
    (home / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    read = check_sources([str(home / "a.jsonl")], DAY).doc_ids
    publish_documents(home / "out", *(work(document(i, [f"Text {k}."])) for k, i in enumerate(ALIKE)))
    code = piped(home, "forget", "e\u0301", "--out", "out").returncode
    left = set(parts.read(home / "out", "documents", [DAY])["doc_id"].to_pylist())
    expected = f"{len(ALIKE)} documents; after it all but the one"
    right = code == 0 and read == set(ALIKE) and left == set(ALIKE) - {"e\u0301"}
    return Outcome(expected, f"{len(read)} documents; after it {len(left)}", right)


def _long_ids(home: Path) -> Outcome:
    ids = ["x" * 10_000 + end for end in "ab"]
    (home / "a.jsonl").write_text("".join(json.dumps({"id": i, "text": TEXT}) + "\n" for i in ids))
    pq.write_table(pa.table({"id": ids, "text": [TEXT, TEXT]}), home / "b.parquet")
    items = "".join(f"<item><guid>{i}</guid><description>{TEXT}</description></item>" for i in ids)
    (home / "c.xml").write_text(f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>")
    entries = [{"id": i, "content_text": TEXT} for i in ids]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "x", "items": entries}
    (home / "d.json").write_text(json.dumps(feed))
    found = [check_sources([str(home / name)], DAY).doc_ids for name in ("a.jsonl", "b.parquet", "c.xml", "d.json")]
    expected = "2 ids of 200 characters each"
    lengths = {len(i) for its in found for i in its}
    seen = f"{sorted({len(its) for its in found})} ids of {sorted(lengths)} characters each"
    return Outcome(expected, seen, lengths == {200} and all(len(its) == 2 for its in found))


def _long_typed(home: Path) -> Outcome:
    (home / "out").mkdir()
    told = [
        piped(home, *arguments)
        for arguments in (
            ("forget", "x" * 10_000, "--out", "out"),
            ("run", "x" * 10_000, "--dry-run"),
            ("export", "--table", "x" * 10_000, "--out", "out"),
        )
    ]
    longest = max(len(t.stderr) for t in told)
    right = all(t.returncode == 2 for t in told) and longest < 5_000
    return Outcome("exit code 2, less than 5,000 bytes", f"{told[0].returncode}, at most {longest:,} bytes", right)


def _link_in_out(home: Path) -> Outcome:
    def night(k: int) -> None:
        publish_documents(home / "out", work(document(f"d{k}", 3)), part=f"run-{k}-1")

    night(1)
    away = home / "away"
    away.mkdir()
    (away / "part-0.parquet").write_text("mine")
    (away / "index.html").write_text("mine")
    acts: list[Callable[[], object]] = [
        lambda: piped(home, "forget", "d1", "--out", "out"),
        lambda: piped(home, "edition", "--out", "out", "--date", DAY),
        lambda: _tried(lambda: night(2)),
    ]
    for place in ("tables", table_folder("topics", DAY), f"editions/{DAY}", "editions", "_staging"):
        link = home / "out" / place
        before = link.with_name("before")
        if link.exists():
            link.rename(before)
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(away)
        for act in acts:
            act()
        link.unlink()
        if before.exists():
            before.rename(link)
    left = {p.name: p.read_text() for p in away.rglob("*") if p.is_file()}
    right = left == {"part-0.parquet": "mine", "index.html": "mine"}
    return Outcome("nothing there is written or removed", "as it was" if right else f"changed: {sorted(left)}", right)


def _manifest(home: Path) -> Outcome:
    publish_documents(home / "out", work(document("a", 3)))
    (home / "theirs").write_text("mine")
    folder = home / "out" / "_staging" / "planted-1"
    folder.mkdir()
    (folder / "x").write_text("planted")
    moves = [["x", "../theirs"], ["x", str(home / "theirs")]]
    (folder / "manifest.json").write_text(json.dumps({"run_date": DAY.isoformat(), "moves": moves}))
    told = piped(home, "edition", "--out", "out", "--date", DAY)
    said = (home / "theirs").read_text()
    expected = "the file stays, the manifest is named"
    named = "is named" if b"manifest.json" in told.stderr else "is not named"
    seen = f"the file {'stays' if said == 'mine' else 'is replaced'}, the manifest {named}"
    return Outcome(expected, seen, seen == expected)


def _tried(act: Callable[[], object]) -> None:
    try:
        act()
    except Exception:  # noqa: BLE001  (whatever it says, what it did is looked at)
        return
