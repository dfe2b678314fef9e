"""The learn stage: published rows -> the next version of the weights, and its report in the table `weights`."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from nightdesk.role_rl import state_versions as states
from nightdesk.role_rl.arms import Settings
from nightdesk.role_rl.errors import SettingsError, StateError
from nightdesk.role_rl.feedback import Evidence
from nightdesk.role_rl.learner import next_version, remembered, report
from nightdesk.role_rl.offpolicy.ope import Interval
from nightdesk.role_rl.state import LearnerState
from nightdesk.role_rl.sufficient_stats import Key, Tally
from nightdesk.role_rl.whatif import what_if
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.learning.catching_up import catch_up, state_folder, with_lost
from nightdesk.tasks.learning.run_rows import Reading
from nightdesk.tasks.learning.sums import NOTHING, Sums, opened
from nightdesk.tasks.messages import ROLES
from nightdesk.tasks.safety.links import refuse_links_in
from nightdesk.tasks.tables import publish
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.migration import migrate_if_cheap
from nightdesk.tasks.tables.places import run_of_attempt


@dataclass(frozen=True, slots=True)
class Learned:
    """The version that serves next, why it is as it is, and what went wrong on the way without stopping it.

    is_new: whether this learn has written it; else there was nothing to learn from, and `reason` says so.
    """

    version: int
    reason: str
    warnings: tuple[str, ...]
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class _Written:
    """A version that was written, its rows for the table `weights`, and the versions that were passed over."""

    state: LearnerState
    weights: list[dict[str, Any]]
    warnings: list[str]


@dataclass(slots=True)
class _Lessons:
    """What a learn has to learn from: what is new, and what only versions knew that can no longer be read."""

    sums: Sums
    out: Path
    profile: Profile
    new: Reading
    known: dict[int, tuple[Reading, Evidence]] = field(default_factory=dict)

    def after(self, before: LearnerState | None) -> tuple[Reading, Evidence]:
        """Return it as read, and as evidence, for the version after `before`; each is worked out once."""
        version = before.version if before else 0
        if version not in self.known:
            read = with_lost(self.new, self.sums, self.out, self.profile, version)
            self.known[version] = read, read.evidence(self.profile.arms(), remembered(before))
        return self.known[version]


def learn_from_tables(out: Path, profile: Profile, run_date: date, run_id: str) -> Learned:
    """Learn from every published run that the newest version has not seen, and write the next version.

    Runs other than `run_id` that are still at work are left for the next learn: they have more to publish. Where no
    run has a new answer, no version is written, and the newest one is returned.

    Raises:
        RoleRLError: the version cannot be written.
        PublishError: a link in OUT leads out of it, or the sums of the nights cannot be written.
    """
    refuse_links_in(out)
    publish.recover(out)
    migrate_if_cheap(out)
    with opened(out, state_folder(out, profile.name)) as sums:
        written = sums.transact(lambda: _write_version(sums, out, profile, run_id))
        if isinstance(written, Learned):
            return written
        state = written.state
        rows = [{**r, "from_run_ids": _runs_of(r["from_run_ids"])} for r in written.weights]
        tables = {"weights": contract("weights").build(rows)}
        publish.publish(out, run_date, f"{profile.name}-{state.version}", tables)
        return Learned(state.version, state.reason, (*written.warnings, *_drawn(out, profile, state.version, sums)))


def learn_unseen(out: Path, profile: Profile, run_date: date, run_id: str) -> Learned | None:
    """Learn as learn_from_tables does; None where it writes no version.

    Raises:
        RoleRLError: the version cannot be written.
        PublishError: a link in OUT leads out of it, or the sums of the nights cannot be written.
    """
    if not (out / "tables" / "calls").is_dir():
        return None
    learned = learn_from_tables(out, profile, run_date, run_id)
    return learned if learned.is_new else None


def _write_version(sums: Sums, out: Path, profile: Profile, run_id: str) -> _Written | Learned:
    """Write the next version, and note here what it has learned from. Called within a transaction of the sums.

    Without a new answer no version is written; attempts without one are noted as teaching nothing.
    """
    folder, arms, settings = state_folder(out, profile.name), profile.arms(), profile.settings()
    new = catch_up(sums, out, profile, run_id)
    lessons, now = _Lessons(sums, out, profile, new), datetime.now(UTC)

    def change(before: LearnerState | None) -> LearnerState:
        return next_version(before, lessons.after(before)[1], arms, settings, created_at=now)

    newest, warnings = states.latest(folder)
    if not lessons.after(newest)[1].tallies:
        for own in new.attempts.values():
            sums.add(own.dollars, {})
        sums.note_attempts([*new.attempts], NOTHING)
        return Learned(newest.version if newest else 0, change(newest).reason, tuple(warnings), is_new=False)

    after, warnings = states.commit(folder, change)
    for own in new.attempts.values():
        sums.add(own.dollars, {})
    # What a version that is lost has learned from was summed up then.
    read, taught = lessons.known[after.previous or 0]
    sums.add({}, (taught if read is new else new.evidence(arms)).as_given)
    sums.note_attempts({*new.attempts, *sums.taught_after(after.previous or 0)}, after.version)
    weights = report(after, arms, settings)
    sums.note_version(after.version, weights)
    return _Written(after, weights, warnings)


def _drawn(out: Path, profile: Profile, version: int, sums: Sums) -> list[str]:
    """Draw the version's picture; what goes wrong with it is a warning, the learn stands."""
    from nightdesk.tasks.learning.weights_plot import draw

    try:
        draw(out, profile.name, version, sums)
    except Exception as e:  # noqa: BLE001  (whatever it is, a picture never stops a learn)
        return [f"the picture of version {version} could not be drawn ({type(e).__name__}: {e})"]
    return []


def _runs_of(attempts: Iterable[str]) -> list[str]:
    """Return the runs that attempts belong to, each once."""
    return list(dict.fromkeys(run_of_attempt(a) for a in attempts))


def weights_rows(out: Path, profile: Profile, role: str | None) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the weights that will serve next, a row per role, language and arm, and warnings."""
    newest, warnings = states.latest(state_folder(out, profile.name))
    contexts = [(r, "en") for r in ROLES] if newest is None else []
    rows = report(newest, profile.arms(), profile.settings(), contexts)
    return [r for r in rows if role in (None, r["role"])], warnings


def history_rows(out: Path, profile: Profile, last: int = 30) -> tuple[list[dict[str, Any]], list[str], int]:
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
                "runs": len(_runs_of(state.from_run_ids)),
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
