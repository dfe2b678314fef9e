"""The languages of a night, by which its page is filtered."""

import numpy as np
import pyarrow as pa

from nightdesk.tasks.edition.night import LANGUAGES, Language
from nightdesk.tasks.edition.reading.columns import Numbers

_OTHER = "other"
_NAMES = {
    "ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German",
    "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish",
    "fr": "French", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian",
    "it": "Italian", "ja": "Japanese", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian", "ms": "Malay",
    "nl": "Dutch", "no": "Norwegian", "nb": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian",
    "ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "sr": "Serbian", "sv": "Swedish", "sw": "Swahili",
    "ta": "Tamil", "th": "Thai", "tl": "Tagalog", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu",
    "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip


def languages_of(documents: pa.Table) -> tuple[tuple[Language, ...], Numbers]:
    """Return the languages of documents, those with most sentences first, and the number of each document's.

    From the last that LANGUAGES has room for, all are one: other languages. documents: language and sentences.
    """
    codes = documents["language"].to_pylist()
    sentences = dict.fromkeys(codes, 0)
    for code, count in zip(codes, documents["sentences"].to_pylist(), strict=True):
        sentences[code] += count
    order = sorted(sentences, key=lambda code: (not code, -sentences[code], code or ""))
    number = {code: min(k, LANGUAGES - 1) for k, code in enumerate(order)}
    named = [Language(k, code or "", _NAMES.get(code or "", code or "unknown")) for k, code in enumerate(order)]
    if len(named) > LANGUAGES:
        named[LANGUAGES - 1 :] = [Language(LANGUAGES - 1, "", _OTHER)]
    return tuple(named), np.array([number[code] for code in codes], np.int32)
