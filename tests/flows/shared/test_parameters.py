"""What flows are asked to do: what is left empty counts as not named, and what cannot be meant is refused."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from prefect.utilities.callables import parameter_schema
from pydantic import ValidationError

from nightdesk.flows.adhoc import adhoc
from nightdesk.flows.shared.following.parameters import FollowParameters
from nightdesk.flows.shared.parameters import (
    AdhocParameters,
    EvaluateParameters,
    LearnParameters,
    Parameters,
    RunParameters,
    offer_profile,
)

MODELS = (RunParameters, LearnParameters, EvaluateParameters, FollowParameters)
EMPTY = st.sampled_from([None, "", "  ", "\n"])


@given(st.sampled_from(MODELS), st.data())
def test_a_field_that_is_left_empty_in_whatever_way_has_its_default(
    kind: type[Parameters], data: st.DataObject
) -> None:
    names = data.draw(st.sets(st.sampled_from(sorted(kind.model_fields))))
    assert kind.model_validate({name: data.draw(EMPTY) for name in names}) == kind()


@given(st.lists(EMPTY | st.sampled_from(["a.txt", "wires/{run_date}"]), max_size=5))
def test_items_of_a_list_that_are_left_empty_are_not_sources(items: list[str | None]) -> None:
    assert RunParameters.model_validate({"sources": items}).sources == [i for i in items if i and i.strip()]


@pytest.mark.parametrize("kind", [*MODELS, AdhocParameters])
def test_a_name_that_is_not_known_is_refused_even_if_it_is_empty(kind: type[Parameters]) -> None:
    for value in ("x", ""):
        with pytest.raises(ValidationError, match="sauces"):
            kind.model_validate(
                {"text": "It is so.", "sauces": value} if kind is AdhocParameters else {"sauces": value}
            )


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ({}, "nothing to read: paste a text, or name sources"),
        ({"text": "  ", "sources": [""]}, "nothing to read"),
        ({"doc_id": "tonight", "sources": ["a.txt"]}, "a text is named 'tonight', but none was pasted"),
        ({"text": "It is so.", "doc_id": "../up"}, "doc_id"),
        ({"text": "It is so.", "doc_id": "x" * 101}, "doc_id"),
        ({"text": "It is so.", "run_date": "2026-02-30"}, "run_date"),
    ],
)
def test_what_cannot_be_meant_is_refused(given_: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        AdhocParameters.model_validate(given_)


@given(st.dates())
def test_a_date_comes_through_the_form_and_back(day: date) -> None:
    asked = RunParameters.model_validate({"run_date": day.isoformat()})
    assert asked.run_date == day
    assert RunParameters.model_validate_json(asked.model_dump_json()) == asked


def test_every_field_of_a_form_has_one_plain_type_and_a_title() -> None:
    for kind in (*MODELS, AdhocParameters):
        for name, field in kind.model_json_schema()["properties"].items():
            assert field["type"] in ("string", "boolean", "array", "number"), name
            assert field["title"] and "anyOf" not in field
            assert field.get("default", "") is not None


def test_the_form_that_is_registered_offers_the_served_profile_and_the_shipped_ones() -> None:
    offer_profile("/srv/mine.toml")
    offer_profile("news")  # shipped: it stands there once
    form = parameter_schema(adhoc).model_dump()["definitions"]["AdhocParameters"]["properties"]["profile"]
    assert form["enum"] == ["commerce", "news", "news-llm", "/srv/mine.toml"]


def test_a_name_that_is_no_utf8_is_kept_for_the_run_and_noted_as_text() -> None:
    given = RunParameters(sources=["caf\udce9.txt"], text_id="\udcff", profile="\udcff.toml")
    assert given.sources == ["caf\udce9.txt"]
    noted = json.loads(given.model_dump_json())
    assert (noted["sources"], noted["text_id"], noted["profile"]) == (["caf\ufffd.txt"], "\ufffd", "\ufffd.toml")


@pytest.mark.parametrize(
    ("given_", "is_all"),
    [
        ({}, False),
        ({"documents": "everything again"}, True),
        ({"documents": ""}, False),
        ({"only_new": False}, True),
        ({"only_new": True}, False),
        ({"only_new": None}, False),
        ({"only_new": False, "documents": "only what is missing"}, False),
    ],
)
def test_what_is_taken_is_a_choice_and_its_older_name_is_understood(given_: dict[str, Any], is_all: bool) -> None:
    assert RunParameters.model_validate(given_).is_all is is_all


def test_the_schema_takes_the_older_name_and_shows_it_in_no_form() -> None:
    schema = RunParameters.model_json_schema()
    assert "only_new" not in schema["properties"]
    checked = Draft202012Validator(schema)
    assert checked.is_valid({"only_new": False})
    assert not checked.is_valid({"only_new": "no"})
    assert not checked.is_valid({"only_knew": False})
