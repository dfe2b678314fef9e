"""Documents: their hash, their times, and characters that no table can hold."""

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.reading.documents import make_document
from tests.tasks.reading.written import one, write


def test_times_reach_the_document_and_others_have_none(tmp_path: Path) -> None:
    d = one(tmp_path / "a.vtt", "00:01.000 --> 00:02.000\nShut again.\n\n00:03.500 --> 00:04.000\n<v Ann>Ferries run.")
    assert (d.starts, d.ends, d.speakers) == ((1.0, 3.5), (2.0, 4.0), (None, "Ann"))
    assert d.said(1) == {"start_s": 3.5, "end_s": 4.0, "speaker": "Ann"}
    plain = one(tmp_path / "a.txt", "Shut again.")
    assert (plain.starts, plain.ends, plain.speakers) == (None, None, None)
    assert plain.said(0) == {"start_s": None, "end_s": None, "speaker": None}


SENTENCE_PAIRS = st.lists(st.tuples(st.text(max_size=3), st.text(max_size=6)), min_size=1, max_size=4)


def test_lone_surrogates_become_replacement_characters_and_are_counted(tmp_path: Path) -> None:
    d = one(write(tmp_path / "a.json", r'[["i\udc00", "cut \ud83d off"], ["2", "whole \ud83d\ude00"]]'))
    assert d.ids[0] == "i\ufffd"
    assert d.texts == ("cut \ufffd off", "whole \U0001f600")
    assert d.replaced == 2


@pytest.mark.parametrize("sentences", [0, 1, 9_999, 10_000, 10_001, 20_000])
def test_the_content_hash_is_that_of_ids_and_sentences_as_compact_json(sentences: int) -> None:
    pairs = [(f"{k}", f'"Ä" {k}\n') for k in range(sentences)]
    told = [[i for i, _ in pairs], [text for _, text in pairs]]
    content = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    assert make_document("a", "a.json", pairs).content_hash == hashlib.sha256(content.encode()).hexdigest()


@given(SENTENCE_PAIRS, SENTENCE_PAIRS)
def test_the_content_hash_stands_for_ids_and_sentences_alone(
    one: list[tuple[str, str]], other: list[tuple[str, str]]
) -> None:
    a, b = make_document("a", "a.txt", one), make_document("b", "b.json", list(one))
    assert a.content_hash == b.content_hash
    c = make_document("a", "a.txt", other)
    assert (a.content_hash == c.content_hash) == (a.ids == c.ids and a.texts == c.texts)
