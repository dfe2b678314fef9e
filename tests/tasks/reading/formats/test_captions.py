"""Captions: found in files as they are, joined to sentences, with the start of the caption in which each begins."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.formats.captions import read
from nightdesk.tasks.reading.sentences import LONGEST_UNPUNCTUATED, weight
from tests.tasks.reading.formats.shown import in_a_row, spoken, texts, vtt


def sentences(text: str) -> list[tuple[str, float | None]]:
    return [(s.text, s.start) for s in spoken(text)]


def test_sentences_run_over_captions_and_begin_where_their_caption_begins() -> None:
    text = vtt((1, 2, "Good evening. The"), (2, 4, "bridge is"), (4, 5.5, "shut. Ferries"), (5.5, 7, "run instead."))
    assert sentences(text) == [("Good evening.", 1.0), ("The bridge is shut.", 1.0), ("Ferries run instead.", 4.0)]


def test_subtitles_of_the_older_form_are_read_with_their_faults() -> None:
    text = (
        "1\r\n00:00:01,000 --> 00:00:02,000 X1:40 X2:600\r\n<i>Good evening.</i> The\r\n"
        "2\r\n00:00:02,000 --> 00:00:04,000\r\n{\\an8}bridge is shut.\r\n\r\n"  # no blank line before it
        "3\r\n00:00:07,000 --> 00:00:08,000\r\n\r\n"  # nothing is said
        "4\r\n0:00:08,5 --> 0:00:09,000\r\nIn 1984\r\n1985\r\n\r\n"
    )
    assert sentences(text) == [("Good evening.", 1.0), ("The bridge is shut.", 1.0), ("In 1984 1985", 8.5)]


def test_styles_notes_names_settings_and_tags_are_no_text() -> None:
    text = """\ufeffWEBVTT - a show
Kind: captions

STYLE
::cue { color: red }

NOTE a comment, with an arrow --> in it

intro
00:01.000 --> 00:02.000 line:0 align:start
<v.loud Ann Bee>Hello &amp; <b>welcome</b> <00:01.500><c.yellow>all.</c>

NOTE
two lines
of notes

