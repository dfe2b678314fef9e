"""The published pipeline's calls (He et al. 2024, arXiv 2409.18014), their shape in our own words, to be counted.

Per chunk: the finder once; the locator once per topic, the whole chunk in each question; the organizer once, which
writes every sentence out again under its topic and category; and for each of these calls a judge, which is shown
question and answer and says whether it is right. Only the shape matters here: what is repeated, and what is written.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

FIND = """You read a piece of a long text, given below sentence by sentence. Name all the topics that it speaks of, as a
JSON list of short titles. Do not leave any topic out and do not add any that is not there.\n\nText:\n"""
LOCATE = """You read a piece of a long text, given below sentence by sentence. Find every sentence that belongs to the
topic named at the end. Answer with a JSON list of the numbers of these sentences.\n\nText:\n"""
ORGANIZE = """Below are the sentences of a piece of text and the topics that they belong to. For each topic, sort its
sentences into the categories that are listed. Answer with one JSON object: topic, then category, then the list of the
sentences, each written out in full as it stands in the text.\n\nText:\n"""
JUDGE = """Here are a question that a language model was asked and the answer that it gave. Does the answer do what was
asked, completely and without mistakes? Answer with one JSON object: {"correct": true or false}.\n\n"""
VERDICT = '{"correct": true}'


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call: everything that is sent, everything that comes back."""

    sent: str
    reply: str


def exchanges(
    texts: Sequence[str],
    topics: Mapping[str, Sequence[int]],
    categories: Mapping[str, Sequence[int]],
    meanings: Mapping[str, str],
) -> Iterator[Exchange]:
    """Yield the calls about one chunk.

    texts: its sentences. topics, categories: title or name -> numbers (1..n). meanings: of the categories.
    """
    numbered = "\n".join(f"{k}. {text}" for k, text in enumerate(texts, 1))
    answered = [Exchange(FIND + numbered, json.dumps(list(topics), ensure_ascii=False))]
    for title, numbers in topics.items():
        answered.append(Exchange(f"{LOCATE}{numbered}\n\nTopic: {title}", json.dumps(list(numbers))))
    listed = "\n".join(f"- {name}: {meaning}" for name, meaning in meanings.items())
    named = "\n".join(f"- {title}: {json.dumps(list(numbers))}" for title, numbers in topics.items())
    question = f"{ORGANIZE}{numbered}\n\nTopics:\n{named}\n\nCategories:\n{listed}"
    answered.append(Exchange(question, json.dumps(_written_out(texts, topics, categories), ensure_ascii=False)))
    yield from answered
    for exchange in answered:
        yield Exchange(f"{JUDGE}Question:\n{exchange.sent}\n\nAnswer:\n{exchange.reply}", VERDICT)


def _written_out(
    texts: Sequence[str], topics: Mapping[str, Sequence[int]], categories: Mapping[str, Sequence[int]]
) -> dict[str, dict[str, list[str]]]:
    of = {number: name for name, numbers in categories.items() for number in numbers}
    written: dict[str, dict[str, list[str]]] = {}
    for title, numbers in topics.items():
        filed: dict[str, list[str]] = {}
        for number in numbers:
            filed.setdefault(of.get(number, "other"), []).append(texts[number - 1])
        written[title] = filed
    return written
