"""Brings the sums of a profile up to what was published and learned: every attempt at a run is read once.

An attempt that a version names as learned from is summed up and noted, because the learn that wrote the version was
killed before it could do so, or was of a nightdesk that kept no sums. One that teaches this profile nothing (it is of
another profile, say) is noted as that. What is left is new.
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from nightdesk.role_rl import state_versions as states
from nightdesk.role_rl.errors import StateError
from nightdesk.role_rl.learner import report
from nightdesk.role_rl.state import LearnerState
from nightdesk.tasks.calling.answers.answer_store import is_alive
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.learning.run_rows import Reading
from nightdesk.tasks.learning.sums import MOST_VERSIONS, NOTHING, WEIGHTS, Sums
from nightdesk.tasks.tables import parts as history
from nightdesk.tasks.tables.places import run_of_attempt


def state_folder(out: Path, profile: str) -> Path:
    """Return the folder of a profile's states."""
    return out / "state" / profile


def catch_up(sums: Sums, out: Path, profile: Profile, run_id: str) -> Reading:
    """Note what is behind; return the attempts from which there is something to learn. Called within a transaction.

    Runs other than `run_id` that are still at work are left for the next time: they have more to publish.

    Raises:
        StoreError: the sums cannot be written.
    """
    arms, settings = profile.arms(), profile.settings()
    unnoted = list(_unnoted(sums, state_folder(out, profile.name)))
    learned = {run: s.version for s in reversed(unnoted) for run in (*s.learned_before, *s.from_run_ids)}
    is_under_way = cache(lambda run: run != run_id and is_alive(out, run))
    new = Reading(out, settings)
    for attempt, parts in sums.look().items():
        if is_under_way(run_of_attempt(attempt)):
            continue
        reading = Reading(out, settings) if attempt in learned else new
        taken = reading.take(attempt, parts)
        if attempt in learned:
            sums.add(taken.dollars, reading.evidence(arms).as_given)
        elif taken.read and not taken.teaches:  # one that cannot be read waits until it is restored
            sums.add(taken.dollars, {})
            sums.note_attempts([attempt], NOTHING)
    if unnoted:
        for version in set(learned.values()):
            sums.note_attempts([run for run, own in learned.items() if own == version], version)
        _note_versions(sums, out, profile, unnoted)
    return new


def with_lost(new: Reading, sums: Sums, out: Path, profile: Profile, version: int) -> Reading:
    """Return what is new, with the attempts that only versions after this one have learned from.

    There are such if those versions can no longer be read, so that what they knew is lost.
    """
    lost = sums.taught_after(version)
    if not lost:
        return new
    parts: defaultdict[str, list[history.Part]] = defaultdict(list)
    for part in history.find(out, "calls"):
        if part.attempt in lost:
            parts[part.attempt].append(part)
    both = Reading(out, profile.settings())
    for attempt, own in (*parts.items(), *((name, known.parts) for name, known in new.attempts.items())):
        both.take(attempt, own)
    return both


def _unnoted(sums: Sums, folder: Path) -> Iterator[LearnerState]:
    """Yield the versions that are not noted and can be read, the oldest first."""
    noted = sums.newest_noted()
    for version in states.versions(folder):
        if version > noted:
            try:
                yield states.load(folder, version)
            except StateError:
                continue  # whoever reads the newest one says so


def _note_versions(sums: Sums, out: Path, profile: Profile, unnoted: list[LearnerState]) -> None:
    """Note versions with their weights as they were published, or as they are now if they never were."""
    newest, noted, start = unnoted[-1].version, sums.newest_noted(), f"{profile.name}-"
    published = {p.place.stem.removeprefix(start): p for p in history.find(out, "weights") if p.attempt == profile.name}
    for number in sorted(int(n) for n in published if n.isdecimal()):  # also where the version itself cannot be read
        if max(noted, newest - MOST_VERSIONS) < number <= newest:
            rows = history.read_parts([published[str(number)]], "weights", list(WEIGHTS))
            sums.note_version(number, rows.to_pylist())
    for state in unnoted:
        is_shown = str(state.version) not in published and state.version > newest - MOST_VERSIONS
        sums.note_version(state.version, report(state, profile.arms(), profile.settings()) if is_shown else ())
