"""Bytes without a label -> text: of the encodings that they may be in, the one that makes words of a language of them.

chardet says which encodings are possible, in which language each would be, and how like that language the pairs of
bytes are. A wrong encoding gives letters that its language does not have (Polish in ISO-8859-4: spģonąģ), symbols in
words, or words of two scripts; such a guess is put behind. A text that two encodings would explain about as well is not
told at all.
"""

import re

_SAMPLE = 200_000  # bytes shown to the detector
_SURER = 1.2  # by which factor the best guess has to be better than the next: then 97 % of short fragments are right
_LEAST, _LEAST_OLD = 0.015, 0.05  # of a guess's likelihood; chardet gives whole paragraphs 0.1 to 0.6
_MISFITS = 2  # the share of letters that belong to the language counts to this power
CODECS = (
    "cp1252", "iso8859-15", "cp1250", "iso8859-2", "cp1251", "koi8-r", "koi8-u", "iso8859-5", "cp866",
    "cp1253", "iso8859-7", "cp1254", "cp1255", "iso8859-8", "cp1256", "iso8859-6", "cp1257", "iso8859-4", "iso8859-13",
    "cp1258", "cp874", "cp932", "euc_jis_2004", "gb18030", "big5hkscs", "cp949", "mac-roman", "mac-cyrillic",
    "mac-latin2", "cp437", "cp850", "cp852",
)  # fmt: skip
_OLD = re.compile(r"mac|cp(?:437|850|852|866)|iso8859-4", re.IGNORECASE)  # hardly written since the nineties
_OLD_WORTH = 0.8
_ODD_CASE = re.compile(r"[a-zß-öø-ÿа-яё][A-ZÀ-ÖØ-ÞА-ЯЁ]")  # a capital inside a word
_ODD_CASE_WORTH = 0.5
# What no text holds and a wrong guess makes: control and private characters, the half-width kana and lone jamo of
# Cyrillic or Japanese, frames.
_IMPLAUSIBLE = re.compile(
    "[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\u2500-\u259f\u3130-\u318f\ue000-\uf8ff\ufffd-\uffff\uff61-\uff9f]"
)
_TWO_SCRIPTS = re.compile(
    "[a-zA-Z\u00c0-\u024f][\u0370-\u03ff\u0400-\u04ff\u0590-\u06ff\u0e00-\u0e7f]"
    "|[\u0370-\u03ff\u0400-\u04ff\u0590-\u06ff\u0e00-\u0e7f][a-zA-Z\u00c0-\u024f]"
    "|[\u0370-\u03ff][\u0400-\u04ff\u0590-\u06ff]|[\u0400-\u04ff][\u0370-\u03ff\u0590-\u06ff]"
)
# A symbol, but no quotation mark, dash or currency.
_NO_SYMBOLS = (
    "\x00-\x7f\u00a1\u00a3\u00a7\u00a9\u00ab\u00ad\u00ae\u00b7\u00bb\u00bf\u2010-\u201f\u2026\u2039\u203a\u20ac\u2122"
)
_SYMBOL = f"[^\\w\\s{_NO_SYMBOLS}]"
_SYMBOL_AT_LETTER = re.compile(f"(?<=[^\\W\\d_]){_SYMBOL}|{_SYMBOL}(?=[^\\W\\d_])")
_OTHER_SCRIPTS = {"ar", "fa", "ja", "ko", "th", "zh"}  # any letter of theirs tells
_UNKNOWN = 0.5  # what a guess is worth whose language is not listed here
# The letters of languages beyond a to z, from the alphabets that their dictionaries are sorted by, and the accents that
# their newspapers print.
_CYRILLIC = "абвгдежзийклмнопрстуфхцчшщьюя"
_LETTERS = {
    "az": "əçğıöşü", "bs": "čćđšž", "ca": "àçéèíïóòúü", "cs": "áčďéěíňóřšťúůýž", "cy": "âêîôûŵŷïö", "da": "æøåéö",
    "de": "äöüßé", "en": "éèêëïôöçñüáíóàâ", "eo": "ĉĝĥĵŝŭ", "es": "áéíñóúü", "et": "äöõüšž", "eu": "ñü",
    "fi": "äöåšž", "fr": "àâæçéèêëîïôœùûüÿ", "ga": "áéíóú", "gl": "áéíñóúü", "hr": "čćđšž", "hu": "áéíóöőúüű",
    "id": "é", "is": "áðéíóúýþæö", "it": "àèéìíîòóùú", "lt": "ąčęėįšųūž", "lv": "āčēģīķļņšūž", "ms": "é",
    "mt": "ċġħżàèìòù", "nb": "æøåé", "nl": "áéëïíóöüèê", "nn": "æøåéò", "no": "æøåéòôê", "pl": "ąćęłńóśźż",
    "pt": "áâãàçéêíóôõúü", "ro": "ăâîșşțţ", "sk": "áäčďéíĺľňóôŕšťúýž", "sl": "čšž", "sq": "çë", "sv": "åäöé",
    "tr": "çğıöşüâîû",
    "be": "абвгдеёжзійклмнопрстуўфхцчшыьэюя", "bg": _CYRILLIC + "ъ", "mk": "абвгдѓежзѕијклљмнњопрстќуфхцчџш",
    "ru": _CYRILLIC + "ёъыэ", "sr": "абвгдђежзијклљмнњопрстћуфхцчџш", "uk": _CYRILLIC + "ґєії",
    "el": "αβγδεζηθικλμνξοπρςστυφχψωάέήίόύώϊϋΐΰ", "he": "אבגדהוזחטיךכלםמןנסעףפץצקרשת",
    "vi": "ăâđêôơưàáảãạèéẻẽẹìíỉĩịòóỏõọùúủũụỳýỷỹỵằắẳẵặầấẩẫậềếểễệồốổỗộờớởỡợừứửữự",
}  # fmt: skip


