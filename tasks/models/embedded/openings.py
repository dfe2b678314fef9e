"""Whether a sentence looks like the first of a topic: what a reader knows before asking what the topic is.

A report opens with its place, its day and full names, a host with "next one, number twelve"; neither opens with "he",
"but" or the second half of a quotation, and what a web page says at its foot ends what stands above it. All of it is
a handful of nats beside the hundreds that words and vectors add up to: it settles where exactly a cut falls.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nightdesk.tasks.models.embedded.vectors import CACHED_SENTENCES, with_spaces

READ = 300  # characters of a sentence that are read
LONGEST_HEADLINE = 100  # characters
EARLY = 60  # where in a sentence it is said that a topic begins
TALK = 0.3  # of the sentences address a listener where someone talks; in reports it is one in ten
BROKEN = 6  # words of the middle sentence: only captions are as short

# In nats, rounded: what a sentence's form says for (or, below zero, against) a new topic beginning with it.
DATELINE = 6.0  # CAPE TOLVER (AP) --
BYLINE = 4.0  # By Ana Ruiz; File photo
PASSED_ON = 5.0  # next one; in other news
SAID = 6.0  # the same in talk, where a topic has no other opening and costs as much
SHOWS = 3.0  # this is the ..., who here has ...: a host shows first
SELLS = -3.0  # ... and sells last
LEAD = 1.5  # a full name, or a day, at once
DEFINED = 3.0  # a name, and what it stands for
LEANS = -4.0  # on what stands before it: he, but, in addition
QUOTED = -2.0
FRAGMENT = -3.0  # 2015.
FOOT = -3.0  # Read more: what follows is new
AFTER_FOOT = 2.0
HEADLINE = 5.0  # a line without a full stop among sentences that have one; what follows it goes on
FEW = 0.34  # of the sentences: two items of a wire that are a headline and two sentences each
UNSPACED = 0.5  # of all this in scripts without spaces, whose words and vectors say less too (see answers.penalty)

AGENCIES = r"(?:AP|AFP|CNN|CNNMoney|UPI|Reuters|REUTERS|BBC|CBS|NBC|ABC|Xinhua|DPA|dpa|PA|ANI|IANS|PTI)"
DATELINE_FORM = re.compile(
    # "GRAZ, Austria (AP) —", "Graz, June 3 (Reuters) -", "(CNN) --"; "ALBANY, N.Y. — ", "GAZA/JERUSALEM --"
    rf"\W{{0,3}}(?:[A-Z][\w.'’-]*[,/ ]+){{0,5}}(?:[A-Z][a-z]{{2,8}}\.? \d{{1,2}} )?\({AGENCIES}\b[^)]{{0,30}}\)"
    r"\s*[-–—:]*\s*"
    r"|[A-Z]{2}[A-Z.,'’/-]+(?:[ ,/]+[A-Z][\w.'’-]*){0,4}\s*(?:[—–]|-+\s)\s*"
    # "新华社北京5月3日电", "本报讯", "澜州日报讯（记者 陈一）"
    r"|(?:(?:本报|本台|据?[\u3400-\u9fff]{1,6}[社网报])[\u3400-\u9fff]{0,6}(?:\d{1,2}月)?(?:\d{1,2}日)?"
    r"|[\u3400-\u9fff]{2,6}(?:\d{1,2}月)?\d{1,2}日)(?:电|讯|消息)(?:\s*[（(][^）)]{1,20}[）)])?[\s:：，,]*"
)
_BYLINE = re.compile(
    r"\W{0,2}(?:By [A-Z]|FILE\b|(?i:file photo|photo|image|picture|video|listen|watch|embed|view images?"
    r"|breaking|update|exclusive)\b|原?标题[:：]|提要[:：]|摘要[:：])"
)
_FOOT = re.compile(
    r"\W{0,3}(?:©|copyright|all rights reserved|read more|read the|related|follow (?:us|him|her|me|@)|follow \w+ on"
    r"|twitter:|also:|share\b|e-?mail|print\b|click|subscribe|sign up|contact|for more|top of page|see all|more:"
    r"|this (?:report|article)|(?:additional |with )?reporting by|(?:writing|editing) by|associated press"
    r"|\w+ \w+ contributed|please enable|your browser|comments?\b|advertisement|loading|back to|next:|image via"
    r"|photo by|photo courtesy|credit:|listing image|(?:\w+ )?topics:"
    r"|http|www\.|责任编辑|编辑[:：]|记者[:：]|完[）)]|来源[:：]|版权|本文)",
    re.IGNORECASE,
)
_LEANS = re.compile(
    r"\W{0,3}(?:(?i:and|but|or|nor|because|which|however|meanwhile|moreover|furthermore|also|still|yet|then|instead"
    r"|its?|he|she|they|we|i|his|her|their|our|my|him|them|these|those|that|this|such|another|both|neither|others?"
    r"|some|in addition|as a result|for (?:example|instance)|in fact|of course|so)\b(?!-)|[a-z]"
    r"|但|而|此外|同时|另外|不过|然而|因此|所以|其中|对此|随后|目前|他|她|它|该|这|那|并|也|还|据悉|据了解|最后|之后|此前"
    r"|于是|否则)"
)
_NAME = re.compile(r"\b[A-Z][a-z]+(?: [A-Z]\.?)? [A-Z][a-z]+")
_DAY = re.compile(
    r"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|\b(?:yesterday|today|tonight|last (?:night|week|month))\b"
    r"|\d{1,2}月\d{1,2}日|昨[日天晚]|今[日天晨]|[本上]周|近日|日前|凌晨|清晨"
)
# How an entry of an encyclopedia or a profile opens: "澜江（公元", "陈一，字", "云杉是一", "拜尔镇位于".
_DEFINED = re.compile(
    r"[\u3400-\u9fff·]{2,12}?(?:[（(](?:[A-Za-z公前约原生]|\d{3})|，(?:又[名称]|俗[名称称姓]|[原本]名|字|号|别[名称]|[男女]，)"
    r"|是(?:一|中国|我国|位于)|(?:位于|地处|成立于|创[办立建]于|始建于|出生于|[出生]于\d))"
)
_PASSED_ON = re.compile(
    r"\b(?:next (?:one|item|up|product|piece)|mov(?:e|ing) on|let'?s (?:go|move|get|jump) (?:on |in)?to|turning to"
    r"|number (?:\w+teen|\w+ty|one|two|three|four|five|six|seven|eight|nine|ten|\d+)|last (?:but not least|item)"
    r"|before (?:we|i) (?:go|end|close)|in other news|now to|and finally)\b"
    r"|接下来|下一[个款件样]|下面(?:给|我们|这)|再来看|来看一下我们|换一[个款]|第[一二三四五六七八九十]+[个款件样]"
    r"|最后一[样个款]|先放一边",
    re.IGNORECASE,
)
# One of these is in whatever the pattern finds in ASCII text in lower case; most sentences have none, and a pattern
# that may begin anywhere takes ten times as long to say no.
_PASSED_ON_WITH = ("next ", "mov", "let", "turning", "number", "last ", "before ", "other news", "now to", "and fin")
_SELLS_WITH = (
    *"$ pound dollar bucks price order cart basket checkout link left sold gone stock hurry item free".split(),
    *"discount code postage shipping tap click".split(),
    "go go",
)
_DAY_WITH = ("day", "tonight", "last ")
_SHOWS = re.compile(
    r"\b(?:this is (?:the|our|my|a|an|called)|these are (?:the|our|my)|let me show|say hello to"
    r"|who (?:here |has |is |wants a)|talk about|show you (?:the|our|my|this)|first (?:up|one|thing)"
    r"|(?:have|got) (?:the|a|our) (?:new|next))"
    r"|这[是款条件双个](?:就)?是|给大家(?:介绍|带来|看|讲)|先来看|来看(?:这|一下)|我们今天|今天(?:第一|给|要)",
    re.IGNORECASE,
)
_SELLS = re.compile(
    r"\b(?:pounds?|dollars?|bucks|price[sd]?|orders?|cart|basket|checkout|links?|left|sold|gone|stock|hurry"
    r"|go go|item number|free|discount|code|postage|shipping|tap|click)\b"
    r"|[$£€]|下单|库存|还剩|只剩|[块元]钱?|价|拍|抢|券|包邮|秒",
    re.IGNORECASE,
)
_ADDRESSED = re.compile(
    r"\b(?:you|your|okay|ok|yeah|gonna|guys|let's|i'm|we're|here)\b|[啊呢吧哈嗯呃哦嘛呀你您咱哎]"
    r"|姐妹|家人们|宝贝|宝宝们|朋友们|链接|下单|直播间",
    re.IGNORECASE,
)
_ADDRESSED_WORDS = frozenset("you your okay ok yeah gonna guys here".split())  # those of _ADDRESSED without a mark
_ADDRESSED_WITH = ("let's", "i'm", "we're")  # the others
_ASCII_WORD = re.compile(r"[a-z0-9]+")
_WORD = re.compile(r"[^\W_]+")
_HAN = re.compile(r"[\u3400-\u9fff]")


def openings(sentences: Sequence[str]) -> NDArray[np.float64]:
    """Return what each sentence's form says for a topic that begins with it, in nats, shape (n,)."""
    if is_talk(sentences):  # every other sentence is a fragment, leans, or repeats what was said
        return np.array([_opening_talk(sentence[:READ]) for sentence in sentences])
    forms = [_opening(sentence[:READ]) for sentence in sentences]
    found = np.array([worth for worth, _ in forms])
    found[1:] += [AFTER_FOOT if is_foot else 0.0 for _, is_foot in forms[:-1]]
    headlines = np.array([_is_headline(sentence[:READ]) for sentence in sentences], bool)
    if 0 < headlines.sum() <= FEW * len(sentences):  # else the text has no full stops, or is a list
        found += HEADLINE * headlines
        found[1:] -= HEADLINE * headlines[:-1]
    return found if with_spaces(sentences) else UNSPACED * found


