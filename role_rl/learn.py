"""The learner's story: a state and a night's published rows make the next state; a state and a pool make a plan.

Old evidence is discounted once per night that taught something, the night's is added, the posterior is taken, and
each role and language that the night touched or that had a plan gets a new one. With fewer than `min_effective`
judged answers on the arm that gains the lead or the one that loses it, weights move by no more than `max_move`. Every
learn is a version with a reason, also when nothing moved. (The off-policy gate will stand between `plan` and
`limited`, in `_next_plan`.)
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from math import sqrt
from typing import Any

import pyarrow as pa

from role_rl.arms import Arm, Settings, eligible
from role_rl.drawing import Plan
from role_rl.evidence import Evidence, gather
from role_rl.policy import limited, plan, repooled
from role_rl.posterior import estimate
from role_rl.record import State, timestamp
from role_rl.tally import NOTHING, Key, Tally

Context = tuple[str, str]
"""(role, language)"""

FAILING_AFTER = 5
"""An arm of which this many answers, and most, were invalid in one night is failing now, whatever it did before."""


def learn(
    state: State | None,
    calls: pa.Table,
    judgements: pa.Table,
    arms: Sequence[Arm],
    settings: Settings,
    *,
    created_at: datetime,
) -> State:
    """The next version after `state` (None: the first).

    calls, judgements: published rows of any number of runs (see `evidence.gather` for the columns); runs that are in
    `state.learned_run_ids` are passed over, so learning twice equals once, and the order of rows changes nothing.
    Rows that teach nothing (all from the store, say) move no weight. Pure: the same arguments give the same state.

    Raises:
        SettingsError: no arm may serve, or two share a name. TableError: a column is missing.
    """
    pool = eligible(arms, settings)
    before = state or State(0, settings.profile, timestamp(created_at), "The profile's priors.")
    new = gather(calls, judgements, arms, settings, frozenset(before.learned_run_ids))
    tallies, plans, notes = dict(before.tallies), dict(before.plans), []
    if new.tallies:
        tallies = _remembered(before, new, settings)
        failing = {key for key, tally in new.tallies.items() if _fails(tally)}
        for context in sorted({*plans, *(key[:2] for key in new.tallies)}):
            old = serving(state, arms, settings, *context)
            plans[context], note = _next_plan(context, old, tallies, failing=failing, pool=pool, settings=settings)
            notes += note
    return State(
        version=before.version + 1,
        previous=state.version if state else None,
        profile=settings.profile,
        created_at=timestamp(created_at),
        reason=_reason(new, notes),
        strategy=settings.strategy,
        from_run_ids=new.run_ids,
        learned_run_ids=(*before.learned_run_ids, *new.run_ids),
        night=max(before.night, new.night),
        tallies=tallies,
        plans=plans,
    )


def serving(state: State | None, arms: Sequence[Arm], settings: Settings, role: str, language: str) -> Plan:
    """The plan that this version means for a pool: what decisions of a role and language are drawn from.

    The stored plan, if it is for these very arms. Without one (no state, a new language, a new role) the posterior
    decides, from other languages' evidence or at least from the priors. If arms came, went or were excluded, the stored
    weights are carried over as far as they go (`policy.repooled`). Every eligible arm has a positive weight.

    Raises:
        SettingsError: no arm may serve, or two share a name.
    """
    pool = eligible(arms, settings)
    stored = state.plans.get((role, language)) if state else None
    if stored is not None and stored.weights.keys() == {arm.name for arm in pool}:
        return stored
    fresh = plan(estimate(pool, state.tallies if state else {}, settings, role, language), pool, settings)
    if stored is None:
        return fresh
    weights = repooled(stored.weights, fresh.weights, settings)
    return Plan(weights, fresh.judge_rate, fresh.duel_rate, fresh.challengers)


def report(
    state: State | None, arms: Sequence[Arm], settings: Settings, contexts: Iterable[Context] = ()
) -> list[dict[str, Any]]:
    """Rows of the table `weights`, one per role, language and eligible arm, for the state's contexts and those given.

    value, low, high: mean and 95 % interval of R; judged: effective judged answers; accuracy (0..1), dollars and
    seconds per decision and judge_rate are for people and not part of the table.
    """
    pool = eligible(arms, settings)
    tallies: Mapping[Key, Tally] = state.tallies if state else {}
    rows = []
    for role, language in sorted({*(state.plans if state else ()), *contexts}):
        guess = estimate(pool, tallies, settings, role, language)
        serves = serving(state, arms, settings, role, language)
        for k, arm in enumerate(pool):
            value, half = float(guess.value[k]), 1.96 * sqrt(max(0.0, float(guess.covariance[k, k])))
            rows.append(
                {
                    "version": state.version if state else 0,
                    "profile": settings.profile,
                    "role": role,
                    "language": language,
                    "model": arm.model,
                    "lane": arm.lane,
                    "weight": serves.weights[arm.name],
                    "value": value,
                    "low": value - half,
                    "high": value + half,
                    "judged": float(guess.judged[k]),
                    "strategy": state.strategy if state else settings.strategy,
                    "reason": state.reason if state else "The profile's priors.",
                    "from_run_ids": list(state.from_run_ids) if state else [],
                    "accuracy": min(1.0, max(0.0, float(guess.accuracy[k]))),
                    "dollars": float(guess.dollars[k]),
                    "seconds": float(guess.seconds[k]),
                    "judge_rate": serves.judge_rate,
                }
            )
    return rows


def _remembered(before: State, new: Evidence, settings: Settings) -> dict[Key, Tally]:
    """Old evidence, discounted, and new."""
    # Several runs of one day are one night: a morning of small trial runs must not forget a month.
    kept = settings.discount if not new.night or new.night > before.night else 1.0
    tallies = {}
    for key in sorted({*before.tallies, *new.tallies}):
        tonight = new.tallies.get(key, Tally())
        old = before.tallies.get(key, Tally()).scaled(kept, kept)
        if _fails(tonight):
            # A revoked key or a retired model: a long good record would take weeks to be outweighed.
            old = Tally(0.0, 0.0, old.cost, old.seconds, old.judged)
        together = old.plus(tonight)
        if together.answers >= NOTHING or together.judged:
            tallies[key] = together
    return tallies


def _fails(tonight: Tally) -> bool:
    return tonight.answers >= FAILING_AFTER and tonight.valid < tonight.answers / 2


def _next_plan(
    context: Context,
    old: Plan,
    tallies: Mapping[Key, Tally],
    *,
    failing: set[Key],
    pool: Sequence[Arm],
    settings: Settings,
) -> tuple[Plan, list[str]]:
    """The plan of one role and language for the next night, and what there is to say of it."""
    guess = estimate(pool, tallies, settings, *context)
    new = plan(guess, pool, settings)
    value = dict(zip(guess.arms, guess.value, strict=True))
    judged = dict(zip(guess.arms, guess.judged, strict=True))
    where = "/".join(context)
    notes = []
    if new.leader != old.leader:
        worth = f"{value[new.leader]:.3f} against {value[old.leader]:.3f}"
        notes.append(f"{where}: {new.leader} is worth more than {old.leader} ({worth})")
    known = min(judged[new.leader], judged[old.leader])
    if known < settings.min_effective and Key(*context, old.leader) not in failing:
        weights = limited(old.weights, new.weights, settings.max_move)
        if weights != new.weights:
            few = f"{known:.0f} of {settings.min_effective:g} judged answers"
            notes.append(f"{where}: weights moved by at most {settings.max_move:g} ({few})")
        new = Plan(weights, new.judge_rate, new.duel_rate, new.challengers)
    return new, notes


def _reason(new: Evidence, notes: Sequence[str]) -> str:
    """One line of plain English."""
    if not new.run_ids:
        return "No new runs; nothing moved."
    runs = "1 run" if len(new.run_ids) == 1 else f"{len(new.run_ids)} runs"
    if not new.tallies:
        return f"{runs} without a new answer; nothing moved."
    answers = sum(tally.answers for tally in new.tallies.values())
    judged = sum(tally.judged_answers for tally in new.tallies.values())
    shown = "; ".join(notes[:4]) + (f"; and {len(notes) - 4} more" if len(notes) > 4 else "")
    return f"Learned from {answers:.0f} answers, {judged:.0f} judged, of {runs}; {shown or 'no leader changed'}."
