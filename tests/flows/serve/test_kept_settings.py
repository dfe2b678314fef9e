"""What a start makes of settings that were edited since the last one."""

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nightdesk.flows.serve.kept_settings import (
    DESCRIPTION,
    TAGS,
    Applied,
    Night,
    flat,
    merge,
    nested,
    read_applied,
    write_applied,
)

VALUES = st.sampled_from(["a", "b", "c"])
KEYS = st.sampled_from(["parameter out", "parameter learn", "concurrency limit"])
SETTINGS = st.dictionaries(KEYS, VALUES)


def with_tags(settings: dict[str, Any], *tags: str) -> dict[str, Any]:
    return {**settings, TAGS: list(tags)}


@given(SETTINGS, SETTINGS)
def test_what_was_edited_stays_if_the_command_line_is_as_it_was(
    wanted: dict[str, Any], standing: dict[str, Any]
) -> None:
    merged, lines = merge("nightly", with_tags(wanted), with_tags(standing), with_tags(wanted))
    assert merged == with_tags(standing)
    assert len(lines) == sum(standing.get(k) != wanted.get(k) for k in {*standing, *wanted})
    assert all("in Prefect, and stays so" in line and "\n" not in line for line in lines)


@given(SETTINGS, SETTINGS)
def test_without_edits_everything_is_as_this_start_has_it_and_nothing_is_said(
    before: dict[str, Any], wanted: dict[str, Any]
) -> None:
    merged, lines = merge("nightly", with_tags(before), with_tags(before), with_tags(wanted))
    assert (merged, lines) == (with_tags(wanted), [])


@given(SETTINGS, SETTINGS, SETTINGS)
def test_what_the_command_line_has_changed_counts_and_the_rest_stays(
    before: dict[str, Any], standing: dict[str, Any], wanted: dict[str, Any]
) -> None:
    merged, _ = merge("nightly", with_tags(before), with_tags(standing), with_tags(wanted))
    for key in {*before, *standing, *wanted}:
        is_own = key.startswith("parameter ")
        expected = wanted if before.get(key) == standing.get(key) else standing
        if is_own and before.get(key) != wanted.get(key):
            expected = wanted
        assert merged.get(key) == expected.get(key)
    again, _ = merge("nightly", with_tags(wanted), merged, with_tags(wanted))
    assert again == merged  # a start after that changes nothing


@given(st.sets(VALUES), st.sets(VALUES), st.sets(VALUES))
def test_tags_that_were_added_or_taken_away_stay_so(before: set[str], standing: set[str], wanted: set[str]) -> None:
    merged, _ = merge("n", with_tags({}, *before), with_tags({}, *standing), with_tags({}, *wanted))
    assert set(merged[TAGS]) == (wanted - (before - standing)) | (standing - before)


def test_without_a_record_the_command_lines_parameters_count_and_the_rest_stays() -> None:
    standing = with_tags(
        {"parameter out": "/old", "parameter learn": False, DESCRIPTION: "x", "concurrency limit": 2}, "a"
    )
    wanted = with_tags({"parameter out": "/new", DESCRIPTION: "y", "concurrency limit": 1}, "b")
    merged, lines = merge("n", None, standing, wanted)
    assert merged == with_tags({**standing, "parameter out": "/new", DESCRIPTION: "y"}, "b", "a")
    assert len(lines) == 4


def test_lines_are_of_one_line_each_and_bounded_whatever_was_written_into_prefect() -> None:
    standing = with_tags({"parameter sources": ["x" * 400, "a\nb"], DESCRIPTION: "long\n" * 99})
    _, lines = merge("n", with_tags({}), standing, with_tags({"parameter sources": ["/in"], DESCRIPTION: "ours"}))
    assert len(lines) == 2
    assert all(len(line) < 400 and "\n" not in line for line in lines)


def test_parameters_go_to_settings_and_back_and_strange_ones_do_no_harm() -> None:
    parameters = {"parameters": {"out": "/out", "learn": False}, "beside": 1}
    assert nested(flat(parameters), parameters) == parameters
    assert flat({}) == flat({"parameters": None}) == flat({"parameters": [1]}) == {}


def test_the_record_is_private_and_a_broken_one_counts_as_none(tmp_path: Path) -> None:
    file = tmp_path / "applied.json"
    applied = {"nightly": Applied({"parameter out": "/out"}, Night("0 2 * * *", "UTC", "1"), ["learn"])}
    write_applied(file, applied)
    assert read_applied(file) == applied
    assert file.stat().st_mode & 0o777 == 0o600
    for text in ("", "[]", '{"nightly": {}}', '{"nightly": {"settings": {}, "night": {"x": 1}, "automations": []}}'):
        file.write_text(text)
        assert read_applied(file) == {}
    assert read_applied(tmp_path / "none") == {}
