"""Captions that roll show a text in many ways; it comes out as it was said, and what is said again stays."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tasks.reading.formats.shown import in_a_row, spoken, texts, vtt

ROWS = (
    "we stand at the old harbour", "where a storm came in last night", "and tore two boats from the quay",
    "nobody was hurt they say", "but the ferry will stay", "until the engineers have looked", "at every single rope",
)  # fmt: skip
CHINESE = (
    "今天给大家看一个新杯子",
    "拿在手里特别轻",
    "早上灌的开水到晚上还是烫的",
    "颜色有三个你们自己挑",
    "喜欢的扣一",
)


def by_lines(rows: tuple[str, ...], height: int) -> Iterator[str]:
    yield from ("\n".join(rows[max(0, k - height + 1) : k + 1]) for k in range(len(rows)))


def as_video_sites_do(rows: tuple[str, ...]) -> Iterator[str]:
    for before, row in zip((" ", *rows), rows, strict=False):
        yield from (f"{before}\n{row}", f"{row}\n ")


def growing(rows: tuple[str, ...], step: int, height: int = 1) -> Iterator[str]:
    for k, row in enumerate(rows):
        for end in [*range(step, len(row), step), len(row)]:
            yield "\n".join([*rows[max(0, k - height + 1) : k], row[:end].rstrip()])


def by_words(rows: tuple[str, ...], height: int = 1) -> Iterator[str]:
    for k, row in enumerate(rows):
        words = row.split()
        for end in range(1, len(words) + 1):
            yield "\n".join([*rows[max(0, k - height + 1) : k], " ".join(words[:end])])


@pytest.mark.parametrize("rows", [ROWS, CHINESE])
@pytest.mark.parametrize(
    "show",
    [
        lambda rows: by_lines(rows, 2),
        lambda rows: by_lines(rows, 3),
        as_video_sites_do,
        lambda rows: growing(rows, 4),
        lambda rows: growing(rows, 5, height=3),
        by_words,
        lambda rows: by_words(rows, height=2),
    ],
)
def test_what_rolls_comes_out_once(rows: tuple[str, ...], show: object) -> None:
    shown = list(show(rows))  # type: ignore[operator]
    between = "" if rows is CHINESE else " "
    assert between.join(texts(in_a_row(*shown))) == between.join(rows)
    assert between.join(texts(in_a_row(*shown, pause=0.1))) == between.join(rows)


def test_the_last_version_of_what_was_corrected_counts() -> None:
    told = in_a_row(
        "the mare", "the mayor said", "the mayor set that", "the mayor said that the bridge", "we will", "we will here",
        "we will hear more",
    )  # fmt: skip
    assert " ".join(texts(told)) == "the mayor said that the bridge we will hear more"
    assert texts(vtt((0, 1, "I scream"), (0, 2, "Ice cream for"), (0, 3, "Ice cream for all."), (3, 4, "Come."))) == [
        "Ice cream for all.",
        "Come.",
    ]


def test_a_sentence_starts_when_its_first_words_are_shown() -> None:
    told = vtt(
        (0, 1, "Rain fell. The"), (1, 2, "Rain fell. The river"), (2, 3, "Rain fell. The river rose. It"), (3, 4, "x")
    )
    assert [(s.text, s.start, s.end) for s in spoken(told)][:2] == [("Rain fell.", 0, 1), ("The river rose.", 0, 3)]


@pytest.mark.parametrize(
    "said",
    [
        ["Ten are left.", "Nine are left.", "Eight are left.", "Go, go, go.", "Go, go, go."],
        ["No.", "No. I will not.", "Why should I?", "Tell me.", "Tell me now.", "Go."],
        ["上链接了！", "上链接了！", "上链接了！", "还有十单。"],
    ],
)
def test_what_is_said_again_stays(said: list[str]) -> None:
    assert "".join(texts(in_a_row(*said))).replace(" ", "") == "".join(said).replace(" ", "")


@pytest.mark.parametrize("pause", [1.1, 2.0, 10.0])
def test_after_a_pause_everything_is_said_again(pause: float) -> None:
    said = ["扣一", "扣一", "扣一扣一", "扣一扣一", "扣一扣一扣屏幕"]
    assert "".join(texts(in_a_row(*said, pause=pause))) == "".join(said)


WORDS = st.lists(st.sampled_from(["rain", "fell", "so", "we", "no.", "杯子", "好"]), min_size=1, max_size=5)


@settings(max_examples=60)
@given(st.lists(WORDS, min_size=1, max_size=9))
def test_no_letter_is_lost_where_there_are_pauses(cues: list[list[str]]) -> None:
    said = [" ".join(words) for words in cues]
    assert "".join("".join(texts(in_a_row(*said, pause=1.5))).split()) == "".join("".join(said).split())
