"""Headlines of Chinese text: a clause without the day, the place of the report and who said so.

A clause too long ends where a word ends, by rjieba's words, and not on a word that wants another.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from nightdesk.tasks.models.embedded.openings import DATELINE_FORM

LONGEST = 24  # characters
SHORTEST = 6
READ = 300

# What a clause is worth that is no whole statement; one that comes later mostly wants the first one's subject.
LEANS, QUOTED, CUT, SHORT, LATER = 0.4, 0.3, 0.8, 0.5, 0.5

_HAN = re.compile(r"[\u3400-\u9fff]")
_ASIDE = re.compile(r"[(\[（【][^()\[\]（）【】]*[)\]）】]")
_CLAUSE = re.compile(r"[，,。；;！!？?：:…—\s]+")
_DAY = re.compile(
    r"^(?:(?:当地时间|北京时间)?(?:\d{4}年)?(?:\d{1,2}月)?\d{1,2}日|昨[日天晚]|今[日天晨年]|[本上]周[一二三四五六日天]?|周[一二三四五六日]|近日|日前|目前)"
    r"(?:凌晨|清晨|早晨|早上|上午|中午|下午|傍晚|晚上?|夜间)?(?:\d{1,2}[时点](?:\d{1,2}分)?许?)?[，,\s]*"
)
_DAY_INSIDE = re.compile(r"(?<=[\u3400-\u9fff])\d{1,2}日(?:[上下]午|晚|凌晨|清晨)?(?=[\u3400-\u9fff])")
_SAID = re.compile(
    r"^(?:据[\u3400-\u9fff]{2,14}?(?:介绍|通报|消息|报道|统计|了解)|[\u3400-\u9fff]{2,16}(?:表示|通报称|通报|介绍|指出|透露|称|认为|宣布|说))$"
)
_LEANS = re.compile(
    r"嗯|呃|啊|哎|唉|诶|哦|噢|对|好|来|那|就|所以|但|然后|因为|而且|并|如果|是|它|他|她|我|你|这|其中|此外|同时|另外|不过|也|还|该|随后|目前|于是|以及|其|包括|共|已|将"
)
_QUOTE = re.compile(r"[“”「」『』\"]")
_TRIM = " 　\t'\"“”‘’`.,;:!?…。！？；：，、()[]{}<>（）【】*•|—–-_"
_MAY_NOT_END = ("p", "c", "u", "d", "r", "m", "q", "f")


def is_chinese(sentences: Sequence[str]) -> bool:
    """Whether most of the sentences have Chinese characters."""
    return 2 * sum(_HAN.search(s[:READ]) is not None for s in sentences) > len(sentences)


def headlines(sentence: str) -> Iterator[tuple[str, float]]:
    """Yield what could stand above a text that has this sentence, and how much of a statement each is, up to 1."""
    read = "".join(c if c.isprintable() else " " for c in sentence[:READ])
    line = _ASIDE.sub("", " ".join(read.split()))
    dateline = DATELINE_FORM.match(line)
    line = line[dateline.end() :] if dateline else line
    quoted = QUOTED if _QUOTE.match(line) else 1.0
    clauses = [text for part in _CLAUSE.split(_QUOTE.sub("", line)) if (text := _DAY.sub("", part).strip(_TRIM))]
    told = [_DAY_INSIDE.sub("", text) for text in clauses if not _SAID.match(text)]
    for k, clause in enumerate(told):
        text = clause
        for following in told[k + 1 :]:  # two short clauses say who did what where one says half of it
            if len(text) + 1 + len(following) > LONGEST:
                break
            text = f"{text}，{following}"
        short = text if len(text) <= LONGEST else _fitted(text)
        worth = (
            quoted * (1.0 if short == text else CUT) * (LEANS if _LEANS.match(short) else 1.0) * (LATER if k else 1.0)
        )
        if short:
            yield short, worth * (SHORT if len(short) < SHORTEST else 1.0)


def _fitted(clause: str) -> str:
    """Cut at a word, not after one that wants another."""
    kept: list[tuple[str, str]] = []
    length = 0
    for word, tag in tagger().tag(clause):
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
