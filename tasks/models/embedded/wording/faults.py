"""What an editor sends back: the first person, a pronoun without its name, a head or an end that is missing."""

import re

from nightdesk.tasks.models.embedded.wording.words import OPEN_ENDS, bare, is_verb, main_verb

_NO_HEADLINE = re.compile(
    r"\b(?:I|I'\w+|I’\w+|(?i:me|my|mine|myself|we|our|ours|ourselves|you|your|yours|yourself)|[Uu]s|(?i:let'?s)"
    r"|(?i:(?:we|you|they|he|she|that|there|what|here)['’](?:re|ve|ll|d|s)))\b"  # the first person; who is addressed
    r"|\b(?i:him|them|himself|themselves)\b"  # whom a name before it does not mean
    r"|(?<=[a-z\d] )(?:It|He|She|They|His|Her|But|This|We)\b"  # two lines were run together
    r"|\b(?:these|those|such)\b|\bthis (?!week|month|year|season|summer|winter|spring|autumn|fall|weekend)"
    r"|[\[\](){}<>|•@©…\"“”„«»「」『』\\]|\.\.|https?:|www\.|\s/\s|[^\W_]_|\s[.,;:!?]"
    r"|\bhad (?:the )?\w+ (?:not )?been\b"  # what would have been
    r"|\b(?:by|at|on|in|of|to|the|an?|for|from|with|and|but|or|is|was),"  # something was dropped behind it
    r"|(?<!\w)['‘’](?![s\d])|&\w+;|\w\.(?:com|org|net|html?)\b"
)
_PRONOUN = re.compile(r"\b(?:he|she|his|her|hers|they|their|theirs|it|its)\b", re.IGNORECASE)
_HEADLESS = re.compile(
    r"(?i:and|but|or|so|nor|because|who|whom|whose|which|that|its?|it's|he|she|they|his|her|hers|their|this|these|those"
    r"|there|here|such|then|when|where|while|if|yet|as|than|what|how|why|others?|another|not|by|from|after|before"
    r"|during|to|of|in|on|at|for|with|until|unless|though|although|even though|even if|even as|even when|even with|in"
    r"|into|per|via|like|unlike|given|among|amid|within|without|both|neither|either|the former|the latter"
    r"|oh|no|yes|yeah|well|ah|hey|hi|hello|okay|ok|please|thanks|thank|sorry|wow|hmm|um|uh|dear|now|just|also|is|are|was"
    r"|were|has|have|had|do|does|did|will|would|can|could|should|may|might|must|said|says|told|including|according"
    r"|across|along|behind|beneath|beside|beyond|inside|outside|throughout|towards?|some (?:are|were|have|had|of)"
    r"|(?:shortly|soon|immediately|right|just|long|minutes|hours|days|weeks|months|years) (?:after|before)|as soon as"
    r"|\w+ly \w+ed by|over (?:the|these|those)"
    r"|rather|instead|perhaps|maybe|meanwhile|however|still|only|same|one of (?:them|the)|some of (?:them|the))\b(?!-)"
    r"|[a-z][a-z ]|['’.,;:!?-]"
)
_GENERIC = (
    "man|men|woman|women|boy|boys|girl|girls|couple|pair|duo|trio|teen|teenager|child|children|kids?|people|person"
    "|suspects?|victims?|star|actor|actress|singer|player|author|company|firm|group|committee|agency|organi[sz]ation"
    "|team|department|officials?|spokes(?:man|woman|person)|officers?|driver|student|teacher|mother|father|brothers?|sisters?|son"
    "|daughter|husband|wife|parents|family|pilot|researchers?|study|report|site|app|device|bill|law|move|decision"
    "|incident|attack|shooting|announcement|statement|letter|video|photos?|show|film|movie|book|game|government"
    "|president|minister|judge|court|jury|hospital|school|university|city|town|state|country|plane|ship|car|product"
)
# A heading, or the end of an abbreviation, run together with the sentence behind it; a month without a subject.
_GLUED = re.compile(
    r"(?:Abstract|Availability|Background|Conclusions?|Contents|Costs?|Credits|Details|Highlights|Images|Introduction"
    r"|Methods|Overview|Photos|Pictures|Plot|Pricing|Results|Summary|Synopsis|Tags|Topics) (?=[A-Z])"
    r"|[B-HJ-WYZ] (?=[A-Z])"
    r"|(?:January|February|March|April|May|June|July|August|September|October|November|December) \d{4}, "
)
_LIST = re.compile(r", [^,]+,? and |^[^,]+, [^,]+ and ")
_WANTS_OBJECT = frozenset(
    "hit hits made makes make took takes take gave gives give put puts sent sends kept keeps called says said read"
    " reads".split()
)
# Without a verb it is no name either.
_NO_NAME_OF = re.compile(r", (?:an?|the|his|her|who|which) |\b[a-z]{3,}(?:ed|ing)\b|^\w+ed\b|^\w+ly\b")
_SUBJECTS = ("he", "she", "they", "it")
_SOMEBODY = re.compile(
    rf"(?i:(?:the|an?|two|three|four|five|six|seven|eight|nine|ten|both|several|some|most|many|other|first|second)\s+)?"
    rf"(?i:(?:\d{{1,3}}-year-old|[a-z]{{2,14}})\s+)?(?i:{_GENERIC})\b(?!['’-]\w*)"
)
_NAMED = re.compile(r"[A-Z][\w.'’-]*[a-z\d]|[A-Z]{2,}")


def is_sent_back(text: str) -> bool:
    """Whether an English text, in the capitals of its sentence, may not stand as a headline."""
    if not text[:1].isalnum() or _HEADLESS.match(text) or _NO_HEADLINE.search(text):
        return True
    words = text.split()
    last = bare(words[-1])
    if last in OPEN_ENDS or last in _WANTS_OBJECT or words[-1].endswith(("'s", "’s", "-old", "-Old")):
        return True
    if len(words) > 2 and words[0].endswith(",") and not _LIST.search(text):
        return True
    if not has_verb(words) and (_NO_NAME_OF.search(text) or _is_row(text.split(", "))):
        return True
    if _GLUED.match(text) or ("not only" in text and "but" not in words and "also" not in words):
        return True
    pronoun = _PRONOUN.search(text)
    return pronoun is not None and not _is_clear(pronoun[0].lower(), text[: pronoun.start()].split(), words)


def _is_row(parts: list[str]) -> bool:
    """Whether names are told one after the other, as a cast is."""
    return len(parts) > 2 and all(part[:1].isupper() for part in parts)


def _is_clear(pronoun: str, before: list[str], words: list[str]) -> bool:
    """Whether a pronoun follows whom it means: a subject and its verb, or before the verb only "Arno and his wife"."""
    if has_verb(before):
        return True
    return len(before) > 1 and pronoun not in _SUBJECTS and bare(before[-1]) == "and" and has_verb(words)


def names_nobody(text: str) -> bool:
    """Whether the subject is "two women" or "the company", and no name stands beside it."""
    if _SOMEBODY.match(text) is None:
        return False
    words = text.split()
    return not any(_NAMED.match(word) for word in words[1 : main_verb(words)])


def has_name(sentence: str) -> bool:
    """Whether a name stands in a sentence, other than its first word."""
    return any(_NAMED.match(word) for word in sentence.split()[1:])


def has_verb(words: list[str]) -> bool:
    """Whether a finite verb stands behind the first word."""
    return any(is_verb(words, k) for k in range(1, len(words)))
