"""Which topics are shown when it is asked whether new ones go on with them, and when that is asked at all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nightdesk.tasks.following.journal import Journal
from nightdesk.tasks.following.settling import relating
from tests.tasks.following.settling.scripted import ByRule, Followed, profile, spoken


@pytest.fixture
def journal(out: Path) -> Iterator[Journal]:
    with Journal(out, "news") as opened:
        yield opened


def shown(router: ByRule) -> list[list[str]]:
    """Return the first words of what each question about topics has shown so far."""
    asked = [unit.request for unit in router.units if unit.request.role == "relationship_checker"]
    return [[item.split("\n")[-1].split()[0] for item in request.items] for request in asked]


def test_topics_that_nothing_is_near_to_wait_for_the_next_round_and_no_longer(out: Path, journal: Journal) -> None:
    router = ByRule(profile())
    its = Followed(out, journal, router)
    told = spoken(["ferry"] * 6 + ["bank"] * 6 + ["storm"] * 9 + ["match"] * 9 + ["trial"] * 12)
    words = [s._replace(text=f"{s.text.split()[0]} was said.") for s in told]  # no number that two topics share
    its.arrive(("talk", words[:15]))
    assert {t["title"] for t in its.topics().values()} == {"ferry", "bank"}
    assert shown(router) == []
    its.arrive(("talk", words[15:24]))
    assert [sorted(set(q)) for q in shown(router)] == [["bank", "ferry", "storm"]]
    its.arrive(("talk", words[24:33]))
    assert len(shown(router)) == 1
    its.arrive(("talk", words[33:]), is_over=True)
    assert {"match", "trial"} <= set(shown(router)[-1])


def test_the_last_round_asks_at_once(out: Path, journal: Journal) -> None:
    router = ByRule(profile())
    its = Followed(out, journal, router)
    its.arrive(("talk", spoken(["ferry"] * 6 + ["bank"] * 6)), is_over=True)
    assert [sorted(set(q)) for q in shown(router)] == [["bank", "ferry"]]


def test_a_topic_that_is_near_is_shown_however_long_ago_it_was(
    out: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relating, "RECENT", 1)
    router = ByRule(profile())
    its = Followed(out, journal, router)
    its.arrive(("talk", spoken(["ferry"] * 12 + ["bank"] * 12 + ["storm"] * 12 + ["match"] * 12)[:48]))
    its.arrive(("talk", spoken(["x"] * 48 + ["ferry"] * 15)[48:]), is_over=True)
    assert "ferry" in shown(router)[-1][:-1]
    assert [t["sentences"] for t in its.topics().values() if t["title"] == "ferry"] == [27]


def test_the_last_question_shows_topics_that_were_never_compared(
    out: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relating, "RECENT", 1)
    monkeypatch.setattr(relating, "NEAREST", 0)
    router = ByRule(profile())
    its = Followed(out, journal, router)
    words = ["ferry"] * 12 + ["bank"] * 24 + ["storm"] * 24 + ["ferry"] * 24 + ["match"] * 24
    for begin in range(0, 96, 12):
        its.arrive(("talk", spoken(words)[begin : begin + 12]))
    assert len([t for t in its.topics().values() if t["title"].startswith("ferry")]) == 2
    its.arrive(("talk", spoken(words)[96:]), is_over=True)
    assert set(shown(router)[-1]) == {"ferry", "bank", "storm", "match"}
    earlier = min(its.topics().values(), key=lambda t: t["first_position"])
    assert len(earlier["aliases"] or ()) == 1


def test_the_last_question_is_one_however_many_topics_there_are(
    out: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relating, "MOST_TOPICS", 10)
    router = ByRule(profile())
    its = Followed(out, journal, router)
    words = spoken([f"matter{k}" for k in range(20) for _ in range(9)])
    for begin in range(0, 168, 12):
        its.arrive(("talk", words[begin : begin + 12]))
    before = len(shown(router))
    its.arrive(("talk", words[168:]), is_over=True)
    assert len(shown(router)) == before + 1
    assert len(shown(router)[-1]) == 10


def test_a_long_topic_is_shown_by_a_few_pieces_of_a_few_sentences(out: Path, journal: Journal) -> None:
    router = ByRule(profile(60, 10))
    its = Followed(out, journal, router)
    words = spoken(["ferry"] * 600 + ["bank"] * 80)
    for begin in range(0, 680, 40):
        its.arrive(("talk", words[begin : begin + 40]), is_over=begin + 40 == 680)
    request = next(u.request for u in reversed(router.units) if u.request.role == "relationship_checker")
    pieces = [item for item in request.items if item.split("\n")[-1].startswith("ferry")]
    assert 1 < len(pieces) <= 4
    assert all(len(item.split("\n")) <= 16 for item in pieces)  # with the title
    assert len(its.topics()) == 2
