"""Headlines of written text: the clause that says who did what, without the dateline, the asides and who said so.

Words are dropped, never added, so a headline cannot say what the text does not. There is no parser here: verbs are
known by a list and by their endings, and a clause too long ends before a word that begins a new part of it.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate

from nightdesk.tasks.models.embedded.openings import DATELINE_FORM

LONGEST = 76  # characters
SHORTEST = 18  # of what is kept when a clause is cut
READ = 600  # characters of a sentence that are read

# What a clause is worth that is not a whole statement in itself.
NO_VERB, LEANS, POINTS_BACK, QUOTED, ASKS, CUT, BROKEN_OFF, SHORT = 0.4, 0.3, 0.6, 0.25, 0.5, 0.85, 0.5, 0.4

_SKIPPED = re.compile(
    r"^\W*(?:©|copyright|image (?:copyright|caption)|photos?:|photo (?:by|courtesy)|file\b|in this .{0,40}photo"
    r"|read more|related|follow|share\b|click|subscribe|sign up|please enable|your browser|e-?mail|print\b"
    r"|advertisement|watch:|updated?:|listen:|more:|also:|by [A-Z]\w+ [A-Z]\w+\W*$|责任编辑|编辑[:：]|来源[:：])"
    r"|javascript|all rights reserved|getty images|file photo|message:|https?://|courtesy of",
    re.IGNORECASE,
)
_SKIPPED_WITH = tuple(
    "javascript|all rights reserved|getty images|file photo|message:|http://|https://|courtesy of".split("|")
)
_PREFIX = re.compile(
    r"^(?:[*•·_|>–—-]+\s*"
    r"|(?i:updated?|breaking(?: news)?|exclusive|embed more news videos|text size|photos?|watch|video)\s*:?\s+"
    r"(?=[A-Z\d\"“])"
    r"|By (?:[A-Z][\w.'’-]+ ){2,3}(?:[A-Z]{2,}\w* )?(?:,? ?[A-Z][\w ]{2,20} • [^•]{0,90})?(?=[A-Z]))"
)
_ASIDE = re.compile(r"\s*[(\[（【][^()\[\]（）【】]*[)\]）】]")
_BRACKETS = ("(", "[", "（", "【")
_QUOTES = re.compile(r"[\"“”„«»「」『』]")
_LEADING_TIME = re.compile(
    r"^(?:On [A-Z][a-z]{2,8}\.? \d{1,2}(?:, \d{4})?|(?i:on|in|at|by|after|before|since|as|when|while|if|although|though"
    r"|because|despite|during|until|for|with|from|following|according to|amid|among|under|over|once)\b[^,]{0,70}),"
    r"\s+(?=\w)"
)
_ADVERB = re.compile(
    r"^(?i:meanwhile|however|moreover|still|now|then|instead|also|separately|earlier|later|just|recently|but|and|so)"
    r"(?:,\s*|\s+)"
)
_DAY = (
    r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day(?:'s)?(?: (?:morning|afternoon|evening|night))?"
    r"|yesterday|today|tonight|earlier (?:today|this \w+)"
    r"|(?:last|this) (?:week|month|night|morning|afternoon|evening|weekend))"
)
_HOUR = r"(?:shortly |just )?(?:at|after|before|around)(?: about)? \d{1,2}(?:[.:]\d\d)? ?[ap]\.?m\b\.?"
_WHEN = re.compile(
    r"(?=[,\s])"
    rf"(?:,?\s+(?:(?:late|early)\s+)?(?:on\s+)?(?:(?:late|early)\s+)?{_DAY}(?=[\s,.;]|$)|,?\s+{_HOUR}(?=[\s,;]|$))"
)
_SAYING = (
    r"(?:said|says|say|told|announced|reported|reports|confirmed|added|according to|wrote|tweeted|explained|noted)"
)
_SAID_AFTER = re.compile(rf",\s+(?:(?:[\w.'’-]+\s+){{1,8}}{_SAYING}|{_SAYING})\b[^,]*(?:,.*)?$")
_SAID_BEFORE = re.compile(
    r"^(?:(?:Police|Authorities|Officials|Prosecutors|Investigators|Officers|Sources|Doctors|Firefighters|Deputies"
    r"|Detectives|Researchers|Scientists|Experts)(?: (?:officials|there|in [A-Z]\w+))? (?:say|said)(?: that)?"
    r"|[Ii]t (?:was|is) (?:reported|said) that)\s+"
)
_APPOSITIVE = re.compile(
    r",\s+(?:\d{1,3},\s+)?(?:who|which|whose|where|a|an|the|his|her|their|its|one|known|aged|formerly|now)\b[^,]{0,80},\s+"
)
_AGE = re.compile(r",\s+\d{1,3},")
_ARTICLE = re.compile(r"^(?:the|an?)\s+(?=\S)", re.IGNORECASE)
_SUCH = re.compile(r"^The [a-z]+ (?=\w)")  # "The company announced": which one stands before it
_THIS_IS = re.compile(r"^(?:This is|These are|Here is|Here's|Here are) (?=(?:the|an?|our|my|your) )")
_ANY_ARTICLE = re.compile(r"\b(?:the|a|an)\s+")
_FILLER = re.compile(r"\b(?:now|also|already|just|recently|reportedly|apparently|even|actually|really|currently)\s+")
_CLAUSE = re.compile(
    r"(?=[\s;:!?….])"  # what each of them begins with: most places are told by one look
    r"(?:\s*[;:!?…]{1,9}\s+|\s+[—–|•]{1,9}\s+|\s+--?\s+|(?<=\w\w)\.+\s+(?=[A-Z])|\.{3,})"
)
# One of these is in whatever the pattern finds, and in few sentences; looking for them takes a tenth of its time.
_SPLIT_WITH = (";", ":", "!", "?", "…", "—", "–", "|", "•", ". ", "..", " -")
_DAY_WITH = ("sday", "nday", "riday", "urday", "erday", "today", "tonight", "last ", "this ")
_HOUR_WITH = ("am", "pm", "a.m", "p.m")
_DIGIT = re.compile(r"\d")
_FILLER_WITH = ("ly ", "now ", "also ", "already ", "just ", "even ")
_PRONOUN = re.compile(r"\b(?=[hstwuimyo])(?:he|she|they|him|her|them|we|us|i|me|my|you|your|our)\b", re.IGNORECASE)
_TRIM = " \t'\"“”‘’`.,;:!?…()[]{}<>*•|—–-_/"

_VERBS = frozenset(
    """
    is are was were be been has have had will would can could may might must should did does do won lost said says
    say told took takes take made makes make gave gives got gets went goes came comes saw sees found finds left
    leaves kept held holds led leads met meets ran runs sold sells bought buys built builds sent sends paid pays
    spent shot shoots hit hits cut cuts put puts set sets let lets beat beats broke breaks brought began begins
    begin became become becomes fell falls rose rises grew grows knew knows drew draws drove drives flew fought
    stood stands struck sank stole wrote writes spoke speaks chose hid rode sang swam threw wore tore woke caught
    taught thought sought felt feels meant lies plans wants opens closes faces seeks calls asks tells shows turns
    works plays lives loses wins joins rejects backs warns urges denies admits accuses sues files moves cancels
    launches unveils announces announced delays reveals hopes remains stays dies kills helps costs returns retires
    resigns quits signs ends starts stops needs looks shares celebrates defends nears offers orders pleads threatens
    vows blames slams agrees adds owns expects suspends
    """.split()
)
_ENDS_NOTHING = frozenset(
    """
    a an the of in on at to for with by from as and or but nor that which who whom whose this these those his her
    its their our my your into over under after before about between against during through until than when while
    where if because is are was were be been being has have had will would can could may might must should said says
    say told not no so very more most also up out off such each every two three four five six seven eight nine ten
    some any all both mr mrs ms dr gov sen rep col gen lt sgt st u.s new first last near amid among per via it he
    she they we i you did does do
    """.split()
)
_BREAKS = frozenset(
    """
    in on at for with by from after before when while as because that which who where into over under during through
    until amid against between among about since if and but to than despite following including near without whether
    """.split()
)
_SMALL = frozenset("a an the and but or nor for of in on at to by as per via vs from with".split())
_LEANING = re.compile(
    r"(?i:and|but|or|so|nor|because|who|whom|whose|which|that|its?|he|she|they|we|i|you|his|her|their|our|my|your|this"
    r"|these|those|there|here|such|then|when|where|while|if|yet|what|how|why|one|another|others?|both|some|as|of|to|in|on|at|for"
    r"|with|was|were|is|are|has|have|had|not|him|them|us|me|let'?s|more|than|by|from|after|before)\b|[a-z]"
)


def is_skipped(sentence: str) -> bool:
    """Whether a sentence is what stands around a text: a credit, a caption, a page's foot."""
    read = sentence[:READ]
    if not read.isascii():
        return _SKIPPED.search(read) is not None
    # Told apart, because a pattern that may begin anywhere takes ten times as long to say no.
    said = read.lower()
    return any(map(said.__contains__, _SKIPPED_WITH)) or _SKIPPED.match(read) is not None


