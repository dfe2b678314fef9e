"""Sentences into categories without a language model: the organizer of the embedded models.

lexical   the weights that cues.toml gives to cues and signals, added up
static    multinomial logistic regression over cues, signals, everyday words and static sentence vectors; its weights
          are learnt by train_categories.py and lie in categories.json

Both add evidence to the log prior, and then let neighbours speak: a sentence is more likely of a category if the
sentences around it are. Part of the confidence is then spread evenly (`doubt` in cues.toml), because careful readers
differ over real text even where it looks clear. What neither knows (a profile's own categories) is matched to the
categories' names.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from operator import mul
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nightdesk.tasks.models.embedded.cues import CueTable, cue_table, features, is_readable, known_set, units
from nightdesk.tasks.models.embedded.vectors import static_vectors

ANY_LANGUAGE = "any"
_NAMED_SHARPNESS = 12.0
_NAMED_CEILING = 0.5


@dataclass(frozen=True, slots=True)
class Weights:
    """What was learnt for one category set in one language: features and 256 vector columns by categories."""

    cues: NDArray[np.float64]
    vectors: NDArray[np.float64]
    bias: NDArray[np.float64]


def categorize(
    sentences: Sequence[str], language: str, categories: Sequence[str], kind: Literal["static", "lexical"]
) -> list[tuple[str, float]]:
    """Return one (category, confidence in [0, 1]) per sentence; they are read in order, as a stretch of one text.

    language: ISO 639-1 code; without tables for it, punctuation, digits, quotes and static vectors must do. A sentence
    with nothing to judge (blank, only emoji, a wall of text) goes to the most usual category, at confidence 1/k.

    Raises:
        ValueError: no categories.
    """
    if not categories:
        raise ValueError("there are no categories to file under")
    if not sentences:
        return []
    readable = np.array([is_readable(s) for s in sentences])
    name = known_set(categories)
    if name is None:
        usual, shares = 0, _by_name(sentences, categories)
    else:
        served = _language_served(name, language)
        table = cue_table(name, served)
        evidence = _evidence(sentences, table, _weights()[f"{name}.{served}"] if kind == "static" else None)
        evidence[~readable] = np.log(table.prior)
        columns = [table.categories.index(category) for category in categories]
        usual = int(table.prior[columns].argmax())
        shares = smooth(softmax(evidence), table.prior, table.persistence)[:, columns]
        shares /= shares.sum(axis=1, keepdims=True)
        shares += table.doubt * (1 / len(categories) - shares)
    shares[~readable] = 0.0
    shares[~readable, usual] = 1 / len(categories)
    best = shares.argmax(axis=1)
    confidence = shares[np.arange(len(best)), best]
    return [(categories[k], float(c)) for k, c in zip(best, confidence, strict=True)]


def _language_served(name: str, language: str) -> str:
    """Return the language whose tables serve a text (`zh` for `zh-CN`), or "any"."""
    code = language.lower().replace("_", "-").split("-")[0]
    return code if f"{name}.{code}" in _weights() else ANY_LANGUAGE


@cache
def _weights() -> dict[str, Weights]:
    """Return what was learnt, by "<category set>.<language>".

    Raises:
        RuntimeError: the tables have changed since, so that the columns no longer mean what they did.
    """
    learnt = json.loads(Path(__file__).with_name("categories.json").read_text(encoding="utf-8"))
    found = {}
    for key, model in learnt.items():
        table = cue_table(*key.split("."))
        if (tuple(model["cues"]), tuple(model["categories"])) != (table.features, table.categories):
            raise RuntimeError(
                f"categories.json: {key} was learnt from other cues; "
                "run python -m nightdesk.tasks.models.embedded.train_categories"
            )
        cues = np.array(list(model["cues"].values()))
        found[key] = Weights(cues, np.array(model["vectors"]), np.array(model["bias"]))
    return found


def _evidence(sentences: Sequence[str], table: CueTable, learnt: Weights | None) -> NDArray[np.float64]:
    """Return log prior plus evidence, up to a constant per sentence; shape (n, categories of the table).

    learnt: the weights of the static kind; None for the lexical one, whose weights are the table's own.
    """
    shown = features(sentences, table)
    evidence: NDArray[np.float64]
    if learnt is None:
        evidence = np.log(table.prior) + table.scale * (shown @ table.weights)
    else:
        evidence = shown @ learnt.cues + static_vectors(sentences).astype(np.float64) @ learnt.vectors + learnt.bias
    return evidence


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn each row of scores into shares that add up to one."""
    shares: NDArray[np.float64] = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


def smooth(shares: NDArray[np.float64], prior: NDArray[np.float64], persistence: float) -> NDArray[np.float64]:
    """Let neighbours speak: posterior shares given the whole sequence, shape (n, k) in and out.

    Forward-backward on a hidden Markov chain that stays in its category with probability `persistence` and else
    draws anew from the prior. k is tiny, so plain floats beat numpy by far.
    """
    anew = [(1 - persistence) * p for p in prior.tolist()]
    likelihoods: list[list[float]] = (shares / prior).tolist()
    forward: list[list[float]] = []
    state = prior.tolist()
    for row in likelihoods:
        state = [(persistence * s + a) * x for s, a, x in zip(state, anew, row, strict=True)]
        total = sum(state)
        state = [s / total for s in state]
        forward.append(state)
    backward = [1.0] * len(anew)
    for n in range(len(likelihoods) - 1, -1, -1):
        after = list(map(mul, likelihoods[n], backward))
        forward[n] = list(map(mul, forward[n], backward))
        drawn = sum(map(mul, anew, after))
        backward = [persistence * x + drawn for x in after]
        total = sum(backward)
        backward = [b / total for b in backward]
    smoothed = np.array(forward)
    smoothed /= smoothed.sum(axis=1, keepdims=True)
    return smoothed


def _by_name(sentences: Sequence[str], categories: Sequence[str]) -> NDArray[np.float64]:
    """Return shares by the likeness of a sentence to each category's name, shape (n, k); never far from even.

    A word of the name in the sentence counts as much as a perfect match of directions.
    """
    names = [category.replace("_", " ").replace("-", " ") for category in categories]
    likeness = static_vectors(sentences).astype(np.float64) @ static_vectors(names).astype(np.float64).T
    words = [set(units(name)) for name in names]
    for row, sentence in zip(likeness, sentences, strict=True):
        said = set(units(sentence[:2000]))
        row += [len(said & w) / max(len(w), 1) for w in words]
    even = 1 / len(categories)
    return even + (softmax(_NAMED_SHARPNESS * likeness) - even) * _NAMED_CEILING
