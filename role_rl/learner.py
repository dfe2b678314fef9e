"""The learner's story: a state and a night's published rows make the next state; a state and a pool make a plan.

Old evidence is discounted once per night that taught something, forgotten where tonight contradicts it (`drift`), and
the night's is added. The strategy then makes a plan for each role and context that the night touched or that had one,
within the night's dollars (`budget`); what it would change passes the gate (`offpolicy.safety_gate`). Every learn is a
version with a reason, also when a change was held back; whoever calls it keeps none that had nothing new to learn from.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from math import sqrt
from typing import Any

import pyarrow as pa

from nightdesk.role_rl.arms import Arm, Settings, eligible
from nightdesk.role_rl.discounting import brought_up, changed, fails
from nightdesk.role_rl.feedback import Evidence, Remembered, gather
from nightdesk.role_rl.offpolicy import safety_gate
from nightdesk.role_rl.posterior import Estimate, estimate
from nightdesk.role_rl.sampling import Plan
from nightdesk.role_rl.state import LearnerState, timestamp
from nightdesk.role_rl.strategies import budget
from nightdesk.role_rl.strategies.budget import Context
from nightdesk.role_rl.strategies.policy import prices, repooled
from nightdesk.role_rl.strategies.strategies import STRATEGIES, Beliefs, plan_of
from nightdesk.role_rl.sufficient_stats import Key, Tally


def learn(
    state: LearnerState | None,
    calls: pa.Table,
    judgements: pa.Table,
    arms: Sequence[Arm],
    settings: Settings,
    *,
    created_at: datetime,
    learned: Collection[str] = (),
) -> LearnerState:
    """The next version after `state` (None: the first).

    calls, judgements: published rows of any number of runs (see `feedback.gather` for the columns). learned: runs that
    `state` has learned from; their rows are passed over, so learning twice equals once, and the order of rows changes
    nothing. Rows that teach nothing (all from the store, say) move no weight. Pure: the same arguments give the same
    state.

    Raises:
        SettingsError: no arm may serve, or two share a name. TableError: a column is missing.
    """
    new = gather(calls, judgements, arms, settings, learned, remembered(state))
    return next_version(state, new, arms, settings, created_at=created_at)


def next_version(
    state: LearnerState | None, new: Evidence, arms: Sequence[Arm], settings: Settings, *, created_at: datetime
) -> LearnerState:
    """The next version after `state`, from what was gathered with what it remembers.

    Raises:
        SettingsError: no arm may serve, or two share a name.
    """
    pool = eligible(arms, settings)
    before = state or LearnerState(0, settings.profile, timestamp(created_at), "The profile's priors.")
    after = replace(
        before,
        version=before.version + 1,
        previous=state.version if state else None,
        created_at=timestamp(created_at),
        strategy=settings.strategy,
        from_run_ids=new.run_ids,
        learned_before=(),
        night=max(before.night, new.night),
    )
    notes: list[str] = []
    if new.tallies:
        changes = changed(before, new)
        fallen = {key for key, change in changes.items() if change.fell} | {
            key for key, tally in new.tallies.items() if fails(tally)
        }
        after = brought_up(before, after, new, changes, pool, settings)
        plans, notes = _plans(state, after, fallen, pool=pool, arms=arms, settings=settings)
        after = replace(after, plans=plans)
    return replace(after, reason=_reason(new, notes))


def serving(state: LearnerState | None, arms: Sequence[Arm], settings: Settings, role: str, language: str) -> Plan:
    """The plan that this version means for a pool: what decisions of a role and language are drawn from.

    The stored plan, if it is for these very arms and this strategy. Without one (no state, a new language, a new role)
    the strategy decides, from other languages' evidence or at least from the priors. If arms came, went or were
    excluded, the stored weights are carried over as far as they go (`policy.repooled`). Every eligible arm has a
    positive weight.

    Raises:
        SettingsError: no arm may serve, or two share a name.
    """
    pool = eligible(arms, settings)
    kept = state is not None and state.strategy == settings.strategy and role not in settings.pins
    stored = state.plans.get((role, language)) if state and kept else None
    if stored is not None and stored.weights.keys() == {arm.name for arm in pool}:
        return stored
    beliefs = Beliefs(state.tallies, state.memory, state.decisions) if state else Beliefs()
    fresh = plan_of(beliefs, pool, settings, role, language)
    if stored is None or not STRATEGIES[settings.strategy].gated:
        return fresh
    weights = repooled(stored.weights, fresh.weights, settings)
    return Plan(weights, fresh.judge_rate, fresh.duel_rate, fresh.challengers)


def report(
    state: LearnerState | None, arms: Sequence[Arm], settings: Settings, contexts: Iterable[Context] = ()
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


def remembered(before: LearnerState | None) -> Remembered:
    """What a version (None: there is none) remembers that new answers are held against."""
    if before is None:
        return Remembered()
    means = {}
    for key, tally in before.tallies.items():
        if tally.judged:
            means[key] = sum(cell.total for cell in tally.judged.values()) / tally.judged_answers
    return Remembered(means, before.likeness)


def _plans(
    state: LearnerState | None,
    after: LearnerState,
    fallen: set[Key],
    *,
    pool: Sequence[Arm],
    arms: Sequence[Arm],
    settings: Settings,
) -> tuple[budget.Plans, list[str]]:
    """The plans for the next night, and what there is to say of them."""
    contexts = sorted({*after.plans, *(key[:2] for key in after.tallies)})
    beliefs = Beliefs(after.tallies, after.memory, after.decisions)
    guesses = {context: estimate(pool, after.tallies, settings, *context) for context in contexts}
    costs = {context: prices(guess, pool, settings) for context, guess in guesses.items()}

    def make(chosen: Settings) -> budget.Plans:
        return {context: plan_of(beliefs, pool, chosen, *context) for context in contexts}

    fitted = budget.fit_serving(make, after.decisions, costs, settings)
    plans, notes = dict(fitted.plans), list(fitted.notes)
    for context in contexts:
        where, guess = "/".join(context), guesses[context]
        old, new = serving(state, arms, settings, *context), plans[context]
        value = dict(zip(guess.arms, guess.value, strict=True))
        accuracy = dict(zip(guess.arms, guess.accuracy, strict=True))
        if new.leader != old.leader:
            worth = f"{value[new.leader]:.3f} against {value[old.leader]:.3f}"
            notes.append(f"{where}: {new.leader} is worth more than {old.leader} ({worth})")
        if Key(*context, old.leader) in fallen:
            notes.append(f"{where}: {old.leader} is not what it was")
        elif STRATEGIES[settings.strategy].gated and not fitted.pressed and context[0] not in settings.pins:
            verdict = _judged(context, old, new, after, pool, settings, guess)
            plans[context] = new = verdict.plan
            if verdict.note:
                notes.append(f"{where}: {verdict.note}")
        floor = settings.floors.get(context[0], 0.0)
        if accuracy[new.leader] < floor:
            notes.append(f"{where}: quality floor {floor:g} missed ({new.leader} has {accuracy[new.leader]:.3f})")
    plans, held = budget.fit_judging(plans, after.decisions, costs, settings)
    return plans, [*notes, *held]


def _judged(
    context: Context,
    old: Plan,
    new: Plan,
    after: LearnerState,
    pool: Sequence[Arm],
    settings: Settings,
    guess: Estimate,
) -> safety_gate.GateDecision:
    """Put a change through the safety gate."""
    if not safety_gate.concerns(old, new, settings):
        return safety_gate.GateDecision(new)
    tests = []
    for fitted_on, tested_on in (after.halves, after.halves[::-1]):
        candidate = plan_of(Beliefs(fitted_on, after.memory, after.decisions), pool, settings, *context)
        if candidate.leader != new.leader:
            continue  # what that half proposes is another change, or none
        logs = {key.arm: tally for key, tally in tested_on.items() if key[:2] == context}
        tests.append((candidate, logs))
    return safety_gate.judged(old, new, tests, settings, guess.better(new.weights, old.weights))


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
