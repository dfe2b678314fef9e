"""Which full stops end a sentence, in many languages."""

import pytest

from nightdesk.tasks.reading.sentence_ends import uses_capitals
from nightdesk.tasks.reading.sentences import split_prose, split_sentences

CASES = [
    ("en", "Ms. Holm met Messrs. Day and Roe at 7 p.m. Monday.|They left at 9 a.m. CET on Friday.|It was late."),
    ("en", "Sen. Roe (R-Tex.) spoke for approx. five minutes.|Rep. Day (D-N.Y.) did not.|Gov. J. B. Holm slept."),
    ("en", "Ash fell on Mt. Olin, Ft. Tolver and Pt. Ellen.|The U.S. Senate and a U.S. Treasury note say so.|"
           "He left the U.S.|However, she stayed in Washington, D.C.|The Olin Bros. Pictures office closed."),
    ("en", "The VB.NET and .NET people made $2.5bn. and went.|Paint.NET is free.|So is Vue.js today."),
    ("en", "1. Wash the pan.|2. Dry it.|(3) Sleep.|"
           "II. Rise.|See Figs. 3 and 4, pp. 5-7.|Did he say no?|He said no.|I know."),
    ("en", "He sells apples, pears, etc.|They are good.|"
           "It rains.[4]|Then it stops.[5][6]|The end.|iPads sold well.|See it at x.org."),
    ("en", "“We won.”|Ann Day said that she was glad.|"
           "“We won,” Ms. Day said.|“Stop!” he cried.|“Go.” Ann Day said in May."),
    ("en", "It was over.|https://example.org/x has more.|Then x = 2.|It was ....the end."),
    ("de", "Am 2. Mai kam Fr. Dr. Weiß z. B. nach Bonn, bzw. Köln.|"
           "Er ist 60.|Sie kam um ca. 5 Uhr usw.|Dann war Schluss."),
    ("de", "Der 1. FC Köln zahlte 3 Mio. Euro.|„Gehen wir?“, fragte er.|»Nein.«|Dann ging er.|Siehe Nr. 5 und Abs. 2."),
    ("fr", "Il voit que M. Roux et Mme. Petit sont là.|"
           "« Allons-y ! » dit-il.|« Demain, on verra. »|C'est l'art. 3, p. 12.|Oui."),
    ("es", "El Sr. Gil y la Dra. Paz viven en la Av. Sur núm. 5.|"
           "Véase el art. 3, pág. 5.|—No sé. —dijo él.|Uds. saben. a veces no."),
    ("it", "Il dott. Neri e l'avv. Bo, ecc.|Poi tutti a casa.|Vedi pag. 5.|«Andiamo.»|Disse di no."),
    ("pt", "O Sr. Dias e a Dra. Reis moram na Av. Sul, n. 5.|Ele saiu."),
    ("nl", "Dhr. Smit woont o.a. in Delft, d.w.z. nr. 5.|Hij kent dr. De Boer."),
    ("pl", "Zginęło ok. 5 tys. osób, m.in. prof. dr hab. Wilk.|"
           "W 1991 r. było inaczej.|– Idziesz? – zapytał.|Mieszka przy ul. Polnej."),
    ("cs", "Např. pan Malý, tzv. mistr, bydlí v ul. Nová č. 5.|Dne 3. října přišel."),
    ("ru", "В г. Туле живёт 5 тыс. чел. по данным на 2024 г. включительно.|"
           "Т. е. мало.|«Да». — сказал он.|«Нет!» — крикнула она."),
    ("ru", "Проф. И. И. Сидоров, ул. Новая, д. 5, кв. 3.|См. рис. 5.|Цена 5 руб. за кг.|Он ушёл и т. д.|Всё."),
    ("uk", "У м. Луцьку живе 3 тис. осіб, напр. на вул. Новій.|Проф. І. І. Сидір, див. с. 5.|Кінець."),
    ("el", "Ο κ. Νίκου είπε π.χ. αυτό.|Βλ. σελ. 5.|Η κα. Ελένη ήρθε στην οδ. Αθηνάς."),
    ("tr", "Dr. Can ve Prof. Dr. Ay geldi.|Bkz. s. 5, örn. bu.|Bitti."),
    ("sv", "T.ex. fru Ek, bl.a. i Lund, ca. 5 km.|Slut."),
    ("fi", "Esim. tri Salo tuli 3. lokakuuta.|Hän lähti."),
    ("hu", "Pl. dr. Kis ifj. Nagy Péterrel jött 1956. október 23-án.|Vége."),
    ("ro", "Dl. Pop și dna. Ene locuiesc pe str. Mare nr. 5.|Gata."),
    ("ar", "ذهب د. سامي إلى البيت.|هل عاد؟|نعم."),
]  # fmt: skip
TOGETHER = [
    (
        "ja",
        "「行こう。」と彼は言った。|「どこへ？」と彼女が聞いた。|「海。」|とても遠い。|山田氏は「中止だ。」と述べた。",
    ),
    (
        "zh",
        "“水太快了。”老王说。|“我走。”她说道。|记者问：“为什么？”|“不清楚。”李先生表示。|他说：“好。”|她说：“不。”|今天没事。",
    ),
    ("zh", "1.洗锅。|2.擦干。|价格3.5元。|17日关门。|“太贵了！”有人喊，“走吧。”|好。"),
]
KOREAN = '"문을 닫습니다.|돌아가 주세요."라고 그는 말했다.|"언제요?" 하고 물었다.|“내일입니다.” 그는 말했다.|끝이다.'


@pytest.mark.parametrize(("language", "text"), [*CASES, ("ko", KOREAN)])
def test_sentences_end_where_a_reader_would_end_them(language: str, text: str) -> None:
    assert split_sentences(text.replace("|", " "), language) == text.split("|")


@pytest.mark.parametrize(("language", "text"), TOGETHER)
def test_without_spaces_too(language: str, text: str) -> None:
    assert split_sentences(text.replace("|", ""), language) == text.split("|")


def test_a_small_letter_begins_a_sentence_where_nobody_uses_capitals() -> None:
    small = "we had rain. then it stopped. we went out. it was nice."
    assert not uses_capitals(small)
    assert [s[1] for s in split_prose(small)] == ["we had rain.", "then it stopped.", "we went out.", "it was nice."]
    assert uses_capitals("We had rain. Then approx. five of us went. Fine.")
    assert not uses_capitals("")


def test_a_letter_of_a_name_or_a_number_ends_nothing_in_any_language() -> None:
    for language in ("en", "de", "xx", "zh"):
        assert split_sentences("Ask J. Roe about 3.5 of it. Thanks.", language) == [
            "Ask J. Roe about 3.5 of it.",
            "Thanks.",
        ]
