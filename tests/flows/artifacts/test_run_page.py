"""A run's page: the verdict first, then the stories, figures and audit of its tables, and the weights it taught."""

import asyncio
import json

import pytest
from markdown_it import MarkdownIt
from prefect import flow, runtime

from nightdesk.flows.artifacts.edition_link import READ_AT
from nightdesk.flows.artifacts.markdown import plain
from nightdesk.flows.artifacts.run_page import show_run
from nightdesk.flows.artifacts.run_summary import summary
from nightdesk.flows.artifacts.run_verdict import RunVerdict
from nightdesk.tasks.edition.pages import write_edition
from nightdesk.tasks.learning.learn import Learned, learn_from_tables
from nightdesk.tasks.reorganizing.run import Run
from tests.flows.conftest import Desk
from tests.tables import rows
from tests.tasks.house import House
from tests.tasks.made import DAY
from tests.texts import write_evening

VERDICT = RunVerdict("2 documents were read", ("1 document could not be read: mend it",))


def page_of(desk: Desk, run: Run, learned: Learned | None, edition: str | None = None) -> dict[str, dict[str, str]]:
    """Show a run in a flow run of its own; return what stands on that one's page."""

    @flow(name="shown-run")
    async def shown() -> str:
        await show_run(run, summary(run, learned.version if learned else None, edition), VERDICT, learned)
        return str(runtime.flow_run.id)

    return desk.artifacts(asyncio.run(shown()))


def test_the_summary_says_the_verdict_first_and_then_what_stands_in_the_tables(in_process: Desk, house: House) -> None:
    for k in range(2):
        write_evening(house.source, f"d{k}", seed=k, passages=4)
    (house.source / "bad.txt").write_bytes(b"fine\n\xff\x00")
    run = house.night("run-1")
    page = page_of(in_process, run, None)
    assert page.keys() == {"summary", "spend"}
    assert page["summary"]["description"] == f"Worth a look: 2 documents were read; {VERDICT.concerns[0]}"
    text = page["summary"]["data"]
    assert text.startswith(f"# Worth a look\n\n2 documents were read\n\n- {plain(VERDICT.concerns[0])}\n")
    topics = rows(house.out, "topics")
    sizes: dict[str, int] = {}
    for topic in topics:
        sizes[topic["story_id"]] = sizes.get(topic["story_id"], 0) + topic["sentences"]
    biggest = min(sizes, key=lambda story: (-sizes[story], story))
    title = max((t for t in topics if t["story_id"] == biggest), key=lambda t: t["sentences"])["title"]
    stories = text.partition("## The biggest stories")[2].strip().splitlines()
    assert stories[2].startswith(f"| {plain(title)} | {sizes[biggest]:,} | ")
    assert f"| sentences | {len(rows(house.out, 'passages')):,} |" in text
    assert "| unreadable | 1 |" in text
    assert f"tables/*/run_date={DAY.isoformat()}/" in text
    spent = json.loads(page["spend"]["data"])
    assert {r["model"] for r in spent} == {c["model"] for c in rows(house.out, "calls") if not c["from_cache"]}
    assert sum(r["calls"] for r in spent) == sum(not c["from_cache"] for c in rows(house.out, "calls"))
    assert "| passages | " in text.partition("## The audit")[2]
    lost = text.partition("## Not read")[2].partition("## The biggest stories")[0]
    assert "bad.txt" in lost.replace("\\", "")


def test_the_verdict_that_names_documents_is_no_markdown(in_process: Desk, house: House) -> None:
    write_evening(house.source, "d", seed=1, passages=4)
    run = house.night("run-1")
    fault = (
        "the audit withheld 1 batch: batch 1 (![x](http://evil.example/p), <img src=//evil.example>, WWW.evil.example)"
    )
    verdict = RunVerdict("2 documents were read", (), (fault,))

    @flow(name="shown-bad-run")
    async def shown() -> str:
        await show_run(run, summary(run, None, None), verdict, None)
        return str(runtime.flow_run.id)

    description = in_process.artifacts(asyncio.run(shown()))["summary"]["description"]
    assert description == plain(verdict.line, 600)
    kinds = {t.type for token in MarkdownIt("commonmark").parse(description) for t in token.children or ()}
    assert kinds <= {"text", "text_special", "entity"}


def test_what_a_run_taught_stands_beside_it_with_the_picture_and_the_weights_before_and_after(
    in_process: Desk, house: House
) -> None:
    write_evening(house.source, "d", seed=1, passages=4)
    run = house.night("run-1")
    page = page_of(in_process, run, learn_from_tables(house.out, run.profile, DAY, run.run_id))
    assert page["weights"]["description"].startswith("Weights, version 1: Learned from ")
    text = page["weights"]["data"]
    assert text.startswith("# Weights, version 1\n")
    assert "](data:image/svg+xml;base64," in text
    told = rows(house.out, "weights")
    changes = json.loads(page["weight-changes"]["data"])
    assert told
    assert {(r["role"], r["language"], r["model"], r["after"]) for r in changes} == {
        (r["role"], r["language"], r["model"], round(r["weight"], 3)) for r in told
    }


def test_the_edition_is_a_link_where_editions_are_served(
    in_process: Desk, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_evening(house.source, "d", seed=1, passages=4)
    run = house.night("run-1")
    edition = str(write_edition(house.out, DAY))
    assert "edition" not in page_of(in_process, run, None, edition)
    monkeypatch.setenv(READ_AT, "http://127.0.0.1:4201/secret/")
    link = page_of(in_process, run, None, edition)["edition"]
    assert f"(http://127.0.0.1:4201/secret/{DAY.isoformat()}/index.html)" in link["data"]
