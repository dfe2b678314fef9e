"""What the logged nights would have been worth under other settings, where the log can tell.

For each role and context the plan of the changed settings is made from all that was logged, and its reward estimated
off-policy (`ope`), both it and the plan that serves now by the changed rewards. The log supports an answer if at least
nine tenths of the new weights lie on arms that it saw judged, and the effective sample is at least `min_effective`.
Where it does not, nothing is said but that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nightdesk.role_rl.arms import Arm, Settings, eligible
from nightdesk.role_rl.learner import serving
from nightdesk.role_rl.offpolicy import ope
from nightdesk.role_rl.state import LearnerState
from nightdesk.role_rl.strategies.strategies import Beliefs, plan_of
from nightdesk.role_rl.sufficient_stats import Key, Tally


@dataclass(frozen=True, slots=True)
class WhatIf:
    """One role and context. reward, difference: of a decision under the changed settings, and that minus what the plan
    of now earns by them; None where the log does not support it. effective: judged answers behind them."""

    role: str
    context: str
    leads_now: str
    would_lead: str
    effective: float
    reward: ope.Interval | None
    difference: ope.Interval | None


def what_if(
    state: LearnerState | None,
    logged: Mapping[Key, Tally],
    arms: Sequence[Arm],
    settings: Settings,
    changed: Settings,
) -> list[WhatIf]:
    """Answer for every role and context that was logged.

    logged: tallies of all that was published (`feedback.Evidence.as_given`); rewards and exclusions do not enter them.

    Raises:
        SettingsError: under the changed settings no arm may serve.
    """
    pool = eligible(arms, changed)
    beliefs = Beliefs(logged, state.memory if state else {}, state.decisions if state else {})
    answers = []
    for role, context in sorted({key[:2] for key in logged}):
        logs = {key.arm: tally for key, tally in logged.items() if key[:2] == (role, context)}
        now = serving(state, arms, settings, role, context)
        then = plan_of(beliefs, pool, changed, role, context)
        sample = ope.effective(logs, then.weights)
        supported = sample >= changed.min_effective
        answers.append(
            WhatIf(
                role,
                context,
                now.leader,
                then.leader,
                sample,
                ope.value(logs, then.weights, changed) if supported else None,
                ope.difference(logs, then.weights, now.weights, changed) if supported else None,
            )
        )
    return answers
