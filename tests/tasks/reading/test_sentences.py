"""Cutting prose: where sentences end in many languages, what becomes of text without stops, and that none is lost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightdesk.tasks.reading import sentences
from nightdesk.tasks.reading.sentence_ends import goes_on
from nightdesk.tasks.reading.sentences import (
    LONGEST_SENTENCE,
    LONGEST_UNPUNCTUATED,
    split_prose,
    split_sentences,
    weight,
)

LANGUAGES = ("en", "zh", "de", "fr", "es", "ja", "ar", "ru", "hi", "ko", "th")


def texts(prose: str) -> list[str]:
    return [s[1] for s in split_prose(prose)]


@pytest.mark.parametrize(
    ("language", "found"),
    [
        ("en", ["Dr. Ann Day met Mr. J. R. Holm at 5 p.m. in St. Olai.", "It cost $3.5 million, i.e. too much."]),
        ("en", ['"We won!" she said.', '"Nobody thought so."', "Then they left."]),
        ("en", ["The U.S. Senate voted 51-49.", "What now?!", "Nobody knows..."]),
        ("en", ["Will it shut?", "No.", "It may, in May.", "Not on 3 May."]),
        (
            "en",
            ["I trusted you.", '"We are closed.', 'Come back on Monday," she said.', "(It was noon.)", "They left."],
        ),
        ("en", ["'I was shocked.", "I couldn't sleep,' he said.", "It was the workers' day."]),
        ("en", ['"It is over!" Ann Day said.', "“Is it?” he asked.", "See section [5].", "Then sleep."]),
        ("en", ["She lives at 50 Colony Rd. in the north.", "hello there.", "how are you."]),
        ("zh", ["他说：“我不去。", "你去吧。”", "价格是3.5元！", "真的吗？！", "不一定。", "17日晚，大桥关闭。"]),
        ("zh", ["“水涨得太快了，心里怕得很。”青石镇村民何大有说。", "“太晚了！”有人喊。"]),
        ("de", ["Am 3. Oktober kam Dr. Müller z.B. nach Berlin.", "Das war ca. 5 Uhr."]),
        ("fr", ["M. Dupont est parti à 5 h.", "Voilà !"]),
        ("es", ["El Sr. García llegó.", "¿Quién es?", "¡No lo sé!"]),
        ("ja", ["彼は「行かない。", "君が行け。」と言った。", "本当？", "はい。"]),
        ("ar", ["ذهب الرجل إلى السوق.", "هل عاد؟", "نعم، عاد!"]),
        ("hi", ["राम घर गया।", "क्या वह आया?", "हाँ।"]),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(language: str, found: list[str]) -> None:
    line = ("" if language in ("zh", "ja") else " ").join(found)
    assert split_sentences(line, language) == found


@given(st.text(max_size=200), st.sampled_from(LANGUAGES))
def test_no_letter_is_lost_or_altered_in_any_text(line: str, language: str) -> None:
    pieces = split_sentences(line, language)
    assert "".join("".join(pieces).split()) == "".join(line.split())
    assert all(p and p == p.strip() for p in pieces)


@given(st.lists(st.sampled_from(["Dr. ", "A.\u3000", "u.s. ", "说。”", "“", "3. ", "\xa0", "e\u0301", "…", "\ud83d"])))
def test_odd_spaces_and_halves_of_characters_do_not_stop_the_splitter(parts: list[str]) -> None:
    prose = "x" + "".join(parts)
    assert "".join("".join(texts(prose)).split()) == "".join(prose.split())


@pytest.mark.parametrize(
    "prose",
    [
        "so we have this one and you can wear it with jeans or a skirt because it is light " * 60,
        "大家好啊今天给大家带来一个特别好的东西就是这个面膜真的特别好用大家可以看一下" * 60,
        "字" * 9_000,
        "x" * 9_000,
    ],
)
def test_text_without_stops_is_cut_into_sentences_of_a_readable_length(prose: str) -> None:
    pieces = texts(prose)
    assert "".join("".join(pieces).split()) == "".join(prose.split())
    assert max(map(weight, pieces)) <= LONGEST_UNPUNCTUATED
    assert sum(map(weight, pieces)) / len(pieces) > LONGEST_UNPUNCTUATED / 3


def test_speech_without_stops_is_cut_before_a_word_that_begins_a_clause() -> None:
    pieces = texts("we had a look at the green one this morning and you can wear it with anything you like " * 12)
    assert all(p.startswith(("we had", "and you")) for p in pieces)


def test_a_long_sentence_that_ends_in_a_stop_stays_whole() -> None:
    sentence = "The council, which had met in the old hall since the fire, voted, after a debate of nine hours, " * 4
    assert weight(sentence) < LONGEST_SENTENCE
    assert texts(f"{sentence}to close. It rained.") == [f"{sentence}to close.", "It rained."]


def test_wire_copy_wrapped_at_a_fixed_width_is_read_by_paragraphs() -> None:
    wire = """\
