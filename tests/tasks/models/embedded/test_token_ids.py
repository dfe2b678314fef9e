"""Tokens of sentences: encoded word by word, the same as of whole sentences."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightdesk.tasks.models.embedded import token_ids as module
from nightdesk.tasks.models.embedded.token_ids import encodable, token_ids, tokenizer
from tests.tasks.models.embedded.made import BEES, FERRY, KETTLE

PARTS = st.sampled_from(
    ["the", "Ferry", "can't", " ", "  ", ",", ".", "”", "’s", "12", "3.5", "大桥", "今天", "é", "▁", "<s>", "</s>"]
)


def whole(sentence: str) -> list[int]:
    ids: list[int] = tokenizer().encode(encodable(sentence), add_special_tokens=False).ids
    return ids


@given(st.lists(st.text() | st.lists(PARTS).map("".join) | st.text(string.printable), max_size=6))
def test_ids_are_those_of_the_whole_sentence(sentences: list[str]) -> None:
    assert token_ids(sentences) == [whole(s) for s in sentences]


def test_no_token_reaches_over_a_cut() -> None:
    words = [t for t in tokenizer().get_vocab() if t not in ("<s>", "</s>", "<unk>") and not t.startswith("<0x")]
    assert len(words) > 30_000
    assert [t for t in words if len(module._PIECE.findall(t)) > 1] == []


def test_a_full_cache_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CACHED_PIECES", 8)
    sentences = [*FERRY, *BEES, *KETTLE]
    for part in (sentences[:2], sentences[2:3], sentences):
        assert token_ids(part) == [whole(s) for s in part]


def test_what_is_no_word_is_not_kept() -> None:
    token_ids([f"see {'x' * 500} there"])
    assert max(map(len, module._known)) <= module.LONGEST_KEPT