@lru_cache(maxsize=4096)
def headlines(sentence: str) -> tuple[tuple[str, float], ...]:
    """Return what could stand above a text that has this sentence, and how much of a statement each is, up to 1.

    Not yet in title case.
    """
    return tuple(_headlines(sentence))


def _headlines(sentence: str) -> Iterator[tuple[str, float]]:
    line = plain(sentence)
    # A quotation's own words make a poor name for a story.
    quoted = QUOTED if _QUOTES.match(line) else 1.0
    asks = ASKS if line.endswith(("?", "？")) else 1.0
    unquoted = _QUOTES.sub("", line)
    for part in _CLAUSE.split(unquoted) if _may_split(unquoted) else [unquoted]:
        worth = quoted * asks
        text = _statement(part.strip(_TRIM))
        if len(text) < 4:
            continue
        short, whole = _fitted(text)
        words = short.split()
        worth *= 1.0 if short == text else CUT if whole else BROKEN_OFF
        if not _has_verb(words):
            worth *= NO_VERB
        if len(words) < 4:
            worth *= SHORT
        if _LEANING.match(short):
            worth *= LEANS
        elif _PRONOUN.search(short) or (_SUCH.match(part) and _is_verb(part.split()[2])):
            worth *= POINTS_BACK
        yield short, worth


