"""State files of an earlier schema are rewritten, and the learner goes on from them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from nightdesk.role_rl.state import to_json
from nightdesk.role_rl.state_versions import latest
from nightdesk.tasks.errors import PublishError
from nightdesk.tasks.tables import migration
from nightdesk.tasks.tables.migration import migrate, migrate_if_cheap
from tests.role_rl.made import some

FIRST_SCHEMA = """{
 "created_at": "2026-03-01T02:00:00+00:00", "from_run_ids": ["r1"], "learned_run_ids": ["r0", "r1"],
 "night": "2026-03-01",
 "plans": [{"challengers": {"a": 0.9, "b": 0.1}, "duel_rate": 0.01, "judge_rate": 0.02, "language": "en", "role": "r",
   "weights": {"a": 0.9, "b": 0.1}}],
 "previous": null, "profile": "news", "reason": "because", "schema": 1, "strategy": "posterior",
 "tallies": [{"answers": 1.5, "arm": "a", "cost": [1.0, 2.0, 3.0], "judged": {"b": [1.0, 0.5, 0.25]}, "language": "en",
   "role": "r", "seconds": [0.0, 0.0, 0.0], "valid": 1.0}],
 "version": 1
}"""


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """An OUT whose weights are of the first schema."""
    folder = tmp_path / "state" / "news"
    folder.mkdir(parents=True)
    (folder / "000001.json").write_text(FIRST_SCHEMA)
    return tmp_path


def test_weights_of_the_first_schema_serve_after_the_migration(out: Path) -> None:
    assert latest(out / "state" / "news")[0] is None
    assert migrate_if_cheap(out) is None
    before = some(1, from_run_ids=("r1",), learned_before=("r0",), night="2026-03-01")
    assert latest(out / "state" / "news") == (before, [])
    assert set(migrate(out).values()) == {0}


def test_weights_of_the_third_schema_serve_after_the_migration(tmp_path: Path) -> None:
    """It called the context of a tally or plan a language, and did not know on which night one began."""
    folder = tmp_path / "state" / "news"
    folder.mkdir(parents=True)
    tally = some(1).tallies
    state = some(1, halves=(tally, {}), decisions={("r", "en"): 7.0}, began={("r", "en"): "2026-03-01"})
    document = json.loads(to_json(state).replace('"context"', '"language"'))
    del document["began"]
    (folder / "000001.json").write_text(json.dumps({**document, "schema": 3}))
    assert migrate_if_cheap(tmp_path) is None
    assert latest(folder) == (replace(state, began={}), [])


def test_a_damaged_file_stays_as_it_is_and_the_others_are_brought_up(out: Path) -> None:
    damaged = out / "state" / "news" / "000002.json"
    damaged.write_text(FIRST_SCHEMA[:80])
    assert migrate(out)["state"] == 1
    assert damaged.read_text() == FIRST_SCHEMA[:80]
    state, warnings = latest(out / "state" / "news")
    assert state is not None and state.version == 1 and "000002.json" in warnings[0]


def test_a_file_that_cannot_be_written_is_named(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(PublishError, match=r"000001\.json.*No space left"):
        migrate(out)
    assert [p.name for p in (out / "state" / "news").iterdir()] == ["000001.json"]


def test_where_much_waits_for_a_migration_by_hand_the_newest_weights_serve(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration, "CHEAP_BYTES", 10)
    folder = out / "state" / "news"
    (folder / "000002.json").write_text(FIRST_SCHEMA.replace('"version": 1', '"version": 2'))
    assert "nightdesk migrate" in str(migrate_if_cheap(out))
    state, warnings = latest(folder)
    assert state is not None and state.version == 2 and warnings == []
    assert (folder / "000001.json").read_text() == FIRST_SCHEMA
