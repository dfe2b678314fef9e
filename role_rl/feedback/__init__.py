"""Published calls and judgements -> what each arm did.

Only an arm's own first answer teaches (purpose serve or duel). Fallback and judge calls teach nothing about arms,
nor do rows from the answers' store. A repair says nothing about accuracy (its arm's answer was invalid: 0), but its
dollars and seconds are charged to the answer that needed it. One exception: a control item, a labelled chunk of our
own, is answered as a judge's call, and what its labels say of the answer (judge LABELS) counts as a judgement.

The samples are fair without reweighting: who runs and what is judged was drawn before any answer was seen, at rates
that are the same for all units of a role, language and version. One thing is not drawn: an invalid answer is noticed
always, a valid one's accuracy only if it is judged. Counting the two together would make an arm look worse the less
it is judged. So they are kept apart: validity over all answers, accuracy over the judged valid ones, and
accuracy = P(valid) * (accuracy if valid).

A duel's two answers are to one question, and a hard question makes both look worse. The second one's accuracy is
therefore taken less b times what the first one's was above what is remembered of its arm: a control variate, whose mean
is zero (Owen 2013, 8.9), so that it takes scatter away and adds no bias. b is the slope of the one on the other in the
duels so far (`Remembered`).

Answers about one document weigh no more than MOST_OF_DOCUMENT of them (`rows`), because it may be long, or tell
models what to answer. Dollars and seconds are not weighed, because they were spent.

Evidence is kept in two halves, by a hash of the decision, so that a change of the weights that one half asks for can
be tested on the other (`offpolicy.safety_gate`).
"""

from collections.abc import Collection, Sequence

import numpy as np
import pyarrow as pa

from nightdesk.role_rl.arms import Arm, Settings
from nightdesk.role_rl.feedback.charges import charged
from nightdesk.role_rl.feedback.duels import decisions_of, duels_of, steps_of
from nightdesk.role_rl.feedback.evidence import Evidence, Remembered, Step
from nightdesk.role_rl.feedback.grades import heard, pairs
from nightdesk.role_rl.feedback.rows import CallReader, PaidCalls
from nightdesk.role_rl.feedback.tallies import Measured

__all__ = ["CallReader", "Evidence", "PaidCalls", "Remembered", "Step", "evidence_of", "gather"]


def gather(
    calls: pa.Table,
    judgements: pa.Table,
    arms: Sequence[Arm],
    settings: Settings,
    learned: Collection[str] = (),
    remembered: Remembered | None = None,
) -> Evidence:
    """Read the rows of this profile's runs that are not in `learned`. The order of rows changes nothing.

    calls, judgements: tables with at least the columns `rows.CALLS` and `grades.JUDGEMENTS` (section 5 of the design).

    Raises:
        TableError: a column is missing.
    """
    reader = CallReader(settings, learned)
    reader.add(calls)
    return evidence_of(reader.paid(), judgements, arms, settings, remembered)


def evidence_of(
    paid: PaidCalls,
    judgements: pa.Table,
    arms: Sequence[Arm],
    settings: Settings,
    remembered: Remembered | None = None,
) -> Evidence:
    """Return what calls that were taken in taught, with the judgements of them.

    Raises:
        TableError: a column is missing.
    """
    given = heard(judgements, paid, arms)
    means = given.means(len(paid))
    dollars, seconds = charged(paid)
    # Of lane batch, only what lies past the deadline is charged (`rewards.charged_seconds`).
    seconds = np.where(paid.rows.is_batch, np.maximum(0.0, seconds - settings.batch_deadline_s), seconds)

    known = remembered or Remembered()
    duels = duels_of(paid, means)
    ease = duels.ease(paid, means, known)
    measured = Measured(paid, given, dollars, seconds, means)
    tallies, halves = measured.tallies(ease)
    return Evidence(
        tallies=tallies,
        halves=halves,
        run_ids=paid.run_ids,
        night=_night(paid),
        as_given=measured.as_given(tallies) if ease.any() else tallies,
        pairs=pairs(given, paid.weight),
        steps=steps_of(paid, means, dollars, seconds, settings) if settings.strategy == "q-learning" else (),
        decisions=decisions_of(paid),
        likeness=duels.likeness(paid, means, known),
    )


def _night(paid: PaidCalls) -> str:
    """Return the UTC date of the last answer, "" without any."""
    last = paid.rows.started_us[paid.is_answer].max(initial=-1)
    return "" if last < 0 else str(np.datetime64(int(last), "us"))[:10]
