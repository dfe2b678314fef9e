"""What an editor sends back of Chinese headlines: who speaks, who is meant by a pronoun, a clause that is a half."""

import re

_PERSON = re.compile(
    r"(?<!自)我(?!国|军|省|市|县|区|校|党|方|行|院)|咱|俺|吾|笔者|本人|小编|你|您|诸位|大家|各位|个人[觉认感]|求收藏"
    r"|(?<![其吉利])他(?![人国乡山杀])|她|它|[这那][边里样些]|彼此|前者|后者|上述|以下|如下|下面|下列|上图|下图|本文|本节"
    r"|&#|\?#|https?|www|\.com|[A-Za-z]{25}|[□�|{}\\]|魂淡"
)
_LEANS = re.compile(
    r"嗯|呃|啊|哎|唉|诶|哦|噢|哈|嘿|喂|哇|对|好[的吧了]|来[，来吧]|那[么就]?|就|所以|但|然|因[此而]|而|并|且|若|是|这|此|该|其|之|者"
    r"|接下来|另|不过|也|还|随后|目前|于是|以及|包括|共|已|将|可[是见以]|只[是有]|却|则|即|亦|乃|又|再|才|更|遂|故|盖|夫|曾|现任|历任|接着|最[后终近]"
    r"|至于|不久|后|当时|那时|同[年时日样月]|次年|翌年|总之|总的|例如|比如|譬如|如[：:，]|其实|事实上|实际上|一般[来而]|说实话|老实说"
    r"|话说|毋庸|显然|当然|据|综上|首先|其次|第[一二三四五六七八九十][，,种点个]|一方面|另一|何|什么|怎|为什么|为何|难道|哪|谁|岂|有的|有些|有人"
    r"|等|的|得|地[，,]|了|着|过|们|版|等等|进而|从而|以便|以免|以此|使|让|令|把|被|给|和|与|及|或|不仅|不但|除此|请|欢迎|点击|关注|扫码"
    r"|注[：:]|图[：:为]|编辑|责编|作者|原标题|来源|\W|\d+(?:\.\d+)?[万亿%％]?(?:[，,、]|$)|[a-z]{1,3}\b"
)
_OPEN_START = re.compile(
    r"由于|因为|虽然|虽说|尽管|如果|假如|倘若|只要|无论|不论|不管|即便|即使|既然|当(?!地|代|选|局|年|事|今|天)|自从|自\d|随着|为了"
    r"|为(?!期|首|何)|按照?|根据|依据|经[过由]?(?!济|理|典|历|常|验|营|纪)|除了?|通过|关于|对于|在|从|针对|鉴于|面对|基于|每当|一旦|万一|与其|宁可"
)
_OPEN_END = re.compile(
    r"(?:时候?|之?后|以后|之?前|以前|以来|为止|之?际|之?中|期间|的话|过程中|情况下|基础上|[的和与及或在对为是将把被从向于由让使给跟同以]|因为|所以"
    r"|但是?|事实上|不仅|不但|既|包括|其中|例如|比如|如|等等|云云|称|表示|认为|指出|就是|还有|也|都|就|才|而|则|并|第[一二三四五六七八九十]|面向)$"
)
_PAIRS = (
    (re.compile("之所以"), re.compile("是因|是由|在于|是为")),
    (re.compile("不[仅但光]"), re.compile("而且|还|也|更|并且|同时")),
    (re.compile("虽然?|尽管"), re.compile("但|却|仍|还是|可是|不过")),
    (re.compile("既(?!然|定|有|得)"), re.compile("又|也|且")),
    (re.compile("不是"), re.compile("而是|就是|是")),
    (re.compile("一方面"), re.compile("另一方面")),
    (re.compile("与其"), re.compile("不如")),
    (re.compile("要么"), re.compile("要么.*要么")),
)
_OPENED = re.compile("之所以|不[仅但光]|虽|尽管|既|不是|一方面|与其|要么")  # what any of them opens with
_MARKED = re.compile(r"[《》〈〉<>()（）「」\[\]【】]")
_BOTH = ("《》", "〈〉", "<>", "()", "（）", "「」", "[]", "【】")


def is_half(text: str) -> bool:
    """Whether what a text begins with, or ends on, waits for a clause that is not there."""
    if _OPEN_END.search(text):
        return True
    return "，" not in text and _OPEN_START.match(text) is not None


def is_sent_back(text: str) -> bool:
    """Whether a Chinese text may not stand as a headline."""
    if _PERSON.search(text) or _LEANS.match(text):
        return True
    if _MARKED.search(text) and any(text.count(both[0]) != text.count(both[1]) for both in _BOTH):
        return True
    return _OPENED.search(text) is not None and any(
        opened.search(text) and not closed.search(text) for opened, closed in _PAIRS
    )
