"""Encodings: what is certain is read, what a detector is sure of is read right, and the rest is refused."""

import codecs
import os
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.errors import DocumentError
from nightdesk.tasks.reading.encodings import decode, decode_xml

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


@pytest.mark.parametrize(
    ("label", "encoding", "text"),
    [
        ("gb2312", "gb18030", "镕" + CHINESE), ("iso-8859-1", "cp1252", "“Schön” – 5 €"),
        ("shift_jis", "cp932", "①橋は"),
        ("x-sjis", "cp932", "橋は今日"), ("ks_c_5601-1987", "cp949", "똠방각하"), ("big5", "big5hkscs", TRADITIONAL),
        ("windows-1251", "cp1251", RUSSIAN), ("latin2", "iso8859-2", POLISH), ("utf-16", "utf-8", GERMAN),
        ("no-such-thing", "cp1252", GERMAN * 3),
    ],
)  # fmt: skip
def test_a_page_is_read_as_its_label_is_understood_by_browsers(label: str, encoding: str, text: str) -> None:
    page = f'<html><head><meta charset="{label}"></head><p>{text}'
    assert decode(page.encode(encoding)) == page
    feed = f'<?xml version="1.0" encoding="{label}"?><rss>{text}</rss>'
    assert decode_xml(feed.encode(encoding)) == f"<rss>{text}</rss>"


@pytest.mark.parametrize("label", ["windows-1251", "cp1251"])
def test_what_a_server_says_goes_before_what_a_page_says(label: str) -> None:
    page = f'<meta charset="koi8-r"><p>{RUSSIAN}'
    assert decode(page.encode("cp1251"), label) == page


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "iso2022_jp"])
def test_japanese_is_told_without_a_label_by_bytes_that_nothing_else_has(encoding: str) -> None:
    text = "橋は今日閉鎖されました。\n市長は明日説明します。"
    assert decode(text.encode(encoding)) == text


def test_a_broken_byte_of_utf8_is_one_replaced_character() -> None:
    for text in (CHINESE, GERMAN):
        raw = (text + "\n" + text).encode()
        cut = raw.index(text[6:].encode().lstrip(b" ")[:1]) if text is GERMAN else 9
        broken = raw[:cut] + b"\xff" + raw[cut:]
        assert decode(broken).replace("\ufffd", "") == raw.decode()
        assert decode(broken).count("\ufffd") == 1


def test_lines_of_two_encodings_are_each_read_in_their_own() -> None:
    line = "“Niemand wurde verletzt”, sagte die Bürgermeisterin – ein Glück für alle Gäste im Café."
    mixed = b"\n".join([line.encode()] * 3 + [line.encode("cp1252")] * 4 + [b"plain"])
    assert decode(mixed) == "\n".join([line] * 7 + ["plain"])


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("iso8859-2", POLISH), ("cp1250", "Příčinu požáru zatím nikdo nezná, řekl mluvčí. Střecha shořela celá."),
        ("cp1257", "Naktį sudegė malūnas prie upės. Niekas nenukentėjo, sakė ugniagesių atstovas."),
        ("cp1254", "Gece nehir kıyısındaki değirmen yandı. Kimse yaralanmadı, dedi itfaiye sözcüsü."),
        ("cp1255", "בלילה נשרפה הטחנה ליד הנהר. איש לא נפגע, מסר דובר הכבאות."),
        ("cp1256", "احترقت الطاحونة قرب النهر ليلا. لم يصب أحد بأذى، قال المتحدث."),
        ("cp866", RUSSIAN), ("koi8-r", RUSSIAN), ("iso8859-5", RUSSIAN),
        ("euc-jp", "橋は今日閉鎖されました。市長は明日説明します。"),
        ("cp874", "โรงสีริมแม่น้ำไฟไหม้เมื่อคืนนี้ ไม่มีผู้ได้รับบาดเจ็บ"), ("mac-roman", SPANISH),
    ],
)  # fmt: skip
def test_the_letters_tell_the_language_and_the_language_the_encoding(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    "raw",
    [
        b"fine\nfine\n\xff\xfe\x00",
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        b"\x7fELF\x02\x00\x00",
        b"PK\x03\x04\x14\x00\x06\x00",
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n\x00\x01",
        b"\xff\xfea",
        b'<meta charset="no-such-thing">\x81\x8d\x9d',
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
