"""The tables of a night as a run publishes them, made of a seed: no two sentences are the same, no model is asked."""

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.places import table_folder

CATEGORIES = ("facts", "opinions", "predictions", "future_plans")
SENTENCES, TOPIC = 25, 8  # of a document; of a topic, about
_LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyz"))
_UNPLACED = 0.02  # of all sentences
_SHARED = 0.3  # of topics, which go on with one of another document
_BATCH = 2_000  # documents


def publish_seeded(out: Path, day: date, sentences: int, seed: int = 1, each: int = SENTENCES) -> None:
    """Write a night's passages, topics, documents and calls, a part for each batch of documents.

    sentences: of the night; each: of a document.
    """
    rng = np.random.default_rng(seed)
    words = np.array(["".join(rng.choice(_LETTERS, n)) for n in rng.integers(2, 11, 5_000)])
    documents = max(1, sentences // each)
    for number, first in enumerate(range(0, documents, _BATCH)):
        names = [f"wire/{k:07}" for k in range(first, min(first + _BATCH, documents))]
        tables = _batch(rng, words, names, each, f"run-{day.isoformat()}", first)
        for table, rows in tables.items():
            folder = out / table_folder(table, day)
            folder.mkdir(parents=True, exist_ok=True)
            pq.write_table(rows, folder / f"run-{day.isoformat()}.0-{number}.parquet", compression="zstd")


def _batch(
    rng: np.random.Generator, words: NDArray[np.str_], names: list[str], each: int, run_id: str, first: int
) -> dict[str, pa.Table]:
    rows = len(names) * each
    lengths = rng.integers(8, 22, rows)
    chosen = np.split(rng.choice(words, int(lengths.sum())), np.cumsum(lengths)[:-1])
    texts = [f"{' '.join(its).capitalize()} {first + k}." for k, its in enumerate(chosen)]
    topics_each = max(1, each // TOPIC)
    position = np.tile(np.arange(1, each + 1), len(names))
    document = np.repeat(np.arange(len(names)), each)
    topic = document * topics_each + (position - 1) * topics_each // each
    placed = rng.random(rows) >= _UNPLACED
    of_topic = np.array([f"{names[k // topics_each]}/t{k % topics_each}" for k in range(len(names) * topics_each)])
    titles = np.array([" ".join(its).capitalize() for its in rng.choice(words, (len(of_topic), 5))])
    category = np.where(placed, np.array(CATEGORIES)[rng.integers(0, len(CATEGORIES), rows)], "unplaced")
    passages = _table(
        "passages",
        doc_id=np.array(names)[document],
        position=position,
        sentence_id=position.astype(str),
        text=texts,
        chunk_id=np.array(names)[document],
        topic_id=pa.array(of_topic[topic], mask=~placed),
        topic=pa.array(titles[topic], mask=~placed),
        category=category,
        reason=pa.array(np.full(rows, "topic_locator: the answer left this sentence out"), mask=placed),
        confidence=pa.array(rng.random(rows), mask=~placed),
        organizer_model=pa.array(np.full(rows, "static"), mask=~placed),
        run_id=[run_id] * rows,
    )
    own = np.array([f"{run_id}/{first}/{k}" for k in range(len(of_topic))])
    joined = rng.random(len(of_topic)) < _SHARED
    stories = np.where(joined, own[rng.integers(0, len(of_topic), len(of_topic))], own)
    counts = np.bincount(topic, minlength=len(of_topic))
    topics = _table(
        "topics",
        doc_id=np.repeat(names, topics_each),
        topic_id=of_topic,
        title=titles,
        sentences=counts,
        first_position=np.ones(len(of_topic)),
        last_position=np.full(len(of_topic), each),
        spans=[[{"first": 1, "last": each}]] * len(of_topic),
        merged_from=[[]] * len(of_topic),
        aliases=[None] * len(of_topic),
        story_id=stories,
        vector=[b"\0"] * len(of_topic),
        finder_model=["static"] * len(of_topic),
        run_id=[run_id] * len(of_topic),
    )
    lost = each - np.bincount(document[placed], minlength=len(names))
    documents = _table(
        "documents",
        doc_id=names,
        source=[f"./in/{name}.txt" for name in names],
        content_hash=names,
        language=["en"] * len(names),
        sentences=[each] * len(names),
        placed=each - lost,
        unplaced=lost,
        topics=[topics_each] * len(names),
        status=["published"] * len(names),
        profile=["news"] * len(names),
        run_id=[run_id] * len(names),
    )
    return {"passages": passages, "topics": topics, "documents": documents}


def _table(name: str, **columns: object) -> pa.Table:
    """Return a table of some columns in the declared schema; the others are null."""
    schema = contract(name).schema
    rows = len(columns["doc_id"])  # type: ignore[arg-type]
    made = [pa.array(columns[f.name]).cast(f.type) if f.name in columns else pa.nulls(rows, f.type) for f in schema]
    return pa.table(made, schema=schema)