def is_talk(sentences: Sequence[str]) -> bool:
    """Whether someone talks to listeners, as hosts do, or text is written to be read."""
    return _is_talk(tuple(sentences))


@lru_cache(maxsize=64)  # the cut and its openings ask about the same sentences, one after the other
def _is_talk(sentences: tuple[str, ...]) -> bool:
    sizes, addressed, uncased = [], 0, 0
    for sentence in sentences:
        size, is_addressed, is_uncased = _form(sentence[:READ])
        if size:
            sizes.append(size)
            addressed += is_addressed
            uncased += is_uncased
    if not sizes:
        return False
    if addressed >= TALK * len(sizes) or 2 * uncased > len(sizes):
        return True
    return median(sizes) < BROKEN


class _Shape(NamedTuple):
    """What a sentence looks like: its words, and whether it is said to a listener."""

    size: float
    addressed: bool
    uncased: bool


@lru_cache(maxsize=CACHED_SENTENCES)
def _form(sentence: str) -> _Shape:
    text = sentence.strip()
    uncased = text[:1].islower()
    if text.isascii() and "_" not in text:  # its words as a list, because a pattern for each takes twice the time
        said = text.lower()
        words = _ASCII_WORD.findall(said)
        addressed = not _ADDRESSED_WORDS.isdisjoint(words)
        if not addressed and any(map(said.__contains__, _ADDRESSED_WITH)):
            addressed = _ADDRESSED.search(text) is not None
        return _Shape(len(words), addressed, uncased)
    # Two characters of a script without spaces make a word.
    size = len(_WORD.findall(text)) + len(_HAN.findall(text)) / 2
    return _Shape(size, _ADDRESSED.search(text) is not None, uncased)


