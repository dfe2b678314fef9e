"""Encodings: what is certain is read, what a detector is sure of is read right, and the rest is refused."""

import codecs
import os
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.encodings import decode

GERMAN = "Der Bürgermeister sagte, die Brücke müsse über Nacht gesperrt bleiben. „Schön ist das nicht“, sagte er."
SPANISH = "El alcalde dijo que mañana habrá más información, según él, y que la señora Núñez llegó después."
CHINESE = "工程师发现裂缝后，海港大桥于星期二关闭。市长说明天会重新开放。"
TRADITIONAL = "工程師發現裂縫後，海港大橋於星期二關閉。市長說明天會重新開放。"
RUSSIAN = "Мост закрыт сегодня. Мэр выступит завтра с объяснением. Паромы ходят каждый час, но их мало."
POLISH = "Most został dziś zamknięty. Burmistrz powiedział, że jutro będzie otwarty. Źle się stało, mówią mieszkańcy."


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])).filter(lambda t: t[:1] != "\ufeff"))
def test_utf8_is_read_as_it_is_with_and_without_a_mark(text: str) -> None:
    assert decode(codecs.BOM_UTF8 + text.encode()) == text
    if not text.encode().startswith((b"\xff\xfe", b"\xfe\xff")):
        assert decode(text.encode()) == text


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["The bridge is shut again.\nFerries run.", "Die Brücke ist gesperrt."])
def test_utf16_is_told_by_its_mark_or_by_its_zeros(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("mark", ["utf-16-le", "utf-16-be"])
def test_chinese_utf16_is_told_by_its_mark(mark: str) -> None:
    assert decode("\ufeff".encode(mark) + CHINESE.encode(mark)) == CHINESE


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN, "cp1252"), (SPANISH, "latin-1"), ("It’s fine – he said “no”.", "cp1252"), ("naïve café", "cp1252"),
        (CHINESE, "gb18030"), (CHINESE, "gbk"), (TRADITIONAL, "big5"), (RUSSIAN, "cp1251"), (RUSSIAN * 3, "koi8-r"),
        (POLISH, "cp1250"), ("橋は今日閉鎖されました。市長は明日説明します。", "shift_jis"),
        ("다리는 오늘 폐쇄되었습니다. 시장은 내일 설명합니다.", "euc_kr"),
        ("Η γέφυρα έκλεισε σήμερα. Ο δήμαρχος θα μιλήσει αύριο.", "cp1253"),
    ],
)  # fmt: skip
def test_what_the_detector_is_sure_of_is_read_right(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


def test_a_page_is_read_as_it_declares_itself() -> None:
    page = f'<html><head><meta charset="gb2312"></head><p>{CHINESE}'
    assert decode(page.encode("gb2312")) == page


@pytest.mark.parametrize(
    "raw",
    [
        b"fine\nfine\n\xff\xfe\x00",
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        b"\x7fELF\x02\x00\x00",
        b"PK\x03\x04\x14\x00\x06\x00",
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n\x00\x01",
        b"\xff\xfea",
        b'<meta charset="no-such-thing">\xff\xfe\xfd',
        b"abc\x9d\x81 hello",
    ],
)
def test_binary_and_what_cannot_be_told_are_refused_in_one_line_with_a_remedy(raw: bytes) -> None:
    with pytest.raises(DocumentError) as e:
        decode(raw)
    assert "\n" not in str(e.value)
    assert "; " in str(e.value)


@given(st.binary(max_size=300))
def test_any_bytes_are_text_or_refused(raw: bytes) -> None:
    with suppress(DocumentError):
        assert "\0" not in decode(raw)


def test_noise_is_refused() -> None:
    assert sum(_is_refused(os.urandom(400)) for _ in range(50)) >= 49


def _is_refused(raw: bytes) -> bool:
    try:
        decode(raw)
    except DocumentError:
        return True
    return False
