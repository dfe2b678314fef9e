"""What is printed: one JSON object, or lines and tables that a person can read, whatever the text in them."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightdesk.flows.cli.terminal import show, show_table

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(["out", "verdict", "stages"]), VALUES, min_size=1))
def test_json_is_one_line_that_gives_the_result_back(
    capsys: pytest.CaptureFixture[str], result: dict[str, Any]
) -> None:
    show(result, as_json=True)
    out = capsys.readouterr().out
    assert out.endswith("\n") and out.count("\n") == 1
    assert json.loads(out) == result


def test_a_result_is_a_line_a_field_with_the_values_below_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    show({"documents": 3, "out": "out", "stages": {"find": 1.5, "locate": 2}}, as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        "documents  3",
        "out        out",
        "stages     find 1.5, locate 2",
    ]


def test_a_table_shows_names_as_they_are_and_numbers_by_four_digits(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"model": "[bold]one[/bold]", "weight": 0.25, "hidden": 1}, {"model": "[/]", "weight": 0.75, "hidden": 2}]
    show_table("[red]weights", rows, ("model", "weight"))
    out = capsys.readouterr().out
    for shown in ("[red]weights", "[bold]one[/bold]", "[/]", "0.2500", "0.7500"):
        assert shown in out
    assert "hidden" not in out
    show_table("nothing", [], ("model", "weight"))
    assert "model" in capsys.readouterr().out
