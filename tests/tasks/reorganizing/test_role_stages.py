"""The role stages: what each writes down, how far it says it is, and why something was lost."""

from pathlib import Path

import pytest

from nightdesk.tasks.config.profile import load_profile
from tests.servers.playing import Playing
from tests.tasks.reorganizing.ran import TEXTS, Told, profile, run


def test_a_document_whose_topics_do_not_fit_any_model_says_that_they_were_not_compared(
    cluster: str, out: Path, server: Playing
) -> None:
    long = [" and ".join(s.rstrip(".") for s in TEXTS[k : k + 8]) + "." for k in range(0, 112, 8)]  # 14 a story, of 8
    ran = run(cluster, out, profile(server, narrow=1500), long)
    assert all(p in ran.work.placed[k] and p in ran.work.filed[k] for p, k in ran.work.owned())
    assert ran.work.unjoined
    assert "were not compared: longer than any model" in ran.work.notes[0]


def test_each_stage_counts_its_questions_up_to_the_last(cluster: str, out: Path) -> None:
    told: list[Told] = []
    ran = run(cluster, out, load_profile("news"), told=told)
    ran.assert_whole()
    for stage in ("split", "find", "locate", "relate", "organize"):
        counts = [(done, of) for name, done, of in told if name == stage]
        assert [done for done, _ in counts] == list(range(1, len(counts) + 1))
        assert counts[-1][0] == counts[-1][1]


@pytest.mark.parametrize(
    ("where", "role", "lost"),
    [
        ("Find the topics of the numbered sentences", "topic_finder", "topics"),
        ("File every numbered sentence", "content_organizer", "categories"),
    ],
)
def test_what_no_model_answered_is_lost_with_the_role_and_the_cause(
    cluster: str, out: Path, server: Playing, where: str, role: str, lost: str
) -> None:
    server.control("trouble", fault="refusal", where=where)
    work = run(cluster, out, profile(server, wide=0)).work
    chunks = set(range(len(work.chunks)))
    assert set(work.not_located) == (chunks if lost == "topics" else set())
    assert set(work.not_organized) == (chunks if lost == "categories" else set())
    for why in (*work.not_located.values(), *work.not_organized.values()):
        assert why.reason.startswith(role)
        assert why.cause in ("models", "text")
    assert any(work.placed) == (lost != "topics")
    assert any(work.filed) == (lost != "categories")
