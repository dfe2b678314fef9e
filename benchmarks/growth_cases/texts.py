"""Documents of any number, in which no sentence is another's: stories with a word in five replaced, by a seed."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

from benchmarks.common import ROOT, SHARED

REPLACED = 0.2  # of the words of a sentence


def write_varied(folder: Path, sentences: int, length: int, seed: int) -> int:
    """Write so many sentences in JSON documents of a length; return how many documents."""
    folder.mkdir(parents=True, exist_ok=True)
    source = varied(seed)
    documents = -(-sentences // length)
    for number in range(documents):
        count = min(length, sentences - number * length)
        texts = [next(source) for _ in range(count)]
        path = folder / f"d{seed}-{number:06d}.json"
        path.write_text(json.dumps(list(enumerate(texts, 1)), ensure_ascii=False), encoding="utf-8")
    return documents


def varied(seed: int) -> Iterator[str]:
    """Yield sentences without end: story after story in an order by the seed, words replaced by those of others."""
    passages = stories()
    words = sorted({word for passage in passages for text in passage for word in text.split() if word.isalpha()})
    dice = random.Random(seed)
    said: set[int] = set()
    while True:
        for passage in dice.sample(passages, len(passages)):
            for text in passage:
                sentence = _other(text, words, dice)
                while hash(sentence) in said:
                    sentence = f"{sentence} {dice.choice(words)}"
                said.add(hash(sentence))
                yield sentence


def stories() -> list[list[str]]:
    """Return the passages of labelled news, sentence by sentence: of ../shared where it is, else of our own."""
    theirs = SHARED / "data" / "stories" / "dev_large.json"
    labelled = json.loads((theirs if theirs.exists() else ROOT / "datasets/labels/evening-en.json").read_text("utf-8"))
    texts = [text for _, text in labelled["document"]]
    place = {i: k for k, (i, _) in enumerate(labelled["document"])}
    return [texts[place[first] : place[last] + 1] for first, last, _ in labelled["passages"]]


def _other(text: str, words: list[str], dice: random.Random) -> str:
    parts = text.split()
    for k in range(len(parts)):
        if dice.random() < REPLACED:
            parts[k] = dice.choice(words)
    return " ".join(parts)