@lru_cache(maxsize=CACHED_SENTENCES)
def _opening_talk(sentence: str) -> float:
    """Return what a sentence of talk says for a topic that begins with it."""
    text = sentence.strip()
    if _passes_on(text[:EARLY]):
        return SAID
    return SHOWS if _SHOWS.search(text[:EARLY]) else SELLS if _sells(text) else 0.0


@lru_cache(maxsize=CACHED_SENTENCES)
def _is_headline(sentence: str) -> bool:
    """Whether a line is written as headlines are: some words from a capital letter on, and no mark at the end."""
    text = sentence.strip()
    if len(text) > LONGEST_HEADLINE or not text[:1].isupper() or not text[-1:].isalnum():
        return False
    if "'" in text and re.search(r"'\s", text):  # the rest of a quotation
        return False
    return _form(sentence).size >= 3 and _FOOT.match(text) is None


@lru_cache(maxsize=CACHED_SENTENCES)
def _opening(sentence: str) -> tuple[float, bool]:
    """Return what a sentence of a report says for a topic that begins with it, and whether it is a page's foot."""
    text = sentence.strip()
    is_foot = _FOOT.match(text) is not None
    return _worth(text, _form(sentence).size, is_foot), is_foot


def _worth(text: str, size: float, is_foot: bool) -> float:
    if DATELINE_FORM.match(text):
        return DATELINE
    if is_foot:
        return FOOT
    if size < 4:
        return FRAGMENT
    if _BYLINE.match(text):
        return BYLINE
    if _passes_on(text[:EARLY]):
        return PASSED_ON
    worth = QUOTED if text[0] in "\"“'‘「『" else 0.0
    if _LEANS.match(text):
        worth += LEANS
    elif _DEFINED.match(text):
        worth += DEFINED
    elif size >= 10:
        worth += LEAD * ((_NAME.search(text[:EARLY]) is not None) + _names_a_day(text))
    return worth


def _passes_on(text: str) -> bool:
    """Whether a sentence that begins so says that the next topic begins."""
    if text.isascii() and not any(map(text.lower().__contains__, _PASSED_ON_WITH)):
        return False
    return _PASSED_ON.search(text) is not None


def _sells(text: str) -> bool:
    if text.isascii() and not any(map(text.lower().__contains__, _SELLS_WITH)):
        return False
    return _SELLS.search(text) is not None


def _names_a_day(text: str) -> bool:
    if text.isascii() and not any(map(text.__contains__, _DAY_WITH)):
        return False
    return _DAY.search(text) is not None
