"""A public routing record: what each of several models would have earned on each prompt, and what it would cost."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Record:
    """Prompts x models. reward: 0..1; dollars: of the call; both have the shape (prompts, models).

    sources: names; source: of each prompt, its number in them.
    """

    models: list[str]
    sources: list[str]
    source: Ints
    reward: Floats
    dollars: Floats

    def __len__(self) -> int:
        return len(self.source)

    @property
    def prices(self) -> Floats:
        """Mean dollars of a call, (models,): what a price list and the usual length of an answer say beforehand."""
        return self.dollars.mean(axis=0)

    def net(self, k_cost: float) -> Floats:
        """Return reward less k_cost times dollars, (prompts, models)."""
        return self.reward - k_cost * self.dollars

    def best_per_source(self, k_cost: float) -> Ints:
        """Return the number of the model that earned most over each source's prompts, in hindsight."""
        net = self.net(k_cost)
        return np.array([int(net[self.source == k].mean(axis=0).argmax()) for k in range(len(self.sources))])


def read(path: Path) -> Record:
    """Read a record: a line of JSON for each prompt, with `source` and `arms` -> {model: {reward, cost}}.

    Raises:
        ValueError: a line is not that, or names other models than the first one; it is named.
    """
    rows: list[dict[str, Any]] = []
    models: list[str] = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                models = models or sorted(row["arms"])
                arms = [row["arms"][name] for name in models]
                figures = [[float(arm["reward"]) for arm in arms], [float(arm["cost"]) for arm in arms]]
                rows.append({"source": str(row["source"]), "figures": figures})
            except (ValueError, KeyError, TypeError) as e:
                raise ValueError(
                    f"{path}, line {number}: no prompt with source and arms ({type(e).__name__}: {e})"
                ) from None
    if not rows:
        raise ValueError(f"{path}: it holds no prompt")
    sources = sorted({row["source"] for row in rows})
    figures = np.array([row["figures"] for row in rows])
    source = np.array([sources.index(row["source"]) for row in rows], np.int64)
    return Record(models, sources, source, figures[:, 0], figures[:, 1])
