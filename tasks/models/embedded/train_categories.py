"""Learn the weights of the static organizer from datasets/training and write categories.json beside this file.

    python -m nightdesk.tasks.models.embedded.train_categories                 learn and write
    python -m nightdesk.tasks.models.embedded.train_categories --output FILE   write elsewhere
    python -m nightdesk.tasks.models.embedded.train_categories --report        cross-validate, print, write nothing

It takes a few seconds. On a busy machine set OPENBLAS_NUM_THREADS=1: its threads wait for each other otherwise.

One model per category set and language, and one per set for all other languages (signals and vectors only, learnt
from all text). Deterministic: no random numbers, and the optimum is unique.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator, cg

from nightdesk.tasks.models.embedded.categories import ANY_LANGUAGE, smooth, softmax
from nightdesk.tasks.models.embedded.cues import CueTable, cue_table, features
from nightdesk.tasks.models.embedded.vectors import static_vectors

TEXTS = Path(__file__).resolve().parents[3] / "datasets" / "training"
WEIGHTS = Path(__file__).with_name("categories.json")
SETS = ("news", "commerce")
LANGUAGES = ("en", "zh", ANY_LANGUAGE)
FOLDS = 6
# Strength of the L2 penalty for each thousand sentences that are learnt from: a bit heavier than where the cross-
# validated log loss is lowest, because documents of other authors differ more from the training text than its own
# documents do from each other. Words get the heaviest, because they are many and each says little.
CUE_PENALTY = 3.0
WORD_PENALTY = 9.0
VECTOR_PENALTY = 2.0
BIAS_PENALTY = 1e-4


@dataclass(frozen=True, slots=True)
class Examples:
    """Labelled text of one set and language.

    shown: features and vectors, shape (n, f + 256); labels: columns of the table's categories; importance: weight of
    each example, so that the categories weigh as they do in the prior; documents: which text each one stands in.
    """

    table: CueTable
    shown: NDArray[np.float64]
    labels: NDArray[np.int64]
    importance: NDArray[np.float64]
    documents: list[str]


def load_examples(name: str, language: str) -> Examples:
    """Read the training text of a category set; language "any" takes all of it."""
    with (TEXTS / f"{name}.jsonl").open(encoding="utf-8") as file:
        rows = [row for line in file if language in (ANY_LANGUAGE, (row := json.loads(line))["language"])]
    table = cue_table(name, language)
    by_document = [[row["text"] for row in run] for _, run in groupby(rows, key=lambda row: row["document"])]
    counted = np.concatenate([features(texts, table) for texts in by_document])
    vectors = static_vectors([row["text"] for row in rows]).astype(np.float64)
    labels = np.array([table.categories.index(row["category"]) for row in rows])
    shares = np.bincount(labels, minlength=len(table.categories)) / len(labels)
    return Examples(
        table, np.hstack([counted, vectors]), labels, (table.prior / shares)[labels], [row["document"] for row in rows]
    )


def fit(
    shown: NDArray[np.float64], labels: NDArray[np.int64], importance: NDArray[np.float64], penalty: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the weights of a multinomial logistic regression, shape (columns of shown, categories).

    Newton's method; each step is solved by conjugate gradients, so no Hessian is ever built. penalty: one L2 strength
    per column. The variables are scaled by it, which makes the problem well conditioned.
    """
    scale = 1 / np.sqrt(penalty)
    scaled = shown * scale
    truth = np.eye(labels.max() + 1)[labels]
    found = np.zeros((shown.shape[1], truth.shape[1]))
    for _ in range(50):
        shares = softmax(scaled @ found)
        gradient = scaled.T @ (importance[:, None] * (shares - truth)) + found
        if np.abs(gradient).max() < 1e-9:
            break
        found -= _newton_step(scaled, shares, importance, gradient)
    return found * scale[:, None]


