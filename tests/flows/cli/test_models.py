"""`nightdesk models`: the pool, to read and as JSON."""

import json
from pathlib import Path

from tests.flows.cli.typed import listing, nightdesk


def test_the_pool_is_one_json_object_on_stdout(home: Path) -> None:
    before = listing(home)
    ended = nightdesk(home, "models", "--profile", "commerce", "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    (line,) = ended.stdout.splitlines()
    told = json.loads(line)
    assert told["profile"] == "commerce"
    assert [m["model"] for m in told["models"]] == ["static", "lexical", "baseline"]
    assert all(m["serves"] for m in told["models"])
    assert listing(home) == before


def test_the_pool_can_be_read(home: Path) -> None:
    ended = nightdesk(home, "models")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert all(word in ended.stdout for word in ("static", "lexical", "baseline", "embedded", "0.95"))
