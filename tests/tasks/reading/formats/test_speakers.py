"""Who speaks in captions: marks and names are told from text, judged by line, and kept beside it."""

import pytest

from nightdesk.tasks.reading.formats.speakers import said
from nightdesk.tasks.reading.formats.unrolling import Piece
from tests.tasks.reading.formats.shown import by, in_a_row, spoken


def test_sentences_are_cut_where_a_mark_stands_and_nowhere_else() -> None:
    rows = (
        ">> GOOD MORNING. I AM AT THE",
        "STATION. >> AND I AM AT HOME.",
        ">>> NOW THE RAIN. IT",
        "FELL ALL DAY. >> IT DID,",
    )
    shown = ["\n".join(rows[max(0, k - 2) : k + 1]) for k in range(4)]
    assert by(in_a_row(*shown, "\n".join([*rows[2:], "SAID ONE MAN. >> REPORTER: BYE."]))) == [
        (None, "GOOD MORNING."),
        (None, "I AM AT THE STATION."),
        (None, "AND I AM AT HOME."),
        (None, "NOW THE RAIN."),
        (None, "IT FELL ALL DAY."),
        (None, "IT DID, SAID ONE MAN."),
        ("REPORTER", "BYE."),
    ]


def test_a_name_before_each_cue_is_the_speaker() -> None:
    told = in_a_row(
        "Eva Roe: Is it on? I see the", "Eva Roe: light now.", "Jan de Wit: Note: it is 12:30.", "Eva Roe: Yes."
    )
    assert by(told) == [
        ("Eva Roe", "Is it on?"),
        ("Eva Roe", "I see the light now."),
        ("Jan de Wit", "Note: it is 12:30."),
        ("Eva Roe", "Yes."),
    ]


def test_a_name_before_each_turn_holds_until_the_next() -> None:
    told = in_a_row(
        "Eva Roe: We begin", "with the boats.", "Bo (Host): Good. They", "are wet.", "Eva Roe: Yes.", "So what?"
    )
    assert [(who, text) for who, text in by(told) if who == "Bo (Host)"] == [
        ("Bo (Host)", "Good."),
        ("Bo (Host)", "They are wet."),
    ]
    assert by(told)[-1] == ("Eva Roe", "So what?")


def test_voice_tags_name_speakers_and_several_may_stand_in_one_cue() -> None:
    told = in_a_row(
        "<v Roe, Eva (Guest)>We go", "<v Roe, Eva (Guest)>home.</v>", "<v.loud Bo>No.</v> <v Eva>Yes.\nNow."
    )
    assert by(told) == [("Roe, Eva (Guest)", "We go home."), ("Bo", "No."), ("Eva", "Yes."), ("Eva", "Now.")]


@pytest.mark.parametrize(
    "name", ["Speaker 1", "SPEAKER_00", "unknown speaker", "主持人", "Éva", "Dr. J. O'Neil-Roe", "Иван"]
)
def test_names_of_many_kinds_are_known(name: str) -> None:
    told = in_a_row(f"{name}: We go home.", f"{name}: It rains.", f"{name}: Bye.")
    assert by(told) == [(name, "We go home."), (name, "It rains."), (name, "Bye.")]


