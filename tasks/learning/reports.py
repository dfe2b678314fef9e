"""What people ask of what was learned: the weights, every version, and what other settings would have been worth."""

from pathlib import Path
from typing import Any

from nightdesk.role_rl import state_versions as states
from nightdesk.role_rl.arms import Settings
from nightdesk.role_rl.errors import SettingsError, StateError
from nightdesk.role_rl.learner import report
from nightdesk.role_rl.offpolicy.ope import Interval
from nightdesk.role_rl.sufficient_stats import Key, Tally
from nightdesk.role_rl.whatif import what_if
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.learning.catching_up import catch_up, state_folder
from nightdesk.tasks.learning.learn import runs_of
from nightdesk.tasks.learning.sums import opened
from nightdesk.tasks.messages import ROLES


def weights_rows(out: Path, profile: Profile, role: str | None) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the weights that will serve next, a row per role, language and arm, and warnings."""
    newest, warnings = states.latest(state_folder(out, profile.name))
    contexts = [(r, "en") for r in ROLES] if newest is None else []
    rows = report(newest, profile.arms(), profile.settings(), contexts)
    return [r for r in rows if role in (None, r["role"])], warnings


def history_rows(out: Path, profile: Profile, last: int = 0) -> tuple[list[dict[str, Any]], list[str], int]:
    """Return versions, the newest first: when, by which strategy, who leads each role, and why.

    last: how many of them (0: all). Returned with warnings, and how many earlier ones were left out.
    """
    folder = state_folder(out, profile.name)
    numbers = states.versions(folder)
    shown = numbers[-last:] if last else numbers
    rows, warnings = [], []
    for number in reversed(shown):
        try:
            state = states.load(folder, number)
        except StateError as e:
            warnings.append(str(e))
            continue
        leaders = {"/".join(context): plan.leader for context, plan in sorted(state.plans.items())}
        rows.append(
            {
                "version": number,
                "created_at": state.created_at,
                "strategy": state.strategy,
                "runs": len(runs_of(state.from_run_ids)),
                "leaders": leaders,
                "reason": state.reason,
            }
        )
    return rows, warnings, len(numbers) - len(shown)


def what_if_rows(out: Path, profile: Profile, changed: Settings) -> list[dict[str, Any]]:
    """Return, for every role and language that was logged, what the changed settings would have been worth.

    The log is the sums of what was learned from, and the rows of runs that are over and were not learned from yet.

    Raises:
        InputError: under the changed settings no model may serve.
        PublishError: the sums of the nights cannot be read.
    """
    newest, _ = states.latest(state_folder(out, profile.name))
    try:
        answers = what_if(newest, logged(out, profile), profile.arms(), profile.settings(), changed)
    except SettingsError as e:
        raise InputError(str(e)) from None
    return [
        {
            "role": a.role,
            "language": a.context,
            "leads_now": a.leads_now,
            "would_lead": a.would_lead,
            "judged": round(a.effective, 1),
            "supported": a.reward is not None,
            "reward": _interval(a.reward),
            "against_now": _interval(a.difference),
        }
        for a in answers
    ]


def logged(out: Path, profile: Profile) -> dict[Key, Tally]:
    """Return what all runs that are over said of the arms.

    Raises:
        PublishError: the sums of the nights cannot be read.
    """
    if not out.is_dir():
        return {}
    with opened(out, state_folder(out, profile.name)) as sums:
        new = sums.transact(lambda: catch_up(sums, out, profile, ""))
        found = sums.tallies()
    if new.attempts:
        own = new.evidence(profile.arms()).as_given
        found |= {key: found.get(key, Tally()).plus(tally) for key, tally in own.items()}
    return found


def _interval(found: Interval | None) -> list[float] | None:
    """Return [mean, low, high]."""
    return None if found is None else [round(x, 5) for x in (found.mean, found.low, found.high)]
