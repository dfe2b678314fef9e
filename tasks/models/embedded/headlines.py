"""Headlines of written text: the clause that says who did what, without the dateline, the asides and who said so.

Words are dropped, never added, so a headline cannot say what the text does not. There is no parser here: verbs are
known by a list and by their endings, and a clause too long ends before a word that begins a new part of it.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from nightdesk.tasks.models.embedded.openings import DATELINE_FORM
from nightdesk.tasks.models.embedded.wording import cuts
from nightdesk.tasks.models.embedded.wording.asides import without_asides, without_lead
from nightdesk.tasks.models.embedded.wording.faults import has_verb
from nightdesk.tasks.models.embedded.wording.words import TRIM

LONGEST = cuts.LONGEST
LONG = 76  # characters: what is longer is worth a little less
READ = 600  # characters of a sentence that are read
SENT_BACK = 0.01  # the most that a headline is worth that may not stand

# What a clause is worth that is not a whole statement in itself.
NO_VERB, QUOTED, ASKS, CUT, SHORT, WORDY = 0.4, 0.25, 0.3, 0.85, 0.4, 0.9

_SKIPPED = re.compile(
    r"^\W*(?:©|copyright|image (?:copyright|caption)|photos?:|photo (?:by|courtesy)|file\b|in this .{0,40}photo"
    r"|(?:listing )?image (?:by|credit)|see (?:also|more)\b|view all\b|read more|related"
    r"|follow|share\b|click|subscribe|sign up"
    r"|please enable|your browser|e-?mail|print\b"
    r"|advertisement|watch:|updated?:\s*(?:\d|[A-Z][a-z]+day|[A-Z][a-z]{2,8}\.? \d|$)"
    r"|listen:|more:|also:|by [A-Z]\w+ [A-Z]\w+\W*$|责任编辑|编辑[:：]|来源[:：])"
    r"|javascript|all rights reserved|getty images|file photo|message:|https?://|courtesy of",
    re.IGNORECASE,
)
_SKIPPED_WITH = tuple(
    "javascript|all rights reserved|getty images|file photo|message:|http://|https://|courtesy of".split("|")
)
_PREFIX = re.compile(
    r"^(?:[*•·_|>–—-]+\s*"
    # A heading that was run together with its sentence, which begins with a name: "Pricing Nordpost charges ..."
    r"|(?:Abstract|Availability|Conclusions?|Costs?|Highlights|Images|Introduction|Methods|Overview|Photos|Pictures"
    r"|Pricing|Results|Summary|Synopsis)\s+(?=(?:[A-Z][\w.'’-]* ){1,3}[a-z])"
    r"|(?i:view images?|enlarge image|story highlights|usa today|buzz60)\s+(?=[A-Z])"
    r"|(?i:updated?|breaking(?: news)?|exclusive|embed more news videos|text size|photos?|watch|video)\s*:?\s+"
    r"(?=[A-Z\d\"“])"
    r"|By (?:[A-Z][\w.'’-]+ ){2,3}(?:[A-Z]{2,}\w* )?(?:,? ?[A-Z][\w ]{2,20} • [^•]{0,90})?(?=[A-Z]))"
)
_SPEAKER = re.compile(  # "ANCHOR:", "JANE ROE, host:", ">>", "Q:", and a place without a dash behind it
    r"^(?:>{1,3}\s*)?(?:[A-Z][A-Z.'’ -]{0,40}(?:,? \([^)]{1,30}\)|, [^:.]{1,40})?:\s+(?=\S)"
    r"|>{2,3}\s*|[A-Z]{4,}/[A-Z]{4,} (?=[A-Z][a-z])|Getty (?=[A-Z]))"
)
_ASIDE = re.compile(r"\s*[(\[（【][^()\[\]（）【】]*[)\]）】]")
_BRACKETS = ("(", "[", "（", "【")
_QUOTES = re.compile(r"[\"“”„«»「」『』]|``|''")
_QUOTES_WITH = (*'"“”„«»「」『』', "``", "''")
_MARKS = ("'", "‘", "’", "`")
# What stands before a mark is looked at behind it, because a pattern that begins with the mark is found faster.
_OPENED = re.compile(r"['‘`](?<!\w.)(?=[^\W\d]|\d{3})(?!em\b)")
_CLOSED = re.compile(r"['’](?<=[\w.,!?].)(?!\w)")
_STRAY = re.compile(r"['‘’`](?:(?<=`)|(?<!\w.)(?<!’)(?!\d0)|(?<![s\d].)(?<!‘)(?!\w))")
_DASHES = (") -", ") —", ") –", "—", "–", "--")
_INNER_DATELINE = re.compile(
    # "Timecard app tracks workers BAKERSFIELD, Calif. (CN) - A company ...", "Continue reading CAIRO — The ..."
    r"^.{0,250}?(?<![\w/])[A-Z][A-Z.'’-]{3,}(?:,? [A-Z][\w.]*){0,3}"
    r"(?: \([A-Z][A-Za-z]{1,12}\)\s*[-–—]+|\s+(?:[—–]|--))\s+(?=[A-Z])"
)
_GLUED = re.compile(r"(?<=[a-z]{2})([.:])(?=[A-Z][a-z])")
_LETTERS = re.compile(r"[B-DF-HJ-NP-TV-XZ]{2,5}[.,]?|(?:US|UK|UN|EU|U\.S\.|U\.K\.|NATO|FBI|CIA|IMF)[.,]?")
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
_STAMP = re.compile(r"\s+(?:Posted|Updated|Published|Advertisement|Share this)$")
_STAMPS = ("Posted", "Updated", "Published", "Advertisement", "Share this")
_AGE = re.compile(r",\s+\d{1,3},")
_ARTICLE = re.compile(r"^(?:the|an?)\s+(?=\S)", re.IGNORECASE)
_THIS_IS = re.compile(r"^(?:This is|These are|Here is|Here's|Here are) (?=(?:the|an?|our|my|your) )")
_FILLER = re.compile(r"\b(?:now|also|already|just|recently|reportedly|apparently|even|actually|really|currently)\s+")
_CLAUSE = re.compile(
    r"(?=[\s;:!?….])"  # what each of them begins with: most places are told by one look
    r"(?:\s*[;:!?…]{1,9}\s+|\s+[—–|•]{1,9}\s+|\s+--?\s+|(?<=\w\w)(?<!\bM[rst])(?<!\b[DLMSJFP][rst])(?<!\bCo)(?<!\bMrs)(?<!\b(?:Adm|Maj|Cpl|Pvt|Sen|Gov|Rep|Gen|Col|Sgt|Inc|Ltd|Rev|Hon|Jan|Feb|Mar"
    r"|Apr|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Ala|Fla|Ill|Ind|Ore|Ari|Tex|Cal|Wis))(?<!\b(?:Bros|Capt|Cmdr|Dept|Supt|Univ|Sept|Prof|Corp|Ariz|Mass|Mich"
    r"|Minn|Conn|Wash|Okla))(?<!\bCalif)\.+\s+(?=[A-Z])|\.{3,})"
)
# One of these is in whatever the pattern finds, and in few sentences; looking for them takes a tenth of its time.
_SPLIT_WITH = (";", ":", "!", "?", "…", "—", "–", "|", "•", ". ", "..", " -")
_DAY_WITH = ("sday", "nday", "riday", "urday", "erday", "today", "tonight", "last ", "this ")
_HOUR_WITH = ("am", "pm", "a.m", "p.m")
_DIGIT = re.compile(r"\d")
_FILLER_WITH = ("ly ", "now ", "also ", "already ", "just ", "even ")
_SMALL = frozenset("a an the and but or nor for of in on at to by as per via vs from with".split())


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
    asks = ASKS if line.endswith(("?", "？")) else 1.0
    goes_on = line.endswith(("...", "…"))
    # A quotation's own words make a poor name for a story, and so does what stands around half of one.
    quoted = QUOTED if _QUOTES.match(line) or line.count('"') % 2 or line.count("“") != line.count("”") else 1.0
    unquoted = _unquoted(line)
    parts = _CLAUSE.split(unquoted) if _may_split(unquoted) else [unquoted]
    for k, part in enumerate(parts):
        text = _statement(part.strip(TRIM))
        if len(text) < 4:
            continue
        short, kept = cuts.fitted(text)
        words = short.split()
        worth = quoted * asks * (CUT if kept == "part" else 1.0) * (WORDY if len(short) > LONG else 1.0)
        if len(words) < 4:
            worth *= SHORT
        says = has_verb(words)
        worth *= 1.0 if says else NO_VERB
        is_half = len(words) < (2 if says else 3) or kept == "broken" or (kept == "part" and not says)
        is_half = is_half or (goes_on and k == len(parts) - 1 and kept == "whole")
        if is_half:
            worth *= SENT_BACK
        yield short, worth


def _unquoted(line: str) -> str:
    """Drop the marks of quotations: what is cut would leave one without its other half."""
    if any(map(line.__contains__, _QUOTES_WITH)):
        line = _QUOTES.sub("", line)
    if not any(map(line.__contains__, _MARKS)):
        return line
    if _OPENED.search(line):
        return _CLOSED.sub("", _OPENED.sub("", line))
    return _STRAY.sub("", line)


def _without_age(found: re.Match[str]) -> str:
    return "" if found.string.startswith(" and ", found.end()) else ","


def printable(text: str) -> str:
    """Replace control and direction marks by blanks."""
    return text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)


def plain(sentence: str) -> str:
    """One printable line without dateline, byline, speaker and asides."""
    line = " ".join(printable(sentence[:READ]).split())
    line = _behind(_SPEAKER, line)
    for _ in range(3):
        shorter = _behind(_PREFIX, line)
        dateline = DATELINE_FORM.match(shorter)
        shorter = shorter[dateline.end() :] if dateline else shorter
        if shorter == line:
            break
        line = shorter
    if any(map(line.__contains__, _DASHES)):
        line = _INNER_DATELINE.sub("", line)
    line = " ".join(_ASIDE.sub("", line).split()) if _may_step_aside(line) else line
    if "." in line[:-1] or ":" in line:
        line = _GLUED.sub(r"\1 ", line)
    return _in_sentence_case(line) if line.isupper() else line


def _in_sentence_case(line: str) -> str:
    """Lower a line that is all capitals, as captions are, but for what is short and has no vowel, as NHS has none."""
    words = line.split(" ")
    if len(words) < 4:
        return line
    return " ".join(
        word if k and _LETTERS.fullmatch(word) else word.capitalize() if not k else word.lower()
        for k, word in enumerate(words)
    )


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
    if word in ("a.m.", "p.m.", "a.m", "p.m"):
        return word
    parts = word.split("-")
    return "-".join(
        p if (p.lower() in _SMALL and k) or any(c.isupper() for c in p) else p[:1].upper() + p[1:]
        for k, p in enumerate(parts)
    )


def _behind(start: re.Pattern[str], text: str) -> str:
    """What follows a start that a text may have; to substitute it would look for it at every place."""
    found = start.match(text)
    return text[found.end() :] if found else text


def _statement(clause: str) -> str:
    """Drop what is said beside the statement: when, by whom it was told, what is put in between commas."""
    text = without_asides(_AGE.sub(_without_age, clause)) if "," in clause else clause
    text = _SAID_AFTER.sub("", text) if "," in text else text
    for _ in range(2):
        text = _behind(_ADVERB, without_lead(text))
    text = _behind(_THIS_IS, text)
    if _may_say_when(text):
        text = _WHEN.sub("", text)
    text = _behind(_SAID_BEFORE, text)
    if _may_fill(text):
        text = _FILLER.sub("", text)
    text = _behind(_ARTICLE, text).strip(TRIM)
    text = _STAMP.sub("", text) if text.endswith(_STAMPS) else text
    return text[:1].upper() + text[1:] if clause[:1].isupper() else text
