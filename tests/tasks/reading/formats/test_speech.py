"""What speech recognition writes as JSON is read as captions, with its times."""

from pathlib import Path
from typing import Any

import pytest

from tests.tasks.reading.written import one

SAID = [(0.0, 2.0, " The mill has burnt."), (2.0, 4.5, " All got"), (4.5, 6.0, " out.")]
WHISPER = [{"id": k, "seek": 0, "start": a, "end": b, "text": t, "tokens": [1]} for k, (a, b, t) in enumerate(SAID)]
YOUTUBE = [{"text": t.strip(), "start": a, "duration": b - a} for a, b, t in SAID]


@pytest.mark.parametrize(
    "data",
    [
        {"text": "The mill ...", "segments": WHISPER, "language": "en"},
        {"segments": [{**s, "speaker": "SPEAKER_00", "words": []} for s in WHISPER]},
        {"transcription": [
            {"timestamps": {"from": "00:00:00,000"}, "offsets": {"from": int(a * 1e3), "to": int(b * 1e3)}, "text": t}
            for a, b, t in SAID
        ], "model": {}},
        YOUTUBE,
        {"video_id": "x", "snippets": YOUTUBE},
        {"wireMagic": "pb3", "events": [
            {"tStartMs": 0, "id": 1},
            *({"tStartMs": int(a * 1e3), "dDurationMs": int((b - a) * 1e3), "segs": [{"utf8": t}]} for a, b, t in SAID),
            {"tStartMs": 5000, "segs": [{"utf8": "\n"}]},
        ]},
    ],
)  # fmt: skip
def test_transcripts_are_sentences_with_times(tmp_path: Path, data: Any) -> None:
    d = one(tmp_path / "a.json", data)
    assert d.texts == ("The mill has burnt.", "All got out.")
    assert d.starts == (0.0, 2.0)


def test_what_is_odd_in_a_piece_is_left_out(tmp_path: Path) -> None:
    odd = [
        {"text": None, "start": 1},
        {"start": 1},
        7,
        {"text": "So.", "start": "x", "duration": None},
        {"text": " ", "start": 1e308},
        {"text": " ", "start": 10**400},
    ]
    d = one(tmp_path / "a.json", [*YOUTUBE, *odd])
    assert d.texts == ("The mill has burnt.", "All got out.", "So.")


def test_who_speaks_is_kept(tmp_path: Path) -> None:
    pieces = [{"start": k, "end": k + 1, "text": t, "speaker": s} for k, (t, s) in enumerate(
        [("Is it shut?", "ANN"), ("It&#39;s shut.", "BOB"), ("And so", "BOB"), ("it stays.", "BOB")]
    )]  # fmt: skip
    d = one(tmp_path / "a.json", {"segments": pieces})
    assert d.texts == ("Is it shut?", "It's shut.", "And so it stays.")
    assert d.speakers == ("ANN", "BOB", "BOB")
    assert d.ends == (1.0, 2.0, 4.0)
