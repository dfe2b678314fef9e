"""The words by which English headlines are told apart: verbs, and words that begin, end or point."""

from functools import lru_cache

TRIM = " \t'\"“”‘’`´.,;:!?…()[]{}<>*•|—–-_/~#=+"

_CERTAIN = frozenset(  # of finite verbs: no noun has these forms
    """
    is are was were has have had will would can could may might must should did does do isn't aren't wasn't weren't
    hasn't haven't hadn't won't wouldn't can't cannot couldn't don't doesn't didn't shouldn't said says told took takes
    takes made makes gave gives got gets went goes came comes saw sees found finds kept held holds led meets ran sold
    sells bought buys built sent sends paid pays became becomes fell rose grew grows knew knows drew drove flew fought
    stood struck sank stole wrote writes spoke speaks hid rode sang swam threw wore tore woke caught taught thought
    sought felt meant wants wins won began begins broke brings brought lost loses leaves left tells seems seemed
    remains remained denies admits accuses urges unveils announces believes thinks argues insists agrees owns expects
    keeps allows includes suggests describes explains continues decides provides requires receives reveals refuses
    appears helps uses creates involves loves hates learns teaches arrives reaches contains consists belongs
    """.split()
)
_VERBS = _CERTAIN | frozenset(
    """
    be been take make give get go come see find lead met run spent shot shoots hit hits cut cuts put puts set sets let
    lets beat beats breaks begin become falls rises draws drives stands chose lies plans opens closes faces seeks calls
    asks shows turns works plays lives joins rejects backs warns sues files moves cancels launches delays hopes stays
    dies kills costs returns retires resigns quits signs ends starts stops needs looks shares celebrates defends nears
    offers orders pleads threatens vows blames slams adds suspends claims reports dates serves runs lands raises
    releases hosts leads attacks votes fires hires bans fears tracks adopts approves grants fuels marks sparks targets
    supports promises considers happens bears grazes climbs drops ranks ships tests demands doubles extends follows
    earns enters escapes features fights fills gains grabs hunts ignores invites jumps lifts links manages
    """.split()
)
_NO_VERBS = frozenset(
    "hundred speed indeed breed sacred naked wicked rugged exceed proceed succeed embed united".split()
)
_NOUN_BEFORE = frozenset(
    """
    a an the this that these those his her its their our my your of in on at for with by from into over under between
    against no any some many several two three four five six seven eight nine ten all both each every other another
    """.split()
)  # what stands behind one of these is no finite verb
_AUXILIARY = frozenset("is are was were be been being has have had get gets got isn't wasn't weren't hasn't".split())
_REDUCED = frozenset("by of as".split())  # "suspected of", "known as": beside a noun no finite verb
_STILL_FINITE = frozenset("died approved disposed consisted complained talked learned warned acted served".split())

RELATIVE = frozenset("who which that whose whom where when what how why if while because although as".split())
SAYING = frozenset(
    "said says say told announced reported reports confirmed added wrote tweeted explained noted claims claimed argued"
    " argues believes believed thinks thought insists insisted suggests suggested shows showed revealed reveals found"
    " finds admitted admits knew knows warned warns".split()
)
OPEN_ENDS = frozenset(
    """
    a an the of in on at to for with by from as and or but nor that which who whom whose this these those his her its
    their our my your into over under after before about between against during through until than when while where if
    because is are was were be been being has have had will would can could may might must should each every both mr
    mrs ms dr gov sen rep col gen lt sgt capt maj prof rev hon mt amid among
    per via so very more most such despite including within without
    upon onto toward towards across along around behind beneath beside besides beyond except like near since unless
    unlike whether though although not too just even
    """.split()
)
CUT_ENDS = OPEN_ENDS | frozenset(
    """
    said says say told no also up out off two three four five six seven eight nine ten some any all st u.s new first
    last it he she they we i you him them us me did does do doing having being made make makes get got getting able
    likely unable due according well much many few several only own same other another rather next back down away one
    never always ever already still often now here there difficult easy hard possible impossible clear necessary
    important responsible ready willing eager free full afraid aware culpable guilty likely known famous proud
    capable worth subject prior close open based similar related north south east west former high low big small
    old young little good bad great million billion percent per
    """.split()
)
BREAKS = frozenset(
    """
    in on at for with by from after before when while as because which who where into over under during through until
    amid against among about since if and but despite following including near without whether within across inside
    outside along around toward towards though although unless that
    """.split()
)
_NO_END_ING = frozenset(
    """
    king ring wing spring string thing something nothing anything everything morning evening wedding building ceiling
    sibling beijing sterling offspring earring meeting hearing shooting funding spending housing training ruling
    bombing killing filing warning landing gathering opening listing rating setting crossing fishing mining banking
    """.split()
)


@lru_cache(maxsize=16_384)
def bare(word: str) -> str:
    """A word in lower case, without the marks around it."""
    return word.lower().strip(TRIM).replace("’", "'")


@lru_cache(maxsize=16_384)
def may_be_verb(word: str) -> bool:
    """Whether a word can be a finite verb, by the list or by its ending."""
    said = bare(word)
    return said in _VERBS or (len(said) > 4 and said.endswith("ed") and said not in _NO_VERBS)


@lru_cache(maxsize=16_384)
def is_certain(word: str) -> bool:
    """Whether a word is a finite verb wherever it stands."""
    return bare(word) in _CERTAIN


def is_verb(words: list[str], k: int) -> bool:
    """Whether the word at k is a finite verb, by itself and by its neighbours."""
    word = words[k]
    if not may_be_verb(word):
        return False
    said, before = bare(word), bare(words[k - 1]) if k else ""
    if said in _AUXILIARY:
        return True
    if before == "to" or before in _NOUN_BEFORE or before.endswith("'s"):
        return before == "that" and said in _CERTAIN
    if word[:1].isupper() and k and not words[k - 1][:1].isupper():
        return False  # United Airlines
    return not said.endswith("ed") or not _is_reduced(words, k, before)


def _is_reduced(words: list[str], k: int, before: str) -> bool:
    """Whether a participle belongs to a noun: "documents, filed in May, ...", "a man suspected of ..."."""
    if k and words[k - 1].endswith(","):
        return True
    if k + 1 == len(words) or bare(words[k + 1]) not in _REDUCED:
        return False
    return before not in _AUXILIARY and not before.endswith("ly") and bare(words[k]) not in _STILL_FINITE


def main_verb(words: list[str]) -> int:
    """Return where the verb of the main clause stands, len(words) if it was not found: not in "who ..."."""
    inside = False
    for k in range(1, len(words)):
        inside = inside or (bare(words[k]) in RELATIVE)
        if not is_verb(words, k):
            continue
        if not inside:
            return k
        # The verb behind "who" is the clause's own; the next one that nothing leans on is the main one.
        for j in range(k + 2, len(words)):
            if is_certain(words[j]) and bare(words[j - 1]) not in RELATIVE and is_verb(words, j):
                return j
        return len(words)
    return len(words)


@lru_cache(maxsize=16_384)
def may_end_cut(word: str) -> bool:
    """Whether a word may be the last of a clause that went on: it wants no object, noun or clause."""
    said = bare(word)
    if not said or said in CUT_ENDS or said.endswith(("'s", "s'", "ly")):
        return False
    if said.endswith("ing") and len(said) > 4:
        return said in _NO_END_ING
    return not may_be_verb(word)


def is_participle(words: list[str], k: int) -> bool:
    """Whether the word at k may as well be a participle: "a study released in May" besides "he released a study"."""
    return bare(words[k]).endswith("ed") and (not k or bare(words[k - 1]) not in _AUXILIARY)
