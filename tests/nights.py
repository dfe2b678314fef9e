"""Published nights made of a few words: who told what, under which topic and category."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from nightdesk.tasks.tables import publish
from nightdesk.tasks.tables.contracts import contract
from tests.tasks.made import call, calls

Said = tuple[str, str, str]  # (topic, category, text); without a topic the category is the reason why


def said(topic: str, category: str, *texts: str) -> list[Said]:
    """Return what a document has of a topic under one category."""
    return [(topic, category, text) for text in texts]


def publish_night(
    out: Path,
    day: date,
    told: Mapping[str, Sequence[Said]],
    stories: Mapping[str, str] | None = None,
    languages: Mapping[str, str] | None = None,
    unreadable: Mapping[str, str] | None = None,
    starts: Mapping[str, Sequence[float]] | None = None,
    profile: str = "news",
    run_id: str = "run-1",
    sources: Mapping[str, str] | None = None,
) -> None:
    """Publish documents. stories: topic -> story_id, where it is not the topic's own name.

    sources: doc_id -> where it was read, where that is no file of its own.
    """
    passages, topics, documents = [], [], []
    for doc_id, said in told.items():
        names = list(dict.fromkeys(topic for topic, _, _ in said if topic))
        for position, (topic, category, text) in enumerate(said, 1):
            passages.append(
                {
                    "doc_id": doc_id, "position": position, "sentence_id": str(position), "text": text,
                    "chunk_id": f"{doc_id}/c0", "run_id": run_id, "organizer_model": "static" if topic else None,
                    "topic_id": f"{doc_id}/{topic}" if topic else None, "topic": topic or None,
                    "category": category if topic else "unplaced", "reason": None if topic else category,
                    "confidence": 0.5 if topic else None,
                    "start_s": starts[doc_id][position - 1] if starts and doc_id in starts else None,
                }
            )  # fmt: skip
        for topic in names:
            at = [k for k, (t, _, _) in enumerate(said, 1) if t == topic]
            topics.append(
                {
                    "doc_id": doc_id, "topic_id": f"{doc_id}/{topic}", "title": topic, "sentences": len(at),
                    "first_position": at[0], "last_position": at[-1], "spans": [{"first": k, "last": k} for k in at],
                    "merged_from": [], "story_id": (stories or {}).get(topic, topic), "vector": b"", "run_id": run_id,
                    "finder_model": "static",
                }
            )  # fmt: skip
        lost = sum(not topic for topic, _, _ in said)
        documents.append(
            {
                "doc_id": doc_id, "source": (sources or {}).get(doc_id, f"/in/{doc_id}.txt"),
                "content_hash": "x", "sentences": len(said),
                "language": (languages or {}).get(doc_id, "en"), "placed": len(said) - lost, "unplaced": lost,
                "topics": len(names), "status": "published", "weights_version": 0, "run_id": run_id,
            }
        )  # fmt: skip
    for doc_id, reason in (unreadable or {}).items():
        documents.append(
            {
                "doc_id": doc_id, "source": f"/in/{doc_id}.txt", "sentences": 0, "placed": 0, "unplaced": 0,
                "topics": 0, "status": "unreadable", "reason": reason, "run_id": run_id,
            }
        )  # fmt: skip
    rows = {"passages": passages, "topics": topics, "documents": documents}
    tables = {name: contract(name).build(table) for name, table in rows.items()}
    paid = [call(f"{run_id}-{d}", d, run_id=run_id, profile=profile) for d in told]
    publish.publish(out, day, f"{run_id}-1", tables | {"calls": calls(*paid)})
