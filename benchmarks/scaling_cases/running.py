"""Places in forms without markup: text, JSON, captions, Parquet."""

import json

from benchmarks.scaling_cases.hostile import repeated
from benchmarks.scaling_cases.step import Place


def _time(k: int, ms: int = 0) -> str:
    return f"{k // 3600:02}:{k // 60 % 60:02}:{k % 60:02}.{ms:03}"


def _cues(unit: str, n: int, grows: bool = False, pause: bool = False) -> str:
    """Write captions of a piece each; grows: each holds those of the last five, too."""
    cues = []
    text = unit.replace("\n", " ")
    for k in range(max(1, n // (len(unit) + 40))):
        shown = text * (k % 5 + 1) if grows else text
        cues.append(f"{_time(k * (3 if pause else 1))} --> {_time(k * (3 if pause else 1) + 1)}\n{shown} {k % 7}\n")
    return "WEBVTT\n\n" + "\n".join(cues)


def _segments(unit: str, n: int) -> str:
    pieces = [{"start": k, "end": k + 1, "text": unit} for k in range(max(1, n // (len(unit) + 40)))]
    return json.dumps({"segments": pieces})


PLACES: dict[str, Place] = {
    "txt": (
        "a.txt",
        (
            "a ",
            "A. ",
            "(1 ",
            "\u201c",
            "\u0301",
            "\U0001f1e6",
            "\u5927",
            "said ",
            ".",
            " ",
        ),
        repeated,
    ),
    "txt, lines": (
        "a.txt",
        (
            "a",
            "- a",
            "x" * 60,
        ),
        lambda u, n: repeated(u + "\n", n),
    ),
    "txt, after words": (
        "a.txt",
        (
            "[1]",
            "U.S. ",
            "' ",
            "\u3001",
        ),
        lambda u, n: "The mill has burnt. " + repeated(u, n) + " It rained.",
    ),
    "txt, a list's text": (
        "a.txt",
        (
            " ",
            "\\'",
            "''''''",  # an even number of them, since a text of an odd one is no list
        ),
        lambda u, n: f"[[1, '{repeated(u, n)}'], [2, 'b']]",
    ),
    "txt, a list": ("a.txt", (" ",), lambda u, n: f"[[1, 'a'], {repeated(f'[2, {u!r}], ', n)}[2, 'b']]"),
    "json, a text": ("a.json", ("a ",), lambda u, n: json.dumps([[1, repeated(u, n)], [2, "b"]])),
    "json, texts": ("a.json", ("a",), lambda u, n: json.dumps([[k, u] for k in range(n // (len(u) + 8))])),
    "json, raw": (
        "a.json",
        (
            "[",
            '{"a":',
            "1",
        ),
        lambda u, n: '[[1, "a"], ' + repeated(u, n),
    ),
    "json, speech": ("a.json", ("a ",), lambda u, n: _segments(repeated(u, n), 1)),
    "json, speeches": (
        "a.json",
        (
            "a ",
            "\u5927",
        ),
        _segments,
    ),
    "srt": (
        "a.srt",
        (
            "{\\",
            "<v.a",
            "<a ",
            "&",
            "<i",
        ),
        lambda u, n: f"1\n00:00:01,000 --> 00:00:02,000\n{repeated(u, n)}",
    ),
    "srt, time": (
        "a.srt",
        (
            " ",
            "1",
        ),
        lambda u, n: f"1\n00:00:01,000 {repeated(u, n)} 00:00:02,000\na",
    ),
    "srt, raw": (
        "a.srt",
        (
            "\r",
            "1\n",
            "\ufeff",
        ),
        lambda u, n: f"{repeated(u, n)}\n\n1\n00:00:01,000 --> 00:00:02,000\na",
    ),
    "srt, lines": (
        "a.srt",
        (
            "a",
            ">>",
        ),
        lambda u, n: f"1\n00:00:01,000 --> 00:00:02,000\n{repeated('b ' + u.strip() + chr(10), n)}",
    ),
    "vtt": (
        "a.vtt",
        (
            "<c.",
            ">> ",
            "Ann: ",
            "a\n",
        ),
        lambda u, n: f"WEBVTT\n\n00:01.000 --> 00:02.000\n{repeated(u, n)}\n",
    ),
    "vtt, captions": (
        "a.vtt",
        (
            "a ",
            "Ann: a",
            ">> a",
        ),
        _cues,
    ),
    "vtt, growing": ("a.vtt", ("a ",), lambda u, n: _cues(u, n, grows=True)),
    "vtt, long growing": ("a.vtt", ("a ",), lambda u, n: _cues(repeated(u, n // 30), n, grows=True)),
    "vtt, pauses": ("a.vtt", ("a",), lambda u, n: _cues(u, n, pause=True)),
    "vtt, settings": (
        "a.vtt",
        ("a:",),
        lambda u, n: f"WEBVTT\n\n00:01.000 --> 00:02.000 {repeated(u.strip() or 'a', n)}\na\n",
    ),
    "jsonl": ("a.jsonl", ("a. ",), lambda u, n: json.dumps({"id": 1, "text": repeated(u, n)})),
    "jsonl, rows": (
        "a.jsonl",
        ("a",),
        lambda u, n: "\n".join(json.dumps({"text": u + str(k)}) for k in range(n // (len(u) + 20))),
    ),
    "jsonl, raw": (
        "a.jsonl",
        (
            "[",
            "1",
        ),
        lambda u, n: '{"text": "It rained."}\n{"text": ' + repeated(u, n),
    ),
    "jsonl, title": (
        "a.jsonl",
        (
            " ",
            "a",
        ),
        lambda u, n: json.dumps({"id": repeated(u, n), "title": repeated(u, n), "text": "Yes."}),
    ),
    "jsonl.gz": ("a.jsonl.gz", ("a ",), lambda u, n: json.dumps({"id": 1, "text": repeated(u, n)})),
    "parquet, a text": (
        "a.parquet",
        ("a ",),
        lambda u, n: json.dumps([{"id": 1, "text": repeated(u, n), "title": repeated(u, n)}]),
    ),
    "parquet, rows": (
        "a.parquet",
        ("a",),
        lambda u, n: json.dumps([{"text": u, "title": u} for _ in range(n // (len(u) + 8))]),
    ),
}
