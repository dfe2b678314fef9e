"""Headlines of Chinese text: a clause without the day, the place of the report and who said so.

Clauses are joined where one says half of it. One too long is no headline; if there is nothing else it ends where a
word ends, by rjieba's words, and not on a word that wants another.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Any

from nightdesk.tasks.models.embedded.openings import DATELINE_FORM
from nightdesk.tasks.models.embedded.wording.chinese_faults import is_half, is_sent_back

LONGEST = 36  # characters
ENOUGH = 24  # to a clause as long as this no other is added
SHORTEST = 6
READ = 300
STARTS = 3  # clauses of a statement with which a headline may begin

# What a clause is worth that is no whole statement; one that comes later mostly wants the first one's subject.
QUOTED, SHORT, LATER, ASKS, NO_SUBJECT, GOES_ON, SENT_BACK = 0.3, 0.5, 0.5, 0.3, 0.4, 0.3, 0.01

_HAN = re.compile(r"[\u3400-\u9fff]")
_ASIDE = re.compile(r"[(\[（【〔][^()\[\]（）【】〔〕]*[)\]）】〕]")
_MARKS_AROUND = re.compile(
    r"卍[^卍]*卍|^[\s■●◆▲★☆○◎□△※#*·•◇►▶\d.、．]*(?<=[■●◆▲★☆○◎□△※#*·•◇►▶、．.])(?!\d)"
    r"|^\d{1,4}\s+(?=[\u3400-\u9fff])(?![年月日号时点岁个人名位家只万亿千百元世届周天分秒次条种项款件大本张])"
    r"|^(?:[一二三四五六七八九十]{1,3}、|第[一二三四五六七八九十百\d]{1,4}[章节条])\s*"
)
_STATEMENT = re.compile(r"[。；;！!？?：:…]+|—{1,3}|(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")
_SPOKEN = re.compile(r"[^。；;！!？?：:…，,“”]{1,30}[：:]\s*(?=[“「『\"])")  # who says it, but not what
_COMMA = re.compile(r"[，,]\s*(?!\d{3})")
_TIME = (
    r"(?:(?:\d{2,4}|[〇零一二三四五六七八九]{4})年)?(?:\d{1,2}月)?\d{1,2}[日号]"
    r"(?:凌晨|清晨|早晨|早上|上午|中午|下午|傍晚|晚间|晚上?|夜间|夜里|深夜)?(?:\d{1,2}[时点](?:\d{1,2}分)?[许左右]{0,2})?"
)
_NO_SPAN = r"(?!\s*(?:起|至|到|前|以前|之前|以来|后|以后|之后|止|的|、|和|与|及|或|时|那天|当天|凌|[-—~～－]|\d|链接))"
_DAY = re.compile(
    rf"^(?:(?:当地时间|北京时间)?(?<!\d)(?>{_TIME}){_NO_SPAN}"
    r"|(?:昨[日天晚]|今[日天晨]|[本上]周[一二三四五六日天]?|周[一二三四五六日]|近日|日前|目前)"
    rf"(?>(?:凌晨|清晨|早晨|早上|上午|中午|下午|傍晚|晚上?|夜间)?){_NO_SPAN})[，,\s]*"
)
_DAY_INSIDE = re.compile(
    # A time as a whole, with its month and its hour, and never one end of a span: 从, 至, 起 stand beside one. Only
    # before what somebody does, because it may name what follows: 根据3月12日协定.
    rf"(?<=[\u3400-\u9fff])(?<![月年日号从自至到由和与及或截第、据依照的])(?:于|在)?(?<![\d月年])(?>{_TIME}){_NO_SPAN}"
    r"(?=在|于|向|对|就|与|同|将|已|共|再|正式|宣布|表示|举行|召开|发布|通报|公布|说|称|抵达|访问|启动|开|发生|出席|会见|出现|死|遇|获|通过)"
)
_SAID = re.compile(
    r"^(?:据[\u3400-\u9fff]{2,14}?(?:介绍|通报|消息|报道|统计|了解)|[\u3400-\u9fff]{2,16}(?:表示|通报称|通报|介绍|指出|透露|称|认为|宣布|说))$"
)
_QUOTE = re.compile(r"[“”‘’「」『』\"'＂〝〞]")
_TRIM = " 　\t'\"“”‘’`.,;:!?…。！？；：，、()[]{}（）【】*•|—–-_~～·"
_GOING_ON = ("却", "但", "的", "而", "就", "才", "便", "则", "是", "也", "还", "并", "以致", "从而", "因此", "所以")
_WHEN = re.compile(  # before what somebody does who is not named: 2012年接拍, 熙宁二年，任
    r"(?:(?:公元)?\d{3,4}年(?:\d{1,2}月)?(?:\d{1,2}[日号])?|(?:[\u3400-\u9fff]{2})?(?:元|[一二三四五六七八九十]{1,3})[年月]"
    r"|\d{1,2}岁时?)(?![以之前后间来代的至起到初末底中])[，,]?\s*(?=[\u3400-\u9fff])"
)
_NO_SUBJECT = ("v", "d", "p", "c", "u", "y", "f")
_MAY_NOT_END = ("p", "c", "u", "d", "r", "m", "q", "f")


def is_chinese(sentences: Sequence[str]) -> bool:
    """Whether most of the sentences have Chinese characters."""
    return 2 * sum(map(_has_han, sentences)) > len(sentences)


def _has_han(sentence: str) -> bool:
    return not sentence.isascii() and _HAN.search(sentence, 0, READ) is not None


def headlines(sentence: str) -> Iterator[tuple[str, float]]:
    """Yield what could stand above a text that has this sentence, and how much of a statement each is, up to 1."""
    read = sentence[:READ].replace("_", " ")
    if not read.isprintable():
        read = "".join(c if c.isprintable() else " " for c in read)
    line = _ASIDE.sub("", " ".join(read.split()))
    dateline = DATELINE_FORM.match(line)
    line = _MARKS_AROUND.sub("", line[dateline.end() :] if dateline else line)
    worth = (QUOTED if _QUOTE.match(line) else 1.0) * (ASKS if line.endswith(("?", "？")) else 1.0)
    line, said = _SPOKEN.subn("", line)
    worth *= QUOTED if said else 1.0
    # In half of a quotation somebody speaks; the name of a work keeps its marks, if it has both.
    for k, statement in enumerate(_STATEMENT.split(_QUOTE.sub("", line))):
        clauses = [text for part in _COMMA.split(statement) if (text := _DAY.sub("", part).strip(_TRIM))]
        told = [_without_day(text) for text in clauses if not _SAID.match(text)]
        for at in range(min(len(told), STARTS)):
            text, share = _from(told[at:])
            if text:
                yield text, worth * share * (LATER if k or at else 1.0)


def _without_day(text: str) -> str:
    return _DAY_INSIDE.sub("", text) if "日" in text or "号" in text else text


def _from(clauses: Sequence[str]) -> tuple[str, float]:
    """Join clauses that say who did what, where one says half of it; return how much of a statement they are."""
    text = clauses[0]
    if len(text) > LONGEST:
        return _fitted(text), SENT_BACK
    goes_on, half = 1.0, is_half(text)
    for following in clauses[1:]:
        goes_on = GOES_ON if following.startswith(_GOING_ON) else 1.0
        if len(text) + 1 + len(following) > (LONGEST if half else ENOUGH):
            break
        text, goes_on = f"{text}，{following}", 1.0
        half = is_half(text)
    if half or is_sent_back(text):
        return text, SENT_BACK
    return text, goes_on * (SHORT if len(text) < SHORTEST else 1.0) * (NO_SUBJECT if _wants_subject(text) else 1.0)


def _wants_subject(text: str) -> bool:
    """Whether a clause begins with what it does: who does it stands before it."""
    when = _WHEN.match(text)
    at = when.end() if when else 0
    return _first_tag(text[at : at + 6]).startswith(_NO_SUBJECT)


@lru_cache(maxsize=4096)
def _first_tag(text: str) -> str:
    tags = tagger().tag(text)
    return tags[0][1] if tags else ""


def _fitted(clause: str) -> str:
    """Cut at a word, not after one that wants another."""
    kept: list[tuple[str, str]] = []
    length = 0
    for word, tag in tagger().tag(clause.encode("utf-8", "replace").decode()):
        if length + len(word) > LONGEST:
            break
        kept.append((word, tag))
        length += len(word)
    while len(kept) > 1 and kept[-1][1].startswith(_MAY_NOT_END):
        kept.pop()
    return ("".join(word for word, _ in kept) or clause[:LONGEST]).strip(_TRIM)


@cache
def tagger() -> Any:
    """Load rjieba where Chinese is first met: its dictionary takes a tenth of a second."""
    import rjieba

    return rjieba