def printable(text: str) -> str:
    """Replace control and direction marks by blanks."""
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


def plain(sentence: str) -> str:
    """One printable line without dateline, byline and asides."""
    line = " ".join(printable(sentence[:READ]).split())
    for _ in range(3):
        shorter = _PREFIX.sub("", line)
        dateline = DATELINE_FORM.match(shorter)
        shorter = shorter[dateline.end() :] if dateline else shorter
        if shorter == line:
            break
        line = shorter
    return " ".join(_ASIDE.sub("", line).split()) if _may_step_aside(line) else line


def _may_split(line: str) -> bool:
    return any(map(line.__contains__, _SPLIT_WITH))


def _may_say_when(line: str) -> bool:
    if any(map(line.__contains__, _DAY_WITH)):
        return True
    return any(map(line.__contains__, _HOUR_WITH)) and _DIGIT.search(line) is not None


def _may_fill(line: str) -> bool:
    return any(map(line.__contains__, _FILLER_WITH))


def _may_step_aside(line: str) -> bool:
    return any(map(line.__contains__, _BRACKETS))


def title_case(text: str) -> str:
    """Capitalise as headlines are: every word but articles, conjunctions and short prepositions."""
    words = text.split(" ")
    cased = [
        word if word.lower() in _SMALL and 0 < k < len(words) - 1 and word.islower() else _capital(word)
        for k, word in enumerate(words)
    ]
    return " ".join(cased)


@lru_cache(maxsize=16_384)
def _capital(word: str) -> str:
    parts = word.split("-")
    return "-".join(
        p if (p.lower() in _SMALL and k) or any(c.isupper() for c in p) else p[:1].upper() + p[1:]
        for k, p in enumerate(parts)
    )


def _statement(clause: str) -> str:
    """Drop what is said beside the statement: when, by whom it was told, what is put in between commas."""
    text = _SAID_AFTER.sub("", clause)
    text = _AGE.sub("", _APPOSITIVE.sub(" ", text))
    for _ in range(2):
        text = _ADVERB.sub("", _LEADING_TIME.sub("", text))
    text = _THIS_IS.sub("", text)
    if _may_say_when(text):
        text = _WHEN.sub("", text)
    text = _SAID_BEFORE.sub("", text)
    if _may_fill(text):
        text = _FILLER.sub("", text)
    text = _ARTICLE.sub("", text).strip(_TRIM)
    return text[:1].upper() + text[1:] if clause[:1].isupper() else text


def _fitted(text: str) -> tuple[str, bool]:
    """Shorten a statement to its first parts that fit, or drop its articles; tell if the parts are whole."""
    if len(text) <= LONGEST:
        return text, True
    without = _ANY_ARTICLE.sub("", text)
    if len(without) <= LONGEST:
        return without, True
    words = text.split()
    lengths = list(accumulate((1 + len(word) for word in words), initial=-1))  # of the first k words
    verb = next((k for k in range(1, len(words)) if _is_verb(words[k])), len(words))
    for k in range(min(bisect_right(lengths, LONGEST), len(words)) - 1, verb, -1):
        begins_a_part = words[k - 1].endswith(",") or words[k].lower() in _BREAKS
        if lengths[k] >= SHORTEST and begins_a_part and _may_end(words[k - 1]):
            return " ".join(words[:k]).strip(_TRIM), True
    kept_words = text[: LONGEST + 1].split(" ")[:-1]
    while len(kept_words) > 1 and not _may_end(kept_words[-1]):
        kept_words.pop()
    return (" ".join(kept_words) or text[:LONGEST]).strip(_TRIM), False


@lru_cache(maxsize=16_384)
def _may_end(word: str) -> bool:
    return word.lower().strip(_TRIM) not in _ENDS_NOTHING


def _has_verb(words: list[str]) -> bool:
    return any(map(_is_verb, words[1:]))


@lru_cache(maxsize=16_384)
def _is_verb(word: str) -> bool:
    bare = word.lower().strip(_TRIM)
    return bare in _VERBS or (len(bare) > 4 and bare.endswith("ed"))
