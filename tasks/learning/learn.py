"""The learn stage: published rows -> the next version of the weights, and its report in the table `weights`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nightdesk.role_rl import state_versions as states
from nightdesk.role_rl.arms import Settings
from nightdesk.role_rl.errors import SettingsError, StateError
from nightdesk.role_rl.learner import learn, report
from nightdesk.role_rl.offpolicy.ope import Interval
from nightdesk.role_rl.state import LearnerState
from nightdesk.role_rl.whatif import what_if
from nightdesk.tasks.calling.answers.answer_store import is_alive
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.errors import InputError
from nightdesk.tasks.messages import ROLES
from nightdesk.tasks.safety.links import refuse_links_in
from nightdesk.tasks.tables import parts as history
from nightdesk.tasks.tables import publish
from nightdesk.tasks.tables.contracts import contract
from nightdesk.tasks.tables.migration import migrate_if_cheap
from nightdesk.tasks.tables.places import run_of_attempt


@dataclass(frozen=True, slots=True)
class Learned:
    """The version that was written, why it is as it is, and what went wrong on the way without stopping it."""

    version: int
    reason: str
    warnings: tuple[str, ...]


def state_folder(out: Path, profile: str) -> Path:
    """Return the folder of a profile's states."""
    return out / "state" / profile


def learn_from_tables(out: Path, profile: Profile, run_date: date, run_id: str) -> Learned:
    """Learn from every published run that the newest version has not seen, and write the next version.

    Runs other than `run_id` that are still at work are left for the next learn: they have more to publish.

    Raises:
        RoleRLError: the version cannot be written.
        PublishError: a link in OUT leads out of it.
    """
    refuse_links_in(out)
    publish.recover(out)
    migrate_if_cheap(out)
    folder = state_folder(out, profile.name)
    arms, settings = profile.arms(), profile.settings()
    read: dict[tuple[str, ...], tuple[pa.Table, pa.Table]] = {}

    def change(before: LearnerState | None) -> LearnerState:
        seen = tuple(before.learned_run_ids) if before else ()
        if seen not in read:
            read[seen] = _unlearned(out, set(seen), run_id)
        return learn(before, *read[seen], arms, settings, created_at=datetime.now(UTC))

    after, warnings = states.commit(folder, change)
    learned = [{**r, "from_run_ids": _runs_of(r["from_run_ids"])} for r in report(after, arms, settings)]
    rows = contract("weights").build(learned)
    publish.publish(out, run_date, f"{profile.name}-{after.version}", {"weights": rows})
    return Learned(after.version, after.reason, (*warnings, *_drawn(out, profile, after.version)))


def learn_unseen(out: Path, profile: Profile, run_date: date, run_id: str) -> Learned | None:
    """Learn as learn_from_tables does if some published run is new to the newest version; else write nothing.

    Raises:
        RoleRLError: the version cannot be written.
    """
    newest, _ = states.latest(state_folder(out, profile.name))
    calls, _ = _unlearned(out, set(newest.learned_run_ids) if newest else set(), run_id)
    if profile.name not in pc.unique(calls["profile"]).to_pylist():
        return None
    return learn_from_tables(out, profile, run_date, run_id)


def _drawn(out: Path, profile: Profile, version: int) -> list[str]:
    """Draw the version's picture; what goes wrong with it is a warning, the learn stands."""
    from nightdesk.tasks.learning.weights_plot import draw

    try:
        draw(out, profile.name, version)
    except Exception as e:  # noqa: BLE001  (whatever it is, a picture never stops a learn)
        return [f"the picture of version {version} could not be drawn ({type(e).__name__}: {e})"]
    return []


def _unlearned(out: Path, seen: set[str], run_id: str) -> tuple[pa.Table, pa.Table]:
    """Read calls and judgements of attempts at runs that are over and not in `seen`.

    A run that is retried publishes more under the same id after something may have been learned from it, so to the
    learner each attempt is a run. A part's name begins with its attempt; the rows of calls get that as their run.
    """
    is_under_way = cache(lambda run: run != run_id and is_alive(out, run))
    calls, judgements = (
        pa.concat_tables(
            [
                history.read_parts([], table),
                *(
                    _of_attempt(history.read_parts([p], table), p)
                    for p in history.find(out, table)
                    if p.attempt not in seen and not is_under_way(p.run_id)
                ),
            ]
        )
        for table in ("calls", "judgements")
    )
    calls = calls.filter(pc.fill_null(calls["teaches"], True))
    # What was never sent (no dollars left, the model rested) says nothing of a model.
    calls = calls.filter(pc.or_(calls["from_cache"], pc.greater(calls["attempts"], 0)))
    return calls, judgements.filter(pc.is_in(judgements["call_id"], calls["call_id"].combine_chunks()))


def _of_attempt(rows: pa.Table, part: history.Part) -> pa.Table:
    """Return a part's rows with their attempt in the place of their run."""
    if part.attempt == part.run_id:  # of an earlier version
        return rows
    column = rows.schema.get_field_index("run_id")
    return rows.set_column(column, rows.schema.field(column), pa.repeat(pa.scalar(part.attempt), len(rows)))


def _runs_of(attempts: Iterable[str]) -> list[str]:
    """Return the runs that attempts belong to, each once."""
    return list(dict.fromkeys(run_of_attempt(a) for a in attempts))


def weights_rows(out: Path, profile: Profile, role: str | None) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the weights that will serve next, a row per role, language and arm, and warnings."""
    newest, warnings = states.latest(state_folder(out, profile.name))
    contexts = [(r, "en") for r in ROLES] if newest is None else []
    rows = report(newest, profile.arms(), profile.settings(), contexts)
    return [r for r in rows if role in (None, r["role"])], warnings


def history_rows(out: Path, profile: Profile) -> tuple[list[dict[str, Any]], list[str]]:
    """Return every version, the newest first: when, by which strategy, who leads each role, and why."""
    folder = state_folder(out, profile.name)
    rows, warnings = [], []
    for number in reversed(states.versions(folder)):
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
    return rows, warnings


def what_if_rows(out: Path, profile: Profile, changed: Settings) -> list[dict[str, Any]]:
    """Return, for every role and language that was logged, what the changed settings would have been worth.

    Raises:
        InputError: under the changed settings no model may serve.
    """
    newest, _ = states.latest(state_folder(out, profile.name))
    calls, judgements = (history.read(out, table, history.dates(out, table)) for table in ("calls", "judgements"))
    try:
        answers = what_if(newest, calls, judgements, profile.arms(), profile.settings(), changed)
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


def _interval(found: Interval | None) -> list[float] | None:
    """Return [mean, low, high]."""
    return None if found is None else [round(x, 5) for x in (found.mean, found.low, found.high)]
