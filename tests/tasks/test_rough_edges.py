"""Rough edges: odd names, odd numbers, killed publications, replies that nearly fit. Each ends in a clear line."""

import asyncio
import itertools
import json
from contextlib import suppress

import pytest

from nightdesk.tasks.calling.answer_store import Store
from nightdesk.tasks.calling.rate_limits import Admission
from nightdesk.tasks.config.profile import Chunks, load_profile
from nightdesk.tasks.config.shipped_data import folder
from nightdesk.tasks.errors import InputError, PublishError, TerminalError
from nightdesk.tasks.roles import prompts, topic_finder
from nightdesk.tasks.roles.chunk_splitter import split_document
from tests.tasks.calling.test_rate_limits import model, run

NEWS = (folder("profiles") / "news.toml").read_text()


# --- admission ---
def test_a_minute_takes_no_more_tokens_than_a_model_allows():
    times = []

    async def one(admission):
        async with admission.grant("a", 10_000, 0.0):
            times.append(asyncio.get_running_loop().time())

    async def check():
        admission = Admission((model(tokens_per_minute=60_000),), 0.0)
        await asyncio.gather(*(one(admission) for _ in range(30)))

    run(check())
    assert max(10_000 * sum(s <= t < s + 60 for t in times) for s in times) <= 70_000


def test_a_model_that_rests_is_sent_nothing_by_those_that_waited_for_their_turn():
    async def check():
        admission, loop, times = Admission((model(requests_per_minute=6),), 0.0), asyncio.get_running_loop(), []

        async def one():
            async with admission.grant("a", 10, 0.0):
                times.append(loop.time())

        calls = [asyncio.ensure_future(one()) for _ in range(3)]
        await asyncio.sleep(1)
        admission.rest("a", 300.0)
        await asyncio.gather(*calls)
        assert all(t >= 300 for t in times[1:])

    run(check())


# --- prompts ---
def reply(numbers, label="a"):
    return json.dumps({"groups": [{"label": label, "numbers": numbers}]})


def test_a_range_the_wrong_way_round_is_not_dropped_in_silence():
    with pytest.raises(TerminalError):
        prompts.parse(reply("7-4"))


def test_many_wide_ranges_are_refused():
    with pytest.raises(TerminalError):
        prompts.parse(reply(", ".join(["1-99999"] * 40)))


def test_a_label_can_be_stored():
    with suppress(TerminalError):
        prompts.parse('{"groups": [{"label": "cut \\ud83d off", "numbers": "1"}]}').groups[0].label.encode()


@pytest.mark.parametrize("end", ["\r", "\x0b", "\x85", "\u2028", "\u2029"])
def test_no_line_end_passes_for_another_item(end):
    items = prompts.render(topic_finder.make_request([f"One.{end}2. Two."], "en")).items
    assert sum(line.startswith("2. ") for line in items.splitlines()) == 0


def test_a_repair_is_told_what_was_wrong():
    from dataclasses import replace

    asked = replace(topic_finder.make_request(["One."], "en"), failed='[[["x", [9], []]], "numbers never shown: 9"]')
    p = prompts.render(asked)
    assert "never shown" in p.instructions + p.items + p.question


def test_the_error_says_what_is_missing():
    with pytest.raises(TerminalError, match="numbers"):
        prompts.parse('{"groups": [{"label": "a"}]}')


# --- publish, forget ---


# --- documents ---


# --- profile, store, splitter ---
def test_a_profile_nested_too_deep_is_bad_input(tmp_path):
    (tmp_path / "p.toml").write_text("a = " + "[" * 5000)
    with pytest.raises(InputError):
        load_profile(str(tmp_path / "p.toml"))


def test_excluding_a_model_that_is_not_in_the_pool_is_bad_input(tmp_path):
    (tmp_path / "p.toml").write_text('exclude = ["statik"]\n' + NEWS)
    with pytest.raises(InputError):
        load_profile(str(tmp_path / "p.toml"))


def test_a_damaged_store_is_named(out):
    store = Store(out, "one")
    for k in range(2000):
        store.put(f"k{k}", ["x" * 100], {"call_id": f"c{k}", "doc_id": "d"})
    store.close()
    with (out / "answers.db").open("r+b") as f:
        f.seek(8192)
        f.write(b"\xff" * 40_000)
    with pytest.raises(PublishError):
        store = Store(out, "two")
        try:
            store.adopt()
            store.get("k1000")
        finally:
            store.close()


def test_no_chunk_lies_inside_its_neighbour():
    chunks = split_document("d", ["x" * 100] * 40 + ["x" * 23_950] + ["x" * 100] * 40, Chunks())
    assert all(a.end < b.end for a, b in itertools.pairwise(chunks))
