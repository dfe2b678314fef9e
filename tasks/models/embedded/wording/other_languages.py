"""Headlines of text that is neither English nor Chinese: whole sentences and clauses, in their own capitals.

No verbs are known here, so a clause is cut at its commas alone, and what had to be broken off says so by an ellipsis.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial

from nightdesk.tasks.models.embedded import headlines
from nightdesk.tasks.models.embedded.wording.words import TRIM

LONGEST, LONGEST_UNSPACED = headlines.LONGEST, 40  # characters
SHORTEST, SHORTEST_UNSPACED = 24, 8
PART, CUT, BROKEN, SHORT, LEANS = 0.8, 0.6, 0.2, 0.4, 0.1

Headlines = Callable[[str], Iterable[tuple[str, float]]]

_ENDS = re.compile(r"\s*[;:!?…|؛؟۔]+\s+|[。！？；：]+|\s+[—–-]{1,2}\s+|(?<=\w\w)\.+\s+(?=[^\W\d_])")
_COMMA = re.compile(r",\s+|،\s*|、|，")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_MARKS = re.compile(r"[\"“”„‟«»‹›「」『』]|(?<!\w)[‚‘'](?=\w)|(?<=\w)[’'](?!\w)|¿|¡")
_FIRST = {  # the first person, and words that lean on the sentence before
    "de": "ich wir mich uns mein meine unser unsere er sie es ihm ihr sein seine dies dieser diese aber doch und oder"
    " denn dabei damit dazu auch da dort sondern weil wenn als dass",
    "es": "yo nosotros mi mis nuestro nuestra me nos él ella ellos ellas su sus este esta esto pero y o porque también"
    " así además cuando si que se",
    "fr": "je nous j' mon ma mes notre nos me il elle ils elles son sa ses ce cette ces cela mais et ou car donc aussi"
    " quand si que qui",
    "it": "io noi mio mia nostro mi ci lui lei loro suo sua questo questa ma e o perché anche quando se che",
    "pt": "eu nós meu minha nosso me ele ela eles elas seu sua este esta isto mas e ou porque também quando se que",
    "nl": "ik wij we mijn ons onze hij zij ze het zijn haar dit deze maar en of want ook als dat toen",
    "ja": "私 僕 俺 我々 彼 彼女 これ それ この その しかし だが また そして",
    "ar": "أنا نحن هو هي هم هذا هذه ذلك لكن و أو",
}
_FIRST_PERSON = {
    "de": frozenset("ich wir mich uns mir mein meine meinen meiner unser unsere unseren unserer".split()),
    "es": frozenset("yo nosotros mi mis nuestro nuestra me nos mí".split()),
    "fr": frozenset("je nous j'ai mon ma mes notre nos moi".split()),
    "it": frozenset("io noi mio mia nostro nostra mi ci".split()),
    "pt": frozenset("eu nós meu minha nosso nossa".split()),
    "nl": frozenset("ik wij we mijn ons onze mij".split()),
}


def headlines_in(language: str) -> Headlines:
    """Return what finds the headlines of a sentence of the language, each with how much of a statement it is."""
    return headlines.headlines if language in ("en", "", "zh") else partial(_headlines, language=language)


@lru_cache(maxsize=4096)
def _headlines(sentence: str, language: str) -> tuple[tuple[str, float], ...]:
    return tuple(_found(sentence, language))


def _found(sentence: str, language: str) -> Iterator[tuple[str, float]]:
    line = _MARKS.sub("", headlines.plain(sentence))
    for k, part in enumerate(_ENDS.split(line)):
        text = part.strip(TRIM + "،؛؟。、")
        longest, shortest = (LONGEST_UNSPACED, SHORTEST_UNSPACED) if _UNSPACED.search(text) else (LONGEST, SHORTEST)
        if len(text) < 3:
            continue
        worth = PART if k else 1.0
        if len(text) > longest:
            text, share = _shortened(text, longest, shortest)
            worth *= share
        elif len(text) < shortest:
            worth *= SHORT
        if _leans(text, language):
            worth *= LEANS
        elif not _FIRST_PERSON.get(language, frozenset()).isdisjoint(text.lower().split()):
            worth *= headlines.SENT_BACK
        yield text, worth


def _leans(text: str, language: str) -> bool:
    words = _FIRST.get(language, "").split()
    if _UNSPACED.match(text):
        return text.startswith(tuple(words)) if words else False
    return text.lower().split()[0] in words


def _shortened(text: str, longest: int, shortest: int) -> tuple[str, float]:
    """Cut at the last comma that fits, else break a word off and say so."""
    commas = [m.start() for m in _COMMA.finditer(text[: longest + 1]) if m.start() >= shortest]
    if commas:
        return text[: commas[-1]].strip(TRIM), CUT
    kept = text[:longest]
    if " " in kept[shortest:]:
        kept = kept.rsplit(" ", 1)[0]
    return f"{kept[: longest - 1].rstrip(TRIM)}…", BROKEN
