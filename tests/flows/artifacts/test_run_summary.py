"""The figures of a run: those of its tables, as one object that the command line prints."""

import json

from nightdesk.flows.artifacts.run_summary import summary
from tests.tables import rows
from tests.tasks.house import House
from tests.texts import write_evening


def test_the_figures_are_those_of_the_tables(house: House) -> None:
    for k in range(2):
        write_evening(house.source, f"d{k}", seed=k, passages=4)
    (house.source / "bad.txt").write_bytes(b"fine\n\xff\x00")
    told = summary(house.night("run-1"), 3, None)
    passages, documents, calls = (rows(house.out, t) for t in ("passages", "documents", "calls"))
    assert (told["documents"], told["unreadable"]) == (2, 1)
    assert told["sentences"] == len(passages) == told["placed"] + told["unplaced"]
    assert told["placed"] == sum(d["placed"] for d in documents)
    assert told["topics"] == len(rows(house.out, "topics"))
    assert told["calls"] == sum(not c["from_cache"] for c in calls)
    assert (told["run_id"], told["out"], told["new_weights_version"]) == ("run-1", str(house.out), 3)
    assert {c["weights_version"] for c in calls} == {told["weights_version"]}
    assert json.loads(json.dumps(told)) == told


def test_a_second_run_of_the_same_text_has_made_no_call(house: House) -> None:
    write_evening(house.source, "d", seed=1, passages=4)
    first, again = (summary(house.night(run), None, None) for run in ("run-1", "run-2"))
    assert (first["calls"] > 0, again["calls"], again["input_tokens"]) == (True, 0, 0)
    changing = ("run_id", "calls", "stages")
    assert {k: v for k, v in again.items() if k not in changing} == {
        k: v for k, v in first.items() if k not in changing
    }
