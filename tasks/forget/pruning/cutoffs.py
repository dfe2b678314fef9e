"""From the terms of profiles to dates: before which date what may go once a run is over.

A night is a date under which documents stand. Counted are those up to the run's own date, never the clock: a run for a
past date prunes what was old then, and one for a date that was mistyped, years ahead, is one night more.
"""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from nightdesk.tasks.calling.answers import retention_terms
from nightdesk.tasks.calling.answers.answer_store import store_file
from nightdesk.tasks.calling.answers.database import Database
from nightdesk.tasks.calling.answers.retention_terms import WHATS, Terms
from nightdesk.tasks.config.profile import Profile
from nightdesk.tasks.tables import parts

Before = Mapping[str, date]  # of answers, calls, editions, dates: the first date of which all is kept


@dataclass(slots=True)
class Cutoffs:
    """before: what may go, and of dates before which. held: why something stays that the profile does not keep."""

    before: dict[str, date] = field(default_factory=dict)
    held: list[str] = field(default_factory=list)


def cutoffs(out: Path, profile: Profile, run_date: date) -> Cutoffs:
    """Return what a run of a profile may prune when it is over.

    Raises:
        StoreError: the answers' store cannot be read.
    """
    own = profile.retention.terms()
    if not profile.retention.is_set:
        return Cutoffs()
    with closing(Database(store_file(out))) as db:
        everyone = {**retention_terms.of_all(db), profile.name: own}
    nights = [day for day in parts.dates(out, "documents") if day <= run_date]
    return of_terms(own, everyone, nights)


def of_terms(own: Terms, everyone: Mapping[str, Terms], nights: list[date]) -> Cutoffs:
    """Return the cutoffs. own: of the profile that ran; everyone: of all profiles of the OUT; nights: in order."""
    found = Cutoffs()
    for what in WHATS:
        if own[what] is None:
            continue
        endless = sorted(name for name, terms in everyone.items() if terms[what] is None)
        if endless:
            found.held.append(
                f"{what}: kept for ever, because {', '.join(endless)} runs in this OUT, too, and its [retention] says "
                f"nothing of them; `nightdesk prune` removes them by hand"
            )
            continue
        longest = max(nights_kept for terms in everyone.values() if (nights_kept := terms[what]) is not None)
        if len(nights) > longest:
            found.before[what] = nights[-longest]
    return found
