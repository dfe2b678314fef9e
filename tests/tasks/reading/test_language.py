"""Languages: told from scripts and words, English where there is nothing to tell one by."""

import logging

import pytest

from nightdesk.tasks.reading import language
from nightdesk.tasks.reading.language import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The harbour bridge was closed on Tuesday after engineers found cracks.", "en"),
        ("工程师发现裂缝后，海港大桥于星期二关闭。", "zh"),
        ("2026-03-01 ... 42", "en"),
        ("", "en"),
    ],
)
def test_the_language_is_told_from_the_text(text: str, language: str) -> None:
    assert detect_language([text]) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Stanley 保温杯 真的 绝了 iPhone 17 Pro Max", "zh"),
        ("买它买它 LANCOME Génifique YSL Estée Lauder SK-II 小棕瓶的家人们", "zh"),
        ("The firm 阿里巴巴 (Alibaba) said on Monday that it had sold its last shop in the north.", "en"),
        ("こんにちは、今日は新製品を紹介します。", "ja"),
        ("안녕하세요 여러분 오늘은 새 제품입니다", "ko"),
        ("Der Bürgermeister sagte, die Brücke bleibe gesperrt.", "de"),
        ("El alcalde dijo que el puente sigue cerrado.", "es"),
        ("أغلق الجسر اليوم وقال رئيس البلدية إنه سيفتح غدا", "ar"),
        ("OMG", "en"),
        ("ok", "en"),
        ("Buy now!!! 🔥🔥 99", "en"),
        ("12:30 ... 42", "en"),
    ],
)
def test_the_language_is_told_from_scripts_and_words_and_never_guessed_wildly(text: str, language: str) -> None:
    assert detect_language([text]) == language


def test_a_text_in_two_languages_is_told_by_all_of_it() -> None:
    assert detect_language(["Welcome to the show"] + ["家人们今天这个保温杯真的特别好用"] * 200) == "zh"


def test_a_detector_that_cannot_be_loaded_is_said_once_and_texts_are_told_by_their_letters(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(language, "_identifier", full)
    monkeypatch.setattr(logging.getLogger("nightdesk"), "propagate", True)
    language._warn.cache_clear()
    assert detect_language(["La tour est restée fermée, et personne ne sait pour combien de temps."]) == "en"
    assert detect_language(["Il ponte è chiuso, e nessuno sa fino a quando resterà chiuso."]) == "en"
    assert detect_language(["工程师发现裂缝后，海港大桥于星期二全部关闭了。"]) == "zh"
    (record,) = caplog.records
    assert "No space left on device" in record.message
