"""Which language a text is in, by py3langid and by its letters."""

import logging
import re
import string
from functools import cache, lru_cache
from typing import Any

_LANGUAGE_SAMPLE = 600  # characters
HAN, KANA, HANGUL = (
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff",
    "\u3040-\u30ff\uff66-\uff9f",
    "\u1100-\u11ff\uac00-\ud7af",
)
WIDE = re.compile(f"[{HAN}{KANA}{HANGUL}]")
log = logging.getLogger("nightdesk")
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+")


def detect_language(texts: list[str]) -> str:
    """Return the ISO 639-1 code of a text's language; English where there is nothing to tell it by.

    Scripts are counted first: Chinese with brand names in Latin letters is Chinese. A guess at a few words is held to
    the languages that are common in news, and to certainty.
    """
    return _language_of(_sample(texts))


@lru_cache(maxsize=4)
def _language_of(sample: str) -> str:
    letters = sum(map(str.isalpha, sample))
    if not letters:
        return "en"
    wide = len(WIDE.findall(sample))
    if wide and wide >= len(_LATIN_WORD.findall(sample)):
        return _east_asian(sample, wide)
    text = WIDE.sub(" ", sample).translate(_NO_DIGITS)
    try:
        ranked = _identifier().rank(_glimpse(text))
        if len(text) > _GLIMPSE and ranked[0][1] < _SURE:
            ranked = _identifier().rank(text)
    except Exception as e:  # noqa: BLE001  (it unpacks its model into the temporary folder, which may be full)
        _warn(f"{type(e).__name__}: {e}")
        return "en"
    if letters < _FEW_LETTERS:
        ranked = [(code, p) for code, p in ranked if code in _COMMON]
        code, certainty = ranked[0]
        return str(code) if certainty > 0.9 or not text.isascii() else "en"
    return str(ranked[0][0])


def _sample(texts: list[str]) -> str:
    """Return some hundred characters each from the beginning, the middle and the end."""
    third = _LANGUAGE_SAMPLE // 3
    if sum(map(len, texts)) <= _LANGUAGE_SAMPLE:
        return " ".join(texts)
    parts = []
    for begin in (0, len(texts) // 3, 2 * len(texts) // 3):
        part = ""
        for text in texts[begin:]:
            part += text[:third] + " "
            if len(part) >= third:
                break
        parts.append(part[:third])
    return " ".join(parts)


def _glimpse(text: str) -> str:
    """Return a third of a sample, from all over it: it tells most languages, and the time grows with its length."""
    if len(text) <= _GLIMPSE:
        return text
    return " ".join(text[k * len(text) // 3 :][: _GLIMPSE // 3] for k in range(3))


def _east_asian(sample: str, wide: int) -> str:
    if len(re.findall(f"[{HANGUL}]", sample)) > wide / 2:
        return "ko"
    return "ja" if len(re.findall(f"[{KANA}]", sample)) > wide / 10 else "zh"


_GLIMPSE, _SURE = 240, 0.99  # characters, and how sure the detector must be of so few
_FEW_LETTERS = 60  # fewer are hardly enough to tell a language by
_NO_DIGITS = str.maketrans("", "", string.digits)
_COMMON = (
    "ar", "bg", "cs", "da", "de", "el", "en", "es", "fa", "fi", "fr", "he", "hi", "hr", "hu", "id", "it", "ja", "ko",
    "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "th", "tr", "uk", "ur", "vi", "zh",
)  # fmt: skip


@cache  # once for each reason
def _warn(why: str) -> None:
    log.warning("the language detector cannot be used (%s); what its letters do not tell counts as English", why)


@cache
def _identifier() -> Any:
    """Load the detector's model; its certainties are probabilities."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
