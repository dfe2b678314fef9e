"""Which full stops end a sentence.

What sentencex takes for an end is none after an abbreviation or the number of a list, before a small letter, within a
word, and before the words that say who said a quotation.
"""

import re

_TAIL, _HEAD = 64, 64  # letters before and after a place that are looked at
_CLOSING = "\"'”’»«“」』》）)\\]"  # “ and « close in German
_FULL_STOP = re.compile(rf"[.\u2026][{_CLOSING}]*\s*$")
_QUOTATION = re.compile(r"[.!?…。！？，,]\s?['\"”’»«“」』]+\s*$")
_TOKEN = re.compile(r"(?:^|[\s(\[{\"'“„«‘/])((?:[^\W\d_]{1,3}\.\s)*)([^\s(\[{\"“„«‘/]{1,24})\.[)\]]?\s*$")
_LIST_NUMBER = re.compile(r"\s*[(\[]?(?:\d{1,3}(?:\.\d{1,3})*|[ivx]{1,5}|[^\W\d_])[.)\]]{1,2}\s*", re.IGNORECASE)
_INITIALS = re.compile(r"(?:[^\W\d_]\.\s*)+")
_ORDINAL = re.compile(r"(?:^|[\s(])\d{1,2}\.\s*$")
_SHORT_WORD = re.compile(r"\b[A-Z][a-z]{1,3}\.\s*$")  # likely an abbreviation if a small letter follows
_DOTTED = re.compile(r"(?:[^\W\d_]{1,4}\.\s?){1,4}[^\W\d_]{1,4}")
_OPENS = re.compile(r"[\s\"'“„«‘(\[¿¡…-]*")
_CITATION = re.compile(r"\s*\([^()]{0,40}\d[^()]{0,8}\)[.,;:]")  # (Roe 1955, p. 7).
_DASH_SMALL = re.compile(r"\s*[-–—]{1,2}\s*([^\W\d_])")
# What begins with a small letter in any text: iPhone, an address, a letter of a formula.
_NO_WORD = re.compile(r"[a-z]{1,2}[A-Z]|\S*(?:://|\w@\w|\.\w{2,}/)|[a-z]\s?[\^=_]|[a-z][:\d)]")
_DOMAIN = re.compile(r"(?:NET|COM|ORG|JS|IO|AI|TV|EU|UK|US)\b")
_COUNTED = re.compile(r"\d\s?$")
_NUMBER = re.compile(r"[\s(]*(?:\d|[IVX]{2,}\b)")
_CLOCK = re.compile(  # after a.m. and p.m.
    r"(?i:(?:mon|tues|wednes|thurs|fri|satur|sun)day)|[A-Z]{2,4}T\b|GMT|UTC|[ECMP]T\b"
    r"|(?:local|Eastern|Pacific|Central|Mountain|British|Beijing|Moscow)\b"
)
_GERMAN_START = re.compile(
    r"(?:Er|Sie|Es|Der|Die|Das|Ein|Eine|Wir|Ich|Ihr|Und|Aber|Dann|Danach|Dort|Heute|Doch|Nun|Jetzt|Im|In|Am|Auf|Für|Mit"
    r"|Als|Wenn)\b"
)
_ELIDING = ("fr", "it", "ca")  # l'art. 3
_ORDINALS_BEFORE_CAPITALS = ("de", "tr", "lb")
_ORDINALS = (*_ORDINALS_BEFORE_CAPITALS, *"da no nb nn fi cs sk sl hr sr bs hu et lv is eu".split())
_SAID = (
    "said|says|asked|asks|added|adds|told|wrote|writes|replied|cried|shouted|explained|recalled|noted|warned|insisted"
)
_ATTRIBUTION = re.compile(
    r"\s*(?:(?!(?:While|When|As|But|And|Then|Later|Instead|Video|Photo|Also|If|In|On|At)\b)(?:[A-Z][\w.'’-]* ){1,4}"
    rf"(?:{_SAID})\b(?!\s(?:that|the|he|she|they|it|there|an?|his|her|their|no|we)\b)"
    r"|[^。！？，：“「\"\s]{1,40}?(?:说|說|(?<!知)道|表示|称|稱|介绍|介紹|认为|認為|回忆|指出|感叹|问|問|喊|叫|写|寫|答|强调|透露"
    r"|坦言|解释|补充)[。，；！]"
    r"|[^。！？、「」\s]{1,24}?(?:言った|言う|話した|話す|述べた|語った|語る|叫んだ|尋ねた|聞いた|答えた|つぶやいた)[。、]"
    r"|(?:と(?!ても|ころ|にかく|りあえず|き|う|ん)|って(?!い)|などと)"
    r"|(?:이?라고|이?라며|이?라면서|이?라는|이?란)(?=[\s.,가-힣])|(?:하고|고|며)(?=[\s.,]|한|했|말|밝|덧)"
    r"|[가-힣 ]{1,30}(?:말했|밝혔|전했|덧붙였|강조했|설명했|물었|답했|외쳤)(?:다|습니다)[.,])"
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Abbreviations after which a sentence goes on whatever follows, without their last full stop. Those with a
# capital letter are words in small letters.
_ALWAYS = {
    "en": _words(
        "Amb Spc Pfc Assoc Rte Hwy Mr Mrs Ms Mx Dr Prof Messrs Mmes Gen Col Lt Maj Capt Cmdr Sgt Cpl Pvt Adm Brig "
        "Gov Sen Rep Reps Sens Pres Supt Insp Det Hon Rev Ste Mt Atty Asst Univ Dept Ft Pt approx appt e.g i.e eg ie "
        "cf vs viz esp incl excl dept"
    ),
    "de": _words(
        "Fa Abt Hrsg Hr Hrn Fr dr prof Dipl Ing St z.b d.h u.a bzw ca vgl sog ggf evtl inkl exkl insb insbes bspw "
        "z.t z.zt i.d.r o.g s.o s.u mio mrd tsd geb allg abk jhd vors Hl"
    ),
    "fr": _words("bd St M Mm Mme Mmes Mlle Mlles Me Mgr dr Pr Ste env p.ex cf c.-à-d c.à.d apr vs éd fig av"),
    "es": _words(
        "Cía sr sra srta sres sras dr dra drs Dña D prof profa Ing Lic Arq ud uds vd gral cnel Cap Sto Sta av "
        "avda p.ej aprox cf vs ee mons fr pbro rev hnos"
    ),
    "it": _words(
        "sig sigg on sen sig.ra sig.na dott dott.ssa prof prof.ssa avv ing arch geom gen col cap S p.es es ca cfr "
        "c.d l.go p.za v.le mons spett egr gent"
    ),
    "pt": _words(
        "sr sra srs sras srta dr dra drs prof profa eng gen cel exmo exma Av R pça p.ex aprox cf sto sta D v.exa"
    ),
    "nl": _words(
        "dhr mevr mw dr drs prof ir ing Mr Ds St bijv bv o.a d.w.z i.p.v m.b.t t.o.v n.a.v m.a.w zgn ca o.l.v "
        "t.a.v incl excl resp jhr gen kol"
    ),
    "pl": _words(
        "dr prof hab inż mgr lek ks abp bp św gen płk ppłk kpt mjr sierż np tj tzw tzn m.in ok ul al pl os im woj "
        "pow gm zob por red doc st mln mld tys ds dot pt św.p"
    ),
    "cs": _words(
        "p pí dr prof doc ing mgr bc judr mudr phdr rndr paedr sv např tj tzv tzn resp cca ul nám tř gen plk kpt "
        "mj vč event popř"
    ),
    "ru": _words(
        "обл им ул просп пер пл наб корп тов гос акад проф доц канд д-р инж ген полк лейт св т.е е т.н т.к напр "
        "см ср ред оз пос дер млн млрд и.о ок архиеп еп прот"
    ),
    "uk": _words(
        "ім вул просп пров пл бул акад проф доц канд ген полк св т.е напр див ред тис млн млрд обл м р-н с смт гр"
    ),
    "bg": _words("ул бул пл г-н г-жа проф доц д-р инж акад ген полк св напр т.е т.нар вж хил млн млрд ж.к"),
    "sr": _words("ul dr prof ing gen puk sv npr tj tzv br ул др проф ген св нпр тј тзв бр"),
    "hr": _words("ul dr prof ing mr dipl gen puk sv npr tj tzv odn gđa gosp"),
    "el": _words("κ κα κκ δρ καθ αγ π.χ δηλ βλ λ.χ πρβλ λεωφ οδ τηλ αρχ υπ εκατ δισ χιλ"),
    "tr": _words("dr prof doç yrd av sn Gen Alb Kor Hz Mah Cad Sok apt örn bkz çev"),
    "sv": _words("hr fr dr prof t.ex bl.a d.v.s dvs s.k ca fr.o.m t.o.m m.a.o jfr resp kungl"),
    "da": _words("hr fr dr prof f.eks fx bl.a dvs d.v.s ca s.k mht jf evt inkl ekskl skt"),
    "no": _words("hr fr dr prof f.eks bl.a dvs d.v.s ca s.k mht jf evt inkl ekskl st hhv ifm vha"),
    "fi": _words("tri prof esim ts ns nk ks vrt puh mrd milj"),
    "hu": _words("dr prof ifj id özv szt pl ún ill vö gen ezr"),
    "ar": _words("د أ م أ.د"),
    "fa": _words("د م"),
    "hi": _words("डॉ श्री प्रो सुश्री"),
    "vi": _words("Ts Ths Gs Pgs Tp Bs Ks"),
    "id": _words("jl ir hj drs dra tn ny kol jend"),
    "lt": _words("dr prof pvz t.y mln mlrd"),
    "lv": _words("dr prof piem t.i milj"),
    "et": _words("dr prof nt mln mlrd"),
    "ro": _words("dl dna dra dr prof ing gen col cpt lt str bd bdul șos cca aprox sf mun jud dvs"),
}  # fmt: skip
_ALWAYS["ms"], _ALWAYS["mr"], _ALWAYS["ca"] = _ALWAYS["id"], _ALWAYS["hi"], _ALWAYS["es"]
_ALWAYS["nb"] = _ALWAYS["nn"] = _ALWAYS["no"]
_ALWAYS["sk"] = _ALWAYS["cs"] | _words("napr t.j")
_ALWAYS["sl"] = _ALWAYS["hr"] | _words("oz t.i ga g")
_UNITS = _words("см м m s st p")  # as well, after a number
# Abbreviations after which a sentence goes on if a number follows.
_BEFORE_NUMBERS = _words(
    "est eq eqs cap rys kl kb janv févr avr juil ene abr ago dic gen mag giu lug set ott "
    "no nos nr nrs num núm nº n° n č čís br бр № art arts abs § par par. paragr fig figs abb p pp pg pág págs "
    "pag pagg s str стр с sel ch chap kap vol vols bd t bl ed ver v ver op tel tél fax apt rm rd st "
    "sec sek д кв рис табл п пп ст гл вып т оф эт тел σελ αρ εικ κεφ άρθρ sid ap lok poz poř odd odst "
    "sz lok pkt ust"
)
# Abbreviations that stand at the end of a list or behind a number; before a small letter or a number they go on.
_MAY_END = _words(
    "etc usw ecc enz itd itp osv atd apod stb jne др проч руб коп тыс чел млн млрд кг км см мм г гг в вв р тыс zł "
    "gr kg km cm mm min h sek hod r w inc corp ltd co jr sr bros bn mn tr mrd mio kč ft st jan feb mar apr jun "
    "jul aug sep sept oct nov dec okt dez янв фев мар апр авг сент окт нояб дек"
)
# Ends that sentencex misses: after "No.", "May.", "and so on" and units before a capital letter, after a Chinese full
# stop before a digit, and after the number of a footnote.
_MISSED = re.compile(
    r"[.!?…。！？](?:"
    r"(?<=\b[Nn]o\.)(?= (?:[A-Z][a-z]|I\b))|(?<=\bMay\.)(?= [A-Z])"
    r"|(?<=\b(?:etc|usw|ecc|enz|itd|itp|osv|atd)\.)(?= [^\W\d_a-z])"
    r"|(?:(?<=\b[тТ]\. [пдк]\.)|(?<=\b[тТ]\.[пдк]\.)|(?<=\b(?:кг|км|см|мм)\.))(?= [А-ЯЁ])"
    r"|(?<=[。！？])(?=\d)|(?<=…)[”」』](?=[^\s\W])"
    r"|(?<=[^\W\d_][.!?])[\"”’)]?(?:\[\w{1,3}\])+(?=\s+[\"“(]?[^\W\d_a-z]))"  # a footnote
)


def missed(piece: str) -> list[int]:
    """Return where a piece of the splitter's holds ends of sentences that it does not know."""
    return [m.end() for m in _MISSED.finditer(piece)]


def uses_capitals(text: str) -> bool:
    """Tell whether the sentences of a text begin with capital letters: whether most stops have one after them."""
    capital = small = 0
    for m in _BEGINNINGS.finditer(text):
        if not m[1].islower():
            capital += m[1].isupper() or m[1].istitle()
        elif not _SHORT_END.search(text[max(0, m.start() - _SHORT - 1) : m.start()]):
            small += 1
    return capital > 0 and capital >= small


_SHORT = 4  # letters of a word that may be an abbreviation, if it ends in no vowel
_SHORT_END = re.compile(rf"(?<!\w)\w{{0,{_SHORT - 1}}}[^\W_aeiouyаеёиоуыэюяіїєαεηιουω]$")
_BEGINNINGS = re.compile(rf"(?:^|[.!?\u2026][{_CLOSING}]{{0,3}}\s)[ \t\"'“„«‘(\[¿¡-]{{0,8}}([^\W\d_])", re.MULTILINE)


def goes_on(line: str, begin: int, at: int, language: str, capitals: bool) -> bool:
    """Tell whether a sentence of a line that begins at `begin` goes on at a place that looks like its end.

    capitals: whether the sentences of the text begin with capital letters.
    """
    before, after = line[max(begin, at - _TAIL) : at], line[at : at + _HEAD]
    if at - begin <= _TAIL and (_LIST_NUMBER.fullmatch(before) or _INITIALS.fullmatch(before)):
        return True
    opened, dash = _OPENS.match(after), _DASH_SMALL.match(after)
    head = after[opened.end() :] if opened else after
    small = head[:1].islower() and after[:1] != "[" and not _NO_WORD.match(head)
    if _inside_word(before, after) or (dash and dash[1].islower()):
        return True
    if _QUOTATION.search(before):
        return small or _ATTRIBUTION.match(after) is not None or _CITATION.match(after) is not None
    return _FULL_STOP.search(before) is not None and _full_stop_goes_on(before, head, small, language, capitals)


def _full_stop_goes_on(before: str, head: str, small: bool, language: str, capitals: bool) -> bool:
    """Tell whether a sentence goes on with `head` after a full stop. small: head begins with a small letter."""
    if small and (capitals or _SHORT_WORD.search(before)):
        return True
    if language in _ORDINALS and _ORDINAL.search(before):
        return small or (language in _ORDINALS_BEFORE_CAPITALS and not _GERMAN_START.match(head))
    token = _TOKEN.search(before)
    if token is None:
        return False
    counted = _COUNTED.search(before[: token.start(2)]) is not None
    if len(token[2]) == 1 and token[2].isupper() and head[:1].isupper() and before[: token.start(2)].endswith(". "):
        return True  # an initial after another one or after a title
    words = {token[2], "".join(token[1].split()) + token[2]}
    if language in _ELIDING:
        words.add(re.split("['’]", token[2])[-1] or token[2])
    return any(_abbreviates(word, head, small, language, counted) for word in words)


def _abbreviates(token: str, head: str, small: bool, language: str, counted: bool) -> bool:
    """Tell whether a word before a full stop is an abbreviation after which a sentence goes on with `head`."""
    word = token.lower()
    number = _NUMBER.match(head) is not None
    known = _ALWAYS.get(language, frozenset())
    titles = known | _ALWAYS["en"] if token[0].isupper() else known
    if (word in known or (token[0].isupper() and word.capitalize() in titles)) and not (counted and word in _UNITS):
        return head[:1].isalnum()
    if number and word in _BEFORE_NUMBERS:
        return True
    if word in ("a.m", "p.m") and _CLOCK.match(head):
        return True
    return (small or head[:1].isdigit()) and (word in _MAY_END or _DOTTED.fullmatch(word) is not None)


def _inside_word(before: str, after: str) -> bool:
    """Tell whether a full stop without a space after it stands in a name (.NET, ASP.NET, J.Smith, 1.5, Node.js)."""
    if before[-1:] != "." or not after[:1].isalnum():
        return False
    word = before[:-1].split()[-1:] if not before[-2:-1].isspace() else []
    if not word or before == ".":
        return True
    if after[0].isupper():
        shouted = word[0].isupper() and after[:2].isupper() and after[1:2] != " "
        return shouted or len(word[0]) == 1 or _DOMAIN.match(after) is not None
    return after[0].islower() or after[0].isdigit()
