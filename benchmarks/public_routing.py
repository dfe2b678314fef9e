"""The learner on a public routing record, beside the published rule, LinUCB, Thompson sampling and hindsight.

Reads the record whose path is given, or those of ../shared/data/public: a line of JSON for each prompt, with `source`
and `arms` -> {model: {"reward": 0..1, "cost": USD}}. Prompts are shuffled for each seed. A prompt's net reward is that
of the served answer, less k_cost times all dollars: of the answer, of the other one of a duel, and of judging. It is
printed x 100, over all prompts and over the last quarter, with standard errors over the seeds.

told: what a policy learns from. "free": the reward of every answer that ran, which costs nothing, at once; "free,
nightly": the same after each night of 75 prompts; "judged, nightly": the reward of the answers that it asks to have
judged, each for the price of an answer of the model in the middle of the price list, after each night; "-": nothing.
All know the models' names, ours their usual prices as well.
"""

import argparse
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import SHARED, show
from benchmarks.routing_cases.ours import Ours
from benchmarks.routing_cases.policies import Fixed, LinUCB, Policy, Published, Thompson
from benchmarks.routing_cases.record import Floats, Record, read

K_COST = 10.0
NIGHT = 75


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", default="", help="policies whose name holds this")
    parser.add_argument("records", nargs="*", type=Path, default=sorted((SHARED / "data/public").glob("*.jsonl")))
    a = parser.parse_args()
    if not a.records:
        print("nothing to route: name a record")
        return
    for path in a.records:
        try:
            record = read(path)
        except (OSError, ValueError) as e:
            parser.error(str(e))
        size = f"{len(record)} prompts of {len(record.sources)} sources"
        print(f"{path.stem}: {size}, k_cost {K_COST:g}, {a.seeds} seeds")
        show(f"public-{path.stem}", table(record, a.seeds, a.only))


def policies(record: Record) -> dict[tuple[str, str], Callable[[int], Policy]]:
    """Return what makes each policy of a seed, by its name and what it is told."""
    models, sources = len(record.models), len(record.sources)
    best = int(record.net(K_COST).mean(axis=0).argmax())
    middle = float(np.median(record.prices))
    prices = dict(zip(record.models, record.prices.tolist(), strict=True))
    one, each = (lambda source: 0), (lambda source: source)
    plain, by_source = (lambda source: "en"), (lambda source: record.sources[source])

    def ours(judge_usd: float | None, every: int, context: Callable[[int], str]) -> Callable[[int], Policy]:
        return lambda seed: Ours(prices, K_COST, seed, judge_usd=judge_usd, night=NIGHT, every=every, context=context)

    return {
        ("best static plan (hindsight)", "-"): lambda seed: Fixed([best] * sources),
        ("best model for each source (hindsight)", "-"): lambda seed: Fixed(record.best_per_source(K_COST).tolist()),
        ("published rule", "free"): lambda seed: Published(models, K_COST, seed),
        ("LinUCB", "free"): lambda seed: LinUCB(models, 1, K_COST, one),
        ("LinUCB by source", "free"): lambda seed: LinUCB(models, sources, K_COST, each),
        ("Thompson sampling", "free"): lambda seed: Thompson(models, 1, K_COST, one, seed),
        ("Thompson sampling by source", "free"): lambda seed: Thompson(models, sources, K_COST, each, seed),
        ("ours", "judged, nightly"): ours(middle, NIGHT, plain),
        ("ours by source", "judged, nightly"): ours(middle, NIGHT, by_source),
        ("ours", "free, nightly"): ours(None, NIGHT, plain),
        ("ours by source", "free, nightly"): ours(None, NIGHT, by_source),
        ("ours", "free, every 5"): ours(None, 5, plain),
    }


def table(record: Record, seeds: int, only: str = "") -> list[dict[str, Any]]:
    """Return a row for each policy, and the oracle's."""
    names = [name for name in policies(record) if only in name[0]]
    jobs = [(name, seed) for name in names for seed in range(seeds)]
    workers = min(2, os.cpu_count() or 1)
    with ProcessPoolExecutor(workers) as pool:
        played = list(pool.map(partial(_played, record), jobs, chunksize=1))
    rows = []
    for k, (policy, told) in enumerate(names):
        own = np.array(played[k * seeds : (k + 1) * seeds])
        rows.append({"policy": policy, "told": told, **_figures(own)})
    oracle = 100 * float(record.net(K_COST).max(axis=1).mean())
    return [*rows, {"policy": "best model for each prompt (oracle)", "told": "-", "all": oracle}]


def _figures(own: Floats) -> dict[str, Any]:
    """Return means over seeds, and standard errors of the first two. own: (seeds, columns of `play`)."""
    whole, last, judged, judged_last, second, cpu = own.mean(axis=0)
    errors = own.std(axis=0, ddof=1) / len(own) ** 0.5 if len(own) > 1 else np.zeros(own.shape[1])
    return {
        "all": float(whole), "se": float(errors[0]), "last_quarter": float(last), "se_last": float(errors[1]),
        "judged": float(judged), "judged_last": float(judged_last), "duels": float(second), "cpu_ms": float(cpu),
    }  # fmt: skip


def _played(record: Record, job: tuple[tuple[str, str], int]) -> list[float]:
    (policy, told), seed = job
    price = float(np.median(record.prices)) if told.startswith("judged") else 0.0
    return play(record, policies(record)[policy, told](seed), seed, price)


def play(record: Record, policy: Policy, seed: int, judge_usd: float) -> list[float]:
    """Play all prompts in the seed's order.

    Returns net reward x 100 a prompt over all and over the last quarter, judgements a prompt over both, second answers
    a prompt, and CPU milliseconds a prompt. judge_usd: of a judgement; 0 where the reward is told free.
    """
    order = np.random.default_rng(10_000 + seed).permutation(len(record))
    begun = time.process_time()
    rows = np.zeros((len(order), 3))
    for k, prompt in enumerate(order.tolist()):
        source = int(record.source[prompt])
        models, is_judged = policy.choose(source)
        dollars = record.dollars[prompt, models]
        judged = len(models) * (is_judged and judge_usd > 0)
        rows[k] = record.reward[prompt, models[0]] - K_COST * (dollars.sum() + judged * judge_usd), judged, len(models)
        rewards = record.reward[prompt, models].tolist() if is_judged else [None] * len(models)
        policy.told(source, dict(zip(models, zip(rewards, dollars.tolist(), strict=True), strict=True)))
    last = rows[-(len(order) // 4) :]
    cpu = 1000 * (time.process_time() - begun) / len(order)
    net, judged_all, ran = rows.mean(axis=0)
    return [100 * net, 100 * float(last[:, 0].mean()), judged_all, float(last[:, 1].mean()), ran - 1, cpu]


if __name__ == "__main__":
    main()