def _newton_step(
    scaled: NDArray[np.float64],
    shares: NDArray[np.float64],
    importance: NDArray[np.float64],
    gradient: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Solve Hessian x step = gradient; the Hessian is that of the penalised log loss at these shares."""

    def curvature(flat: NDArray[np.float64]) -> NDArray[np.float64]:
        direction = flat.reshape(gradient.shape)
        moved = shares * (scaled @ direction)
        moved -= shares * moved.sum(axis=1, keepdims=True)
        return (scaled.T @ (importance[:, None] * moved) + direction).ravel()

    hessian = LinearOperator((gradient.size, gradient.size), curvature)
    step, _ = cg(hessian, gradient.ravel(), rtol=1e-8, maxiter=1000)
    solved: NDArray[np.float64] = step.reshape(gradient.shape)
    return solved


def _learn(examples: Examples, rows: NDArray[np.bool_] | slice = slice(None)) -> NDArray[np.float64]:
    """Fit to some of the examples; the last row of the result is the bias."""
    counted = len(examples.table.features)
    cues = counted - len(examples.table.words)
    penalty = np.full(examples.shown.shape[1] + 1, VECTOR_PENALTY)
    penalty[:cues], penalty[cues:counted] = CUE_PENALTY, WORD_PENALTY
    shown = np.hstack([examples.shown, np.ones((len(examples.labels), 1))])[rows]
    penalty *= len(shown) / 1000
    penalty[-1] = BIAS_PENALTY
    return fit(shown, examples.labels[rows], examples.importance[rows], penalty)


def train() -> dict[str, dict[str, object]]:
    """Learn all models; return what is written: numbers rounded to 7 decimals, cues by name, vectors and bias."""
    models: dict[str, dict[str, object]] = {}
    for name in SETS:
        for language in LANGUAGES:
            examples = load_examples(name, language)
            names = examples.table.features
            learnt = np.round(_learn(examples), 7).tolist()
            models[f"{name}.{language}"] = {
                "categories": list(examples.table.categories),
                "bias": learnt[-1],
                "cues": dict(zip(names, learnt[: len(names)], strict=True)),
                "vectors": learnt[len(names) : -1],
            }
    return models


def cross_validate(examples: Examples) -> dict[str, NDArray[np.float64]]:
    """Return the shares that "static" and "lexical" give to each example by a model that never saw its document."""
    documents = list(dict.fromkeys(examples.documents))
    fold = np.array([documents.index(d) % FOLDS for d in examples.documents])
    table = examples.table
    scores = {"static": np.zeros((len(fold), len(table.categories)))}
    scores["lexical"] = np.log(table.prior) + table.scale * (examples.shown[:, : len(table.features)] @ table.weights)
    for k in range(FOLDS):
        learnt = _learn(examples, fold != k)
        scores["static"][fold == k] = examples.shown[fold == k] @ learnt[:-1] + learnt[-1]
    smoothed = {kind: _smooth_documents(softmax(score), examples) for kind, score in scores.items()}
    return {kind: shares + table.doubt * (1 / shares.shape[1] - shares) for kind, shares in smoothed.items()}


def _smooth_documents(shares: NDArray[np.float64], examples: Examples) -> NDArray[np.float64]:
    """Smooth each document; one of a single category is a list of sentences, not a text, and stays as it is."""
    smoothed = shares.copy()
    for document in set(examples.documents):
        rows = np.array([d == document for d in examples.documents])
        if len(set(examples.labels[rows])) > 1:
            smoothed[rows] = smooth(shares[rows], examples.table.prior, examples.table.persistence)
    return smoothed


def report() -> str:
    """Cross-validate every model; return a table of accuracy, macro-F1, log loss and confidence, weighted by prior."""
    lines = [f"{'model':<14}{'kind':<9}{'n':>5}{'accuracy':>10}{'macro-F1':>10}{'log loss':>10}{'confidence':>12}"]
    for name in SETS:
        for language in LANGUAGES:
            examples = load_examples(name, language)
            weight, truth = examples.importance / examples.importance.sum(), examples.labels
            for kind, shares in cross_validate(examples).items():
                filed = shares.argmax(axis=1)
                accuracy = weight @ (filed == truth)
                loss = -weight @ np.log(shares[np.arange(len(truth)), truth])
                f1 = np.mean([_f1(weight, filed == k, truth == k) for k in range(shares.shape[1])])
                lines.append(
                    f"{name + '.' + language:<14}{kind:<9}{len(truth):>5}{accuracy:>10.3f}{f1:>10.3f}{loss:>10.3f}"
                    f"{weight @ shares.max(axis=1):>12.3f}"
                )
    return "\n".join(lines)


def _f1(weight: NDArray[np.float64], filed: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    return float(2 * (weight @ (filed & truth)) / (weight @ filed + weight @ truth))


def write(models: dict[str, dict[str, object]], path: Path) -> None:
    """Write the models as JSON, one line each."""
    lines = [f"{json.dumps(key)}: {json.dumps(model, separators=(',', ':'))}" for key, model in models.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Learn and write, or report."""
    parser = argparse.ArgumentParser(description="Learn the weights of the static organizer.")
    parser.add_argument("--report", action="store_true", help="cross-validate and print; write nothing")
    parser.add_argument("--output", type=Path, default=WEIGHTS, help="where to write the weights")
    chosen = parser.parse_args(arguments)
    if chosen.report:
        print(report())
    else:
        write(train(), chosen.output)


if __name__ == "__main__":
    main()
