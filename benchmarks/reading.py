"""What reading costs: CPU milliseconds a sentence of each form, the check before a run and the reading after it.

python -m benchmarks.reading [SENTENCES] writes articles of our own labelled sample, each with other numbers in it, as
every form (5,000 sentences), reads them as a run does, but in this process, and prints the median of three. `library`
is the share of the time that a profiler sees in calls of the libraries that parse the form and tell its language.
"""

import cProfile
import json
import logging
import os
import pstats
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from html import escape
from pathlib import Path

from benchmarks.common import ROOT, show
from nightdesk.tasks.reading.isolation import processes
from nightdesk.tasks.reading.sources import check_sources
from tests.tasks.made import DAY
from tests.tasks.reading.written import rss

ARTICLE = 20  # sentences
LIBRARIES = (
    "feedparser",
    "trafilatura",
    "htmldate",
    "justext",
    "lxml",
    "sentencex",
    "py3langid",
    "markdown_it",
    "xml/sax",
)


def main(sentences: int) -> None:
    """Measure and print."""
    logging.disable(logging.WARNING)
    processes.ISOLATED = False
    articles = _articles(sentences)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for form, write in FORMS.items():
            paths = write(Path(folder) / form, articles)
            for path in paths:  # older than a moment, as what is read mostly is
                os.utime(path, (time.time() - 3_600,) * 2)
            _read(paths[:1])
            took = statistics.median(_timed(paths) for _ in range(3))
            read = _read(paths)
            rows.append(
                {"form": form, "sentences": read, "ms_a_sentence": took / read * 1000, "library": _share(paths)}
            )
    show("reading", rows)


def _read(paths: list[Path]) -> int:
    return sum(len(getattr(d, "texts", ())) for d in check_sources([str(p) for p in paths], DAY).documents())


def _timed(paths: list[Path]) -> float:
    begin = time.process_time()
    _read(paths)
    return time.process_time() - begin


def _share(paths: list[Path]) -> float:
    """Return the share of the time that our readers spend in calls of libraries, with all that these call."""
    profile = cProfile.Profile()
    profile.runcall(_read, paths)
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    whole = sum(own for _, _, own, _, _ in stats.values())
    inside = sum(
        took
        for (file, _, name), (*_, callers) in stats.items()
        if any(library in f"{file} {name}" for library in LIBRARIES)
        for (caller, _, _), (_, _, _, took) in callers.items()
        if "/tasks/reading/" in caller
    )
    return float(inside / whole)


def _articles(sentences: int) -> list[list[str]]:
    labelled = json.loads((ROOT / "datasets/labels/evening-en.json").read_text("utf-8"))
    texts = [text for _, text in labelled["document"]]
    found = []
    for k in range(sentences // ARTICLE):
        first = k * 7 % len(texts)
        found.append([f"{t.rstrip('.')} {k}." for t in (texts * 2)[first : first + ARTICLE]])
    return found


def _text(folder: Path, articles: list[list[str]]) -> list[Path]:
    folder.mkdir()
    paths = [folder / f"{k}.txt" for k in range(len(articles))]
    for path, article in zip(paths, articles, strict=True):
        path.write_text("\n\n".join(" ".join(article[k : k + 4]) for k in range(0, len(article), 4)), "utf-8")
    return paths


def _rows(folder: Path, articles: list[list[str]]) -> list[Path]:
    folder.mkdir()
    lines = [json.dumps({"id": str(k), "title": a[0], "text": " ".join(a)}) for k, a in enumerate(articles)]
    (folder / "a.jsonl").write_text("\n".join(lines), "utf-8")
    return [folder / "a.jsonl"]


def _html(article: list[str]) -> str:
    return "".join(f"<p>{escape(' '.join(article[k : k + 4]))}</p>\n" for k in range(0, len(article), 4))


def _pages(folder: Path, articles: list[list[str]]) -> list[Path]:
    folder.mkdir()
    paths = [folder / f"{k}.html" for k in range(len(articles))]
    links = "".join(f"<li><a href='/{k}'>Section {k}</a></li>" for k in range(20))
    for path, article in zip(paths, articles, strict=True):
        page = f"<html><head><title>{escape(article[0])} | Gazette</title></head><body><nav><ul>{links}</ul></nav>"
        body = f"<main><article><h1>{escape(article[0])}</h1>{_html(article)}</article></main>"
        path.write_text(f"{page}{body}<footer><p>Copyright Gazette</p></footer></body></html>", "utf-8")
    return paths


def _feed(folder: Path, articles: list[list[str]]) -> list[Path]:
    folder.mkdir()
    items = [
        f"<guid>{k}</guid><link>https://gazette.example/{k}</link><title>{escape(a[0])}</title>"
        f"<description>{escape(a[1])}</description><content:encoded><![CDATA[{_html(a)}]]></content:encoded>"
        for k, a in enumerate(articles)
    ]
    (folder / "a.xml").write_text(rss(*items), "utf-8")
    return [folder / "a.xml"]


def _captions(folder: Path, articles: list[list[str]]) -> list[Path]:
    folder.mkdir()
    paths = []
    for first in range(0, len(articles), 10):
        cues = []
        for sentence in (s for a in articles[first : first + 10] for s in a):
            words = sentence.split()
            for half in (words[: len(words) // 2], words[len(words) // 2 :]):
                at = 2 * len(cues)
                begin, end = (f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02},000" for s in (at, at + 2))
                cues.append(f"{len(cues) + 1}\n{begin} --> {end}\n{' '.join(half)}\n")
        paths.append(folder / f"{first}.srt")
        paths[-1].write_text("\n".join(cues), "utf-8")
    return paths


FORMS: dict[str, Callable[[Path, list[list[str]]], list[Path]]] = {
    "txt": _text,
    "jsonl": _rows,
    "pages": _pages,
    "feed": _feed,
    "captions": _captions,
}

if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000)
