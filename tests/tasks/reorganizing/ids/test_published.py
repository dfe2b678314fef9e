"""What was published of tonight's documents is found by the index, under this date or the last one before it."""

import shutil
from datetime import timedelta
from pathlib import Path

from nightdesk.tasks import tables
from nightdesk.tasks.reorganizing.ids.first_sight import sentence_names
from nightdesk.tasks.reorganizing.ids.published import Published
from nightdesk.tasks.tables import publish
from tests.nights import publish_night, said
from tests.tasks.made import DAY, document, publish_documents, work

BRIDGE = said("bridge", "facts", "The bridge is shut.", "Ferries run.")
NEXT_DAY = DAY + timedelta(days=1)


def test_a_document_stands_as_it_was_published_last(tmp_path: Path) -> None:
    publish_documents(tmp_path, work(document("a", 6)), work(document("b", 3)), day=DAY - timedelta(days=9))
    publish_documents(tmp_path, work(document("a", 7)), part="run-2-1", day=DAY)
    publish_documents(tmp_path, work(document("a", 8)), part="run-3-1", day=NEXT_DAY)
    found = Published(tmp_path, DAY).of(["a", "b", "new"])
    assert {doc: (its.run_date, len(its.names), len(its.topics)) for doc, its in found.items()} == {
        "a": (DAY, 7, 3),
        "b": (DAY - timedelta(days=9), 3, 1),
    }
    a = found["a"]
    assert list(a.names) == sentence_names(f"Sentence {k} of a." for k in range(1, 8))
    assert set(a.topic_ids) == set(a.topics)
    assert all(its.story_id == f"story-of-{topic}" for topic, its in a.topics.items())


def test_what_is_published_while_a_run_is_under_way_is_seen(tmp_path: Path) -> None:
    published = Published(tmp_path, DAY)
    assert published.of(["a"]) == {}
    publish_documents(tmp_path, work(document("a", 6)))
    assert list(published.of(["a"])) == ["a"]
    publish_documents(tmp_path, work(document("b", 6)), part="run-1-2")
    assert list(published.of(["b"])) == ["b"]
    assert published.of([]) == {}


def test_order_numbers_of_an_earlier_version_count_under_their_own_date_alone(tmp_path: Path) -> None:
    for day in (DAY, NEXT_DAY):
        publish_night(tmp_path, day, {"a": said("t0001", "facts", "The bridge is shut.")}, run_id=f"run-{day}")
    assert set(Published(tmp_path, DAY).of(["a"])["a"].topics) == {"a/t0001"}
    later = Published(tmp_path, NEXT_DAY + timedelta(days=1)).of(["a"])["a"]
    assert (later.topics, later.topic_ids) == ({}, [None])


def test_documents_that_could_not_be_read_or_lost_their_parts_do_not_stand(tmp_path: Path) -> None:
    publish_night(tmp_path, DAY, {"a": BRIDGE}, unreadable={"bad": "no text"})
    assert list(Published(tmp_path, DAY).of(["a", "bad"])) == ["a"]
    for table in ("passages", "topics"):
        for part in (tmp_path / publish.table_folder(table, DAY)).glob("*.parquet"):
            part.unlink()
    assert Published(tmp_path, DAY).of(["a"]) == {}


def test_a_part_of_an_earlier_version_has_no_aliases(tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(Path(__file__).parents[3] / "fixtures" / "out-0.1.0", out)
    documents = tables.scan(out, "documents").to_pylist()
    last = max(d["run_date"] for d in documents)
    found = Published(out, last).of([d["doc_id"] for d in documents])
    its = [topic for standing in found.values() if standing.run_date == last for topic in standing.topics.values()]
    assert its
    assert not any(topic.aliases for topic in its)
