"""Cues in files as they are found: times, line ends, numbers, headers, and what is no text."""

import pytest

from nightdesk.tasks.reading.formats.cues import parse
from tests.tasks.reading.formats.shown import spoken, texts


@pytest.mark.parametrize(
    ("times", "start", "end"),
    [
        ("00:07 --> 00:09", 7, 9),
        ("0:00:07 --> 0:00:09", 7, 9),
        ("00:00:07.5000 --> 00:00:09.2500", 7.5, 9.25),
        ("00:00:07:500-->00:00:09:000", 7.5, 9),
        ("07:30,250 --> 07:31,000", 450.25, 451),
        ("101:00:01.000 --> 101:00:03.000", 363_601, 363_603),
        ("00: 00: 07, 500 -- > 00: 00: 09, 000", 7.5, 9),
        ("00:00:07.000 --> 00:00:09.000 align:start position:0%", 7, 9),
        ("00:00:07,000 --> 00:00:09,000 X1:40 X2:600", 7, 9),
    ],
)
def test_times_are_read_however_they_are_written(times: str, start: float, end: float) -> None:
    assert [(s.text, s.start, s.end) for s in spoken(f"{times}\nShut again.")] == [("Shut again.", start, end)]


def test_a_text_behind_the_times_is_no_setting() -> None:
    assert texts("00:01.000 --> 00:02.000 Shut again.\n\n00:02.000 --> 00:03.000 line:0\nFerries run.") == [
        "Shut again.",
        "Ferries run.",
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_lines_end_as_they_like(end: str) -> None:
    lines = ["1", "00:01,000 --> 00:02,000", "Shut", "again.", "", "2", "00:02,000 --> 00:03,000", "Ferries run.", ""]
    assert texts(end.join(lines)) == ["Shut again.", "Ferries run."]
    assert texts((end + end).join(lines)) == ["Shut again.", "Ferries run."]


def test_numbers_that_the_file_begins_anywhere_are_no_text() -> None:
    assert texts("7\n00:01,000 --> 00:02,000\nIn 1984\n8\n00:02,000 --> 00:03,000\nit opened.\n") == [
        "In 1984 it opened."
    ]


def test_a_number_that_is_said_is_text() -> None:
    said = [f"00:0{k} --> 00:0{k + 1}\n{3 - k}\n" for k in range(3)]
    assert "".join(texts("\n".join(["WEBVTT\n", *said]))) == "3 2 1"
    assert "".join(texts("\n".join(f"{k}\n{cue}" for k, cue in enumerate(said, 1)))) == "3 2 1"
    assert "".join(texts("\n".join(said).replace("\n\n", "\n"))) == "3 2 1"


def test_a_blank_line_within_a_subtitle_loses_nothing() -> None:
    assert texts("1\n00:01 --> 00:02\nShut\n\nagain\n00:02 --> 00:03\ntoday.") == ["Shut again today."]


@pytest.mark.parametrize("arrow", ["–>", "→", "-- >", "—>"])
def test_arrows_are_known_however_they_were_mangled(arrow: str) -> None:
    assert texts(f"00:01 {arrow} 00:02\nShut again.") == ["Shut again."]
    assert texts(f"[00:01.000 {arrow} 00:02.000]  Shut again.") == ["Shut again."]


def test_a_note_is_text_where_there_are_none() -> None:
    said = "00:01.000 --> 00:02.000\nShut again.\n\nNOTE: it is wet.\n"
    assert texts(said) == texts(f"WEBVTT\n\n{said}") == ["Shut again.", "NOTE: it is wet."]
    assert texts("WEBVTT\n\n" + said.replace("NOTE:", "NOTE")) == ["Shut again."]


def test_tags_that_no_caption_has_and_what_is_escaped_twice_are_text() -> None:
    assert texts("00:01 --> 00:02\n<applause> I &lt;3 <b>it</b>, {\\an8}5 < 6 &amp;amp; 7<br>so there.") == [
        "<applause> I <3 it, 5 < 6 & 7 so there."
    ]


def test_a_reference_to_no_character_costs_no_more_than_itself() -> None:
    assert texts(f"00:01 --> 00:02\nShut &#{'9' * 5_000}; again &#55296;.") == ["Shut \ufffd again \ufffd."]


def segment(ticks: int, *cues: str) -> str:
    return "\n\n".join([f"WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:{ticks}", *cues]) + "\n"


FIRST, SECOND, THIRD = (
    f"00:{a:02d}.000 --> 00:{b:02d}.000\n{text}"
    for a, b, text in ((1, 5, "Rain fell."), (5, 8, "It fell all day."), (8, 9, "Then it stopped."))
)


@pytest.mark.parametrize("between", ["\n", "", "\ufeff"])
def test_segments_of_a_stream_are_one_file_and_what_stands_in_two_counts_once(between: str) -> None:
    told = segment(900_000, FIRST, SECOND).rstrip() + between + segment(900_000, SECOND, THIRD)
    assert [(s.text, s.start) for s in spoken(told)] == [
        ("Rain fell.", 1.0),
        ("It fell all day.", 5.0),
        ("Then it stopped.", 8.0),
    ]


def test_segments_whose_times_begin_anew_are_put_in_their_place() -> None:
    again, after = "00:00.000 --> 00:01.500\nIt fell all day.", "00:02.000 --> 00:03.000\nThen it stopped."
    told = segment(900_000, FIRST, SECOND) + segment(900_000 + 8 * 90_000, again, after)
    assert [(s.text, s.start) for s in spoken(told)] == [
        ("Rain fell.", 1.0),
        ("It fell all day.", 5.0),
        ("Then it stopped.", 10.0),
    ]


def test_times_never_run_back_and_no_cue_ends_before_it_starts() -> None:
    told = spoken("00:05 --> 00:06\nOne.\n\n00:01 --> 00:02\nTwo.\n\n00:09 --> 00:03\nThree.")
    assert [(s.start, s.end) for s in told] == [(5.0, 6.0), (5.0, 5.0), (9.0, 9.0)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n", "\u2028"])
def test_a_line_ends_however_it_was_written(end: str) -> None:
    lines = ("1", "00:00:01,000 --> 00:00:02,000", "The mill", "has burnt.", "")
    (cue,) = parse(end.join(lines))
    assert [line.text for line in cue.lines] == ["The mill", "has burnt."]


def test_voices_that_are_never_closed_are_text() -> None:
    (cue,) = parse("1\n00:00:01,000 --> 00:00:02,000\n" + "<v.a" * 20_000 + "<v.loud Ann>Yes.")
    assert [(line.text[:8], line.voice) for line in cue.lines] == [("<v.a<v.a", None), ("Yes.", "Ann")]
