"""Errors name their place and their remedy, and travel between processes."""

import pickle

import pytest

from nightdesk.role_rl import errors


@pytest.mark.parametrize(
    "kind", [errors.StateMissing, errors.StateUnreadable, errors.StateUnwritable, errors.VersionExists]
)
def test_errors_pickle_and_name_place_and_remedy(kind: type[errors.StateError]) -> None:
    error = pickle.loads(pickle.dumps(kind("out/state/news/000001.json", "why")))
    assert type(error) is kind
    assert isinstance(error, errors.RoleRLError)
    assert str(error).startswith("out/state/news/000001.json: why; ")
    assert len(str(error)) > len("out/state/news/000001.json: why; ")