@pytest.mark.parametrize(
    "text",
    [
        "Remember: he said so.", "There are two: boats and cars.", "At 12:30 it rained.",
        "See https://example.org now.", "Question: why?", "Cost >> income.", "-5 degrees.", "我觉得：好。",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_name_or_a_mark_is_text(text: str) -> None:
    told = by(in_a_row("We talk about the weather.", text, "It is long.", "And it is late.", "So we go home."))
    assert (None, text) in told
    assert len(told) == 5


def test_marks_within_captions_are_enough() -> None:
    assert by(in_a_row("HELLO. >> HI. >> HOW ARE", "YOU? >> FINE.")) == [
        (None, "HELLO."), (None, "HI."), (None, "HOW ARE YOU?"), (None, "FINE."),
    ]  # fmt: skip


def test_a_name_that_is_known_begins_a_turn_within_a_line_too() -> None:
    rows = ("EVA: WE ARE", "AT HOME. BO: WHERE", "IS THAT? EVA: HERE.", "BO: AH.")
    assert by(in_a_row(*("\n".join(rows[max(0, k - 1) : k + 1]) for k in range(4)))) == [
        ("EVA", "WE ARE AT HOME."), ("BO", "WHERE IS THAT?"), ("EVA", "HERE."), ("BO", "AH."),
    ]  # fmt: skip


def test_words_before_a_colon_that_do_not_come_back_are_text() -> None:
    told = in_a_row("Breakfast: eggs and", "tea. It was good.", "Lunch: soup.", "I ate it.")
    assert by(told)[0] == (None, "Breakfast: eggs and tea.")


def test_a_dash_begins_another_turn() -> None:
    told = by(in_a_row("- Is it over\n- No", "-Really\n-Yes"))
    assert [text for _, text in told] == ["Is it over", "No", "Really", "Yes"]


def test_every_name_is_either_text_or_speaker() -> None:
    told = in_a_row("Eva: Yes.", "Bo: No.", "Today: rain.", "Eva: Good.")
    kept = " ".join(f"{s.speaker} {s.text}" for s in spoken(told))
    assert all(word in kept for word in ("Eva", "Bo", "Today", "rain", "Good"))


def test_people_in_a_meeting_call_themselves_what_they_like() -> None:
    told = in_a_row("eva: we go", "eva: home.", "Bo's phone 12: We stay.", "user_7 (she): yes.", "user_7 (she): Now.")
    assert by(told) == [
        ("eva", "we go home."), ("Bo's phone 12", "We stay."), ("user_7 (she)", "yes."), ("user_7 (she)", "Now."),
    ]  # fmt: skip


def test_names_stand_in_the_lines_of_meetings_and_their_times_are_none() -> None:
    assert by('WEBVTT\n\n1 "Eva Roe" (345)\n00:01 --> 00:02\nWe go.') == [("Eva Roe", "We go.")]
    assert by(in_a_row("Speaker 1 (00:00):\nWe go.", "Speaker 2 (00:01):\nNo.")) == [
        ("Speaker 1", "We go."), ("Speaker 2", "No."),
    ]  # fmt: skip


def test_a_name_after_which_nothing_is_said_is_text() -> None:
    assert by(in_a_row("Eva: Yes.", "Bo: No.", "Eva:")) == [("Eva", "Yes."), ("Bo", "No."), (None, "Eva:")]
    assert by(in_a_row("Eva: Yes.", "Bo:", "Eva: Good.")) == [("Eva", "Yes."), (None, "Bo:"), ("Eva", "Good.")]
    assert by(in_a_row("Eva:", "Yes.", "Bo: No.", "Eva: Go.")) == [("Eva", "Yes."), ("Bo", "No."), ("Eva", "Go.")]


def test_a_name_within_a_line_is_one_of_the_file_and_no_other() -> None:
    lines = [f"{('Ann Roe', 'Bob Day')[k % 2]}: It rained {k}. Bob Day: Yes. Then: no." for k in range(9)]
    found = said([Piece(text, k, k + 1) for k, text in enumerate(lines)])
    assert [(s.speaker, s.text) for s in found[:2]] == [("Ann Roe", "It rained 0."), ("Bob Day", "Yes. Then: no.")]


def test_each_part_of_a_long_line_keeps_its_own_captions() -> None:
    words = [">> Yes." if k % 2 else "It rained." for k in range(2_000)]
    found = said([Piece(text, k, k + 1, begins_line=k == 0, first=k == 0) for k, text in enumerate(words)])
    assert len(found) == 1_001
    assert sum(len(s.spans) for s in found) <= 3 * len(found)
    assert found[1].spans[0][1:] == (1, 2)