def plausible(text: str) -> bool:
    """Tell whether a text holds nothing that no text holds, such as control characters."""
    return _IMPLAUSIBLE.search(text) is None


def told_by_letters(raw: bytes) -> str | None:
    """Return the text that bytes in some old encoding stand for; None if it cannot be told for certain enough."""
    from chardet import detect_all

    sample = _sample(raw)
    worth: dict[str, tuple[float, str]] = {}  # text of the sample -> how likely it is, and its codec
    for guess in detect_all(sample, ignore_threshold=True, include_encodings=CODECS):
        codec = guess["encoding"]
        text = _read(sample, codec, "ignore" if sample is not raw else "strict") if codec else None
        if codec and text is not None:
            likely = guess["confidence"] * _fit(text, guess["language"] or "")
            likely *= _OLD_WORTH if _OLD.match(codec) else 1.0
            if likely >= (_LEAST_OLD if _OLD.match(codec) else _LEAST):
                worth[text] = max(worth.get(text, (0.0, codec)), (likely, codec))
    ranked = sorted(worth.values(), reverse=True)
    if not ranked or (len(ranked) > 1 and ranked[0][0] < _SURER * ranked[1][0]):
        return None
    return _read(raw, ranked[0][1], "strict")


def _read(raw: bytes, codec: str, errors: str) -> str | None:
    try:
        text = raw.decode(codec, errors)
    except UnicodeError:
        return None
    return text if plausible(text) and not _TWO_SCRIPTS.search(text) else None


def _fit(text: str, language: str) -> float:
    """Return how well a text is in a language, by its letters beyond a to z and its capitals; between 0 and 1."""
    case = _ODD_CASE_WORTH if _ODD_CASE.search(text) else 1.0
    letters = [c for c in text.lower() if c > "\x7f" and c.isalpha()]
    beyond = len(letters) + len(_SYMBOL_AT_LETTER.findall(text))
    if not beyond or language in _OTHER_SCRIPTS:
        return case
    if language not in _LETTERS:
        return case * _UNKNOWN
    return case * (sum(c in _LETTERS[language] for c in letters) / beyond) ** _MISFITS


def _sample(raw: bytes) -> bytes:
    """Return whole lines for the detector, the first line that is not ASCII among them."""
    if len(raw) <= _SAMPLE:
        return raw
    first = next(k for k, byte in enumerate(raw) if byte > 0x7F)
    start = 0 if first < _SAMPLE else raw.rfind(b"\n", 0, first) + 1
    return raw[start : raw.rfind(b"\n", start, start + _SAMPLE) + 1 or start + _SAMPLE]