00:02.000 --> 00:03.500
<v Bob>3 &lt; 5, is it
not"""
    assert sentences(text) == [("Hello & welcome all.", 1.0), ("3 < 5, is it not", 2.0)]


def test_another_speaker_begins_another_sentence() -> None:
    told = vtt((0, 1, "<v Ann>and then we"), (1, 2, "<v Ann>went home"), (2, 3, "<v Bob>to bed"), (3, 4, ">> really"))
    assert sentences(told) == [("and then we went home", 0.0), ("to bed", 2.0), ("really", 3.0)]


def test_captions_that_roll_repeat_nothing() -> None:
    rolling = vtt(
        (0.2, 2.4, " \nhello<00:00:00.500><c> everyone</c>"),
        (2.4, 2.41, "hello everyone\n "),
        (2.41, 5.3, "hello everyone\nwelcome<00:00:03.000><c> back</c>"),
        (5.3, 5.31, "welcome back\n "),
        (5.31, 8, "welcome back\nto<00:00:06.000><c> the show</c>"),
    )
    assert sentences(rolling) == [("hello everyone welcome back to the show", 0.2)]
    growing = vtt((0, 1, "大家好"), (1, 2, "大家好，今天"), (2, 3, "大家好，今天下雨。"), (3, 4, "慢一点。"))
    assert sentences(growing) == [("大家好，今天下雨。", 0.0), ("慢一点。", 3.0)]


def test_what_is_said_twice_stays_twice() -> None:
    text = vtt((0, 1, "No."), (1, 2, "No."), (2, 3, "I will not go."), (3, 4, "Why should I?"), (4, 5, "Tell me."))
    assert [s for s, _ in sentences(text)] == ["No.", "No.", "I will not go.", "Why should I?", "Tell me."]


def test_speech_without_stops_is_cut_at_pauses_and_before_it_grows_too_long() -> None:
    cues, at = [], 0.0
    for k in range(120):
        cues.append((at, at + 1.5, f"and this is part {k} of it"))
        at += 1.5 + (3.0 if k % 7 == 6 else 0.0)
    found = sentences(vtt(*cues))
    pauses = {start for (start, _, _), (_, end, _) in zip(cues[1:], cues, strict=False) if start - end > 1}
    assert pauses <= {start for _, start in found}
    assert max(weight(s) for s, _ in found) <= LONGEST_UNPUNCTUATED
    assert " ".join(s for s, _ in found) == " ".join(text for _, _, text in cues)


WORDS = st.lists(st.sampled_from(["so.", "yes", "no?", "今天。", "好", "A.", "<b>x</b>", "&amp;", "1"]), max_size=4)


@given(st.lists(st.tuples(st.floats(0, 5_000), st.floats(0, 9), WORDS), min_size=1, max_size=12))
def test_times_never_run_back_and_only_whole_repeated_lines_go(cues: list[tuple[float, float, list[str]]]) -> None:
    text = vtt(*((a, a + d, " ".join(words)) for a, d, words in cues))
    found = sentences(text)
    starts = [t for _, t in found if t is not None]
    assert starts == sorted(starts)
    assert len(starts) == len(found)
    letters = "".join(w for *_, words in cues for w in words).replace("<b>", "").replace("</b>", "")
    rest = iter(letters.replace("&amp;", "&"))
    assert all(c in rest for s, _ in found for c in s if not c.isspace())  # in order


@pytest.mark.parametrize("text", ["WEBVTT\n\nNOTE nothing", "Just prose. No times.", "1\n00:00 -> 00:01\nHello"])
def test_a_file_without_captions_is_refused(text: str) -> None:
    with pytest.raises(DocumentError, match="no caption in it"):
        read(text)


def test_captions_in_which_nothing_is_said_are_empty() -> None:
    assert read(vtt((0, 1, "<i> </i>"), (1, 2, ""))).empty


@pytest.mark.parametrize("length", [1.0, 3.0])
def test_speech_without_stops_is_cut_at_pauses_however_short_it_is(length: float) -> None:
    said = ["buy now", "link is up", "link is up", "link is up", "last ten"]
    assert texts(in_a_row(*said, length=length, pause=2.0)) == said
    assert texts(in_a_row("上链接", "上链接", "扣一", pause=2.0)) == ["上链接", "上链接", "扣一"]
    said[3] = "link is up!"  # one stop tells nothing of the other pauses
    assert texts(in_a_row(*said, length=length, pause=2.0)) == said


def test_a_pause_ends_no_sentence_where_stops_do() -> None:
    told = in_a_row("I was", "thinking about it.", "Then I", "left.", pause=2.0)
    assert texts(told) == ["I was thinking about it.", "Then I left."]


def test_each_sentence_says_from_when_to_when_it_is_said() -> None:
    told = spoken(vtt((1, 2, "Good evening. The"), (2, 4, "bridge is"), (4, 5.5, "shut. Bye.")))
    assert [(s.text, s.start, s.end) for s in told] == [
        ("Good evening.", 1.0, 2.0),
        ("The bridge is shut.", 1.0, 5.5),
        ("Bye.", 4.0, 5.5),
    ]


PARTS = st.sampled_from(
    ["WEBVTT", "X-TIMESTAMP-MAP=MPEGTS:9,LOCAL:00:00:00.000", "NOTE x", "STYLE", "1", "2", "", " ", "<v Ann>so", "<v>",
     "Eva: so", "Eva:", ">> so", ">>", "- so", "-", "so we", "so we go", "so we go on.", "so we ga", "上链接",
     "上链接好",
     "00:00:01,000 --> 00:00:02,000", "00:00:02.000 --> 00:00:02.500", "00:03 --> 00:02", "9:9 --> 99:99:99:999",
     "00:00:01 --> 00:00:04 so", "\ufeffWEBVTT", "&#55296;", "&amp;gt;", "{\\an8}", "<00:01>", "e\u0301",
     "\u2028", "\x00"]
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(PARTS, max_size=24), st.sampled_from(["\n", "\r\n", "\r\r\n"]))
def test_any_file_is_read_or_refused(parts: list[str], end: str) -> None:
    try:
        found = spoken(end.join(parts))
    except DocumentError:
        return
    assert all(s.text and s.text == s.text.strip() for s in found)
    assert all(s.start is not None and s.end is not None and 0 <= s.start <= s.end for s in found)
    assert [s.start for s in found] == sorted(s.start or 0 for s in found)
