"""What is put around a statement between commas: when and where before it, who somebody is in the midst of it."""

import re
from itertools import pairwise

from nightdesk.tasks.models.embedded.wording.words import RELATIVE, SAYING, bare, is_certain, is_verb, may_be_verb

LONGEST_LEAD = 110  # characters before the comma behind which the statement begins
_LEAD = re.compile(
    r"(?:on|in|at|by|after|before|since|as|when|while|if|although|though|even though|even if|because|despite|during"
    r"|until|for|with|from|following|according to|amid|among|under|over|once|like|unlike|given|of|to|instead of"
    r"|along with|as part of|speaking|asked|based|thanks to|due to|not only|through|throughout|within|without|between"
    r"|across|near|(?:an?|the|a few|the previous|the following) (?:year|month|week|day|hour)s?"
    r"|all the while|shortly|soon|hours|days|weeks|months|last|this|next|two|three|a few|earlier|later|early|late"
    r")\b(?!-)",
    re.IGNORECASE,
)
_DATED = re.compile(
    r"(?:(?:Last|This) (?:week|month|year|night|weekend|spring|summer|autumn|fall|winter)|Today|Yesterday|Tonight"
    r"|(?:On )?(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day(?: (?:morning|afternoon|evening|night))?"
    r"|In (?:January |February |March |April |May |June |July |August |September |October |November |December )?\d{4}"
    r"|(?:On )?(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]*\.? \d{1,2}),?\s+(?=[A-Z])"
)
_PARTICIPLE = re.compile(r"[A-Z][a-z]+(?:ing|ed)\b(?! (?:is|are|was|were|has|have|had|will|would|can|could|may)\b)")
_PUT_IN = re.compile(
    r"(?:despite|according to|along with|as well as|however|of course|for (?:example|instance)|in turn|meanwhile|too"
    r"|which|who|whose|including|then|also|like|such as|among others|in part|at least|if not)\b"
)
_ONLY_NAMES = re.compile(r"(?:(?:and\s+)?(?:[A-Z][\w.'’-]*|\d{4})\s*){1,4}$")
_SUBJECT = re.compile(r"(?:the|an?|his|her|its|their|this|these|some|many|two|three|one|no)\b|[A-Z\d]|[a-z]+s\b")


def without_lead(text: str) -> str:
    """Drop what stands before the statement up to a comma: "In Oslo, Norway, ", "Named in May, the ..."."""
    dated = _DATED.match(text)
    if dated:
        return text[dated.end() :]
    if "," not in text[:LONGEST_LEAD]:
        return text
    is_lead = _LEAD.match(text) is not None
    if not is_lead and not _PARTICIPLE.match(text):
        return text
    parts = text.split(", ")
    k = 1
    while k < len(parts) - 1 and _ONLY_NAMES.match(parts[k]) and not parts[k + 1].startswith("and "):
        k += 1  # "In Libya, Yemen and Algeria, the governments"
    rest = ", ".join(parts[k:])
    if k == len(parts) or len(text) - len(rest) > LONGEST_LEAD + 2 or not _says_itself(rest, is_lead):
        return text
    return rest


def _says_itself(rest: str, is_lead: bool) -> bool:
    words = rest.split()
    if len(words) < 3 or not (is_lead or _SUBJECT.match(rest)) or may_be_verb(words[0]):
        return False
    if bare(words[0]) in RELATIVE or bare(words[0]).endswith("ing"):
        return False
    return any(is_verb(words, k) for k in range(1, len(words)))


def without_asides(text: str) -> str:
    """Drop what stands between the subject and its verb, and what is put in behind the verb, each between commas."""
    parts = text.split(", ")
    first = parts[0].split()
    if not first:
        return text
    if not any(is_verb(first, k) for k in range(1, len(first))):
        verb = _verb_part(parts)
        return " ".join([parts[0], ", ".join(parts[verb:])]) if verb else text
    kept = [parts[0]]
    for before, part in pairwise(parts):
        if part is not parts[-1] and _PUT_IN.match(part):
            continue
        put_in = _PUT_IN.match(before) is not None and before is not parts[0]
        kept[-1:] = [f"{kept[-1]} {part}"] if put_in else [kept[-1], part]
    return ", ".join(kept)


def _verb_part(parts: list[str]) -> int:
    """Return which part begins with the verb of the first part's subject, 0 if none does."""
    participle = 0
    for k in range(1, len(parts)):
        words = parts[k].split()
        at = 1 if len(words) > 1 and (bare(words[0]).endswith("ly") or bare(words[0]) in ("also", "now")) else 0
        if not words or not may_be_verb(words[at]) or words[at][:1].isupper():
            continue
        if k == 1 and bare(words[at]) in SAYING:
            return 0  # "The biggest piece, said ..."
        if is_certain(words[at]) or not bare(words[at]).endswith("ed"):
            return k
        if k > 1 and not participle:
            participle = k
    return participle