TORVIK - A fire broke out in the engine room of the ferry Solveig just
after 2 a.m. on Thursday. All passengers and crew were taken off by two
cargo ships and the coastguard, who had been called at once.

Eleven people were treated for smoke, none of them seriously, and they
were all at home by noon. The ship was towed to Torvik.
"""
    assert texts(wire) == [
        "TORVIK - A fire broke out in the engine room of the ferry Solveig just after 2 a.m. on Thursday.",
        "All passengers and crew were taken off by two cargo ships and the coastguard, who had been called at once.",
        "Eleven people were treated for smoke, none of them seriously, and they were all at home by noon.",
        "The ship was towed to Torvik.",
    ]


def test_a_transcript_with_a_line_an_utterance_is_read_by_lines() -> None:
    lines = ["okay so this is the blue one", "you can see it here", "it is nice and warm", "next one please thanks"]
    assert texts("\r\n".join(lines)) == lines


@pytest.mark.parametrize(("text", "language"), [("word " * 3_000, "en"), ("字" * 9_000, "zh")])
def test_text_without_punctuation_is_cut(text: str, language: str) -> None:
    pieces = split_sentences(text, language)
    assert max(map(len, pieces)) <= LONGEST_SENTENCE
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")
    assert all(set(p.split()) == {"word"} for p in pieces if language == "en")


@given(st.text(alphabet="ab .!?。！,\u3000\"'1", max_size=200), st.sampled_from(["en", "zh"]))
def test_splitting_loses_no_letter_and_makes_no_empty_sentence(line: str, language: str) -> None:
    pieces = split_sentences(line, language)
    assert "".join("".join(pieces).split()) == "".join(line.split())
    assert all(p and p == p.strip() for p in pieces)


def test_no_piece_of_a_long_line_is_empty() -> None:
    assert all(split_sentences("a" + " " * 7000 + "b", "en"))


UNPUNCTUATED = st.lists(
    st.sampled_from(["harbour", "we", "then", "unbelievable", "a", "https://example.org/" + "x" * 80]),
    min_size=900,
    max_size=1_100,
)


@settings(max_examples=10)
@given(UNPUNCTUATED)
def test_no_word_is_torn(words: list[str]) -> None:
    pieces = texts(" ".join(words))
    assert [w for p in pieces for w in p.split()] == words
    assert max(map(len, pieces)) <= LONGEST_UNPUNCTUATED


def test_an_address_that_is_longer_than_a_sentence_stays_whole() -> None:
    address = "https://example.org/" + "x" * 400
    assert address in texts(f"{'we go now ' * 60}{address} {'and we stay ' * 60}")


@pytest.mark.parametrize(
    "character",
    [
        "e\u0301\u0323",
        "\U0001f469\u200d\U0001f680",
        "\U0001f44d\U0001f3fd",
        "\U0001f1eb\U0001f1ee",
        "नि",
        "\u1112\u1161\u11ab",
    ],
)
def test_characters_stay_whole_where_text_is_cut_without_spaces(character: str) -> None:
    for shift in range(len(character)):
        pieces = texts("x" * shift + character * 3_000)
        assert "".join(pieces) == "x" * shift + character * 3_000
        assert all(p.lstrip("x").startswith(character) for p in pieces)


def test_a_long_dialogue_is_cut_in_steps_of_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = []
    monkeypatch.setattr(
        sentences, "goes_on", lambda line, begin, at, *more: looked_at.append(at) or goes_on(line, begin, at, *more)
    )
    exchange = '"Go!" he cried, "Now!" she said, '
    for times in (100, 1_700):
        looked_at.clear()
        line = exchange * times
        assert "".join("".join(split_sentences(line, "en")).split()) == "".join(line.split())
        assert len(looked_at) <= 5 * times


def test_a_long_wrapped_paragraph_is_one_line() -> None:
    lines = ["The mill by the river has burnt to the ground again, and all who"] * 20_000
    assert sentences.unwrapped(lines) == [" ".join(lines)]


def test_sentences_know_in_which_language_they_were_cut() -> None:
    assert (
        sentences.split_prose("Das Haus am Hafen brennt, und die Feuerwehr kommt nicht durch den Schnee.").language
        == "de"
    )
