"""Text for tests: evenings of short made-up stories, different for every seed."""

import json
import random
from pathlib import Path

STORIES = {
    "bridge": "harbour bridge engineers cracks girder traffic ferry closure inspectors repair lanes",
    "bank": "central bank interest rate inflation governor mortgage borrowers economists vote savings",
    "storm": "storm flood river rainfall warning evacuation villages wind forecasters shelter",
    "match": "striker goal league defender coach penalty stadium supporters transfer season",
    "trial": "court judge jury witness defendant prosecutor verdict lawyer evidence hearing",
    "vaccine": "vaccine trial doses patients researchers immune clinic virus placebo approval",
}
PATTERNS = (
    "The {a} and the {b} were the talk of the day, and the {c} came {n} hours later.",
    "Officials said {n} people saw the {a} near the {b}.",
    "I think the {a} was handled badly and the {c} even worse.",
    "The {a} may well depend on the {b}, and nobody knows about the {c}.",
    "Next week the {a} will be looked at again, together with the {c}.",
)


def evening(seed: int, passages: int, length: int = 14) -> list[tuple[int, str]]:
    """Return numbered sentences of so many passages; stories come back, neighbours differ."""
    dice = random.Random(seed)
    sentences: list[str] = []
    last = ""
    for _ in range(passages):
        last = dice.choice([s for s in STORIES if s != last])
        words = STORIES[last].split()
        for _ in range(length):
            a, b, c = dice.sample(words, 3)
            sentences.append(dice.choice(PATTERNS).format(a=a, b=b, c=c, n=dice.randint(2, 900)))
    return list(enumerate(sentences, 1))


def write_evening(folder: Path, name: str, seed: int, passages: int) -> Path:
    """Write an evening as a .json document."""
    path = folder / f"{name}.json"
    path.write_text(json.dumps(evening(seed, passages)), encoding="utf-8")
    return path
