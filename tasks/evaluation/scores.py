"""How well passages agree with what a careful reader made of the same document.

A labelled document is a JSON object: `document` [[id, sentence], ...]; `passages` [[first id, last id, story], ...];
`topics` [{"topic": title, category: [ids], ...}, ...]. It has passages, topics, or both.

The measures, each between 0 and 1:
coverage                share of the sentences that stand at their position once, with their id and text unchanged
unplaced                share of the rows that are filed as unplaced
stretch_f1              B-cubed F1 of runs of one topic against the labelled passages
story_f1                B-cubed F1 of topics against stories (a story may have several passages)
category_acc            share of the labelled sentences whose category is a labelled one
category_f1             F1 of each category, averaged over the categories
topic_category_recall   share of the labelled sentences that are in a labelled category and in the topic that is paired
                        with the labelled one (pairs are made greedily, the largest overlap first, each topic once)

B-cubed F1 (Bagga and Baldwin 1998): for each item, precision is the share of its predicted group that is in its true
group, recall the share of its true group that is in its predicted group; both are averaged over items.
"""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from nightdesk.tasks.config.profile import UNPLACED
from nightdesk.tasks.reading.labelled import Labelled, plain

Row = Mapping[str, Any]


def score(labelled: Labelled, rows: Sequence[Row]) -> dict[str, float]:
    """Return the measures that the labels allow.

    rows: the document's passages, with position, sentence_id, text, topic_id and category.
    """
    times = Counter(row["position"] for row in rows)
    there = {
        row["position"]: row
        for row in rows
        if times[row["position"]] == 1 and _is_sentence(labelled, row["position"], row)
    }
    result = {
        "coverage": len(there) / len(labelled.ids),
        "unplaced": sum(row["category"] in (None, UNPLACED) for row in rows) / len(rows) if rows else 0.0,
    }
    topic = {k: _topic(there.get(k), k) for k in range(1, len(labelled.ids) + 1)}
    if labelled.passages:
        result |= _score_topics(labelled, topic)
    if labelled.labels:
        result |= _score_categories(labelled, there)
    return result


def _is_sentence(labelled: Labelled, position: int, row: Row) -> bool:
    return 1 <= position <= len(labelled.ids) and (str(row["sentence_id"]), row["text"]) == (
        labelled.ids[position - 1],
        labelled.texts[position - 1],
    )


def _topic(row: Row | None, position: int) -> Hashable:
    """Return the topic of a sentence; one that has none is alone."""
    return row["topic_id"] if row is not None and row["topic_id"] is not None else position


def _score_topics(labelled: Labelled, topic: Mapping[int, Hashable]) -> dict[str, float]:
    run: dict[int, int] = {}
    for k in topic:
        run[k] = run.get(k - 1, 0) + (topic[k] != topic.get(k - 1))
    passage: dict[int, int] = {}
    story: dict[int, str] = {}
    for number, (first, last, name) in enumerate(labelled.passages):
        for k in range(first, last + 1):
            passage[k], story[k] = number, name
    return {
        "stretch_f1": bcubed_f1([passage[k] for k in passage], [run[k] for k in passage]),
        "story_f1": bcubed_f1([story[k] for k in passage], [topic[k] for k in passage]),
    }


def bcubed_f1(true: Sequence[Hashable], predicted: Sequence[Hashable]) -> float:
    """Return B-cubed F1 of two groupings of the same items; 0 for no items."""
    if not true:
        return 0.0
    both, of_true, of_predicted = Counter(zip(true, predicted, strict=True)), Counter(true), Counter(predicted)
    precision = sum(n * n / of_predicted[p] for (_, p), n in both.items()) / len(true)
    recall = sum(n * n / of_true[t] for (t, _), n in both.items()) / len(true)
    return 2 * precision * recall / (precision + recall)


def _score_categories(labelled: Labelled, there: Mapping[int, Row]) -> dict[str, float]:
    wanted = {k: {category for _, category in labels} for k, labels in labelled.labels.items()}
    filed = {k: plain(str(there[k]["category"])) for k in wanted if k in there}
    f1 = []
    for category in labelled.categories:
        right = sum(filed.get(k) == category for k, its in wanted.items() if category in its)
        said = sum(c == category for c in filed.values())
        true = sum(category in its for its in wanted.values())
        f1.append(2 * right / (said + true) if said + true else 0.0)
    pairs = _paired(labelled, there)
    found = sum(
        any(filed.get(k) == category and there[k]["topic_id"] == pairs.get(topic) for topic, category in labels)
        for k, labels in labelled.labels.items()
        if k in there
    )
    return {
        "category_acc": sum(filed.get(k) in its for k, its in wanted.items()) / len(wanted),
        "category_f1": sum(f1) / len(f1),
        "topic_category_recall": found / len(wanted),
    }


def _paired(labelled: Labelled, there: Mapping[int, Row]) -> dict[int, Any]:
    """Pair labelled topics with found ones, the pair with most sentences in common first."""
    common = Counter(
        (topic, there[k]["topic_id"]) for k, labels in labelled.labels.items() if k in there for topic, _ in labels
    )
    pairs: dict[int, Any] = {}
    for (topic, found), _ in common.most_common():
        if topic not in pairs and found not in pairs.values():
            pairs[topic] = found
    return pairs
